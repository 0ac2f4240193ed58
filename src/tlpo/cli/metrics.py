"""``tlpo metrics``: score responses with the published definitions of language confusion, and with our own."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer


def metrics(
    files: Annotated[list[Path], typer.Argument(help="CSV or JSON-lines files (.csv .jsonl, .gz too) of responses.")],
    profile: Annotated[str, typer.Option(help="The definition: lcb, tlpo or default.")] = "default",
    english: Annotated[str, typer.Option(help="English words in other languages: neutral or confusion.")] = "neutral",
    word_list: Annotated[Path | None, typer.Option(help="English words for lcb, one a line.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of files without such a column.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write the report to this JSON file.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; by default the cores at hand.")] = None,
    resamples: Annotated[int, typer.Option(min=0, help="Bootstrap draws for the 95 % intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
) -> None:
    """Pass rates of responses, per source and language, with 95 % intervals and averages as the LCB makes them."""
    from rich.console import Console

    from tlpo.metrics.report import build_table, check_report, notes_in, write_report
    from tlpo.metrics.score import score_files

    if output is not None:
        check_report(output, [*files, *([word_list] if word_list is not None else [])])
    started = time.perf_counter()
    report = score_files(
        files,
        profile,
        english=english,
        word_list=word_list,
        language=language,
        workers=workers,
        resamples=resamples,
        seed=seed,
    )
    elapsed = time.perf_counter() - started
    if output is not None:
        write_report(output, report)
    rows = report["rows"]
    wide = sys.stdout.isatty()
    console = Console(width=None if wide else 160, highlight=False)
    console.print(build_table(rows, f"profile {profile}: {report['definition']}"))
    for note in notes_in(rows):
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    responses = sum(row["n"] for row in rows if row["source"] != "all" and row["language"] != "all")
    console.print(f"{responses} responses in {elapsed:.1f} s ({responses / elapsed:.0f} a second)")
    if output is not None:
        console.print(f"written to {output}", markup=False, soft_wrap=True)
