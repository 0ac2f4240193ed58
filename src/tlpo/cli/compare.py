"""``tlpo compare``: evaluations of several methods in one table, one picture and one page, with a verdict in words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of evaluations, or of runs that hold one; those of one label are seeds of a method."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Folder for the page, the tables and the picture.")],
    base: Annotated[
        str | None, typer.Option(help="Label of the base model. Default: the evaluation whose method is 'base'.")
    ] = None,
    focus: Annotated[
        str | None,
        typer.Option(help="Label to hold against each of the others. Default: the most consistent TLPO run."),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Definition of confusion for the picture: default, tlpo or lcb. [default]")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(min=0, help="Sampling temperature for the picture. Default: each run's highest.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Heading of the page.")] = None,
    resamples: Annotated[int, typer.Option(help="Bootstrap draws for the 95 % intervals.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
    nll_margin: Annotated[
        float, typer.Option(help="A rise in the NLL of clean text that is surely below it counts as no loss.")
    ] = 0.02,
) -> None:
    """Compare evaluations made by 'tlpo evaluate': consistency against capability, with paired intervals."""
    from tlpo.evaluation.compare_runs import CompareOptions, compare_runs
    from tlpo.evaluation.run_files import read_run
    from tlpo.reports.comparison.page import write_comparison
    from tlpo.reports.comparison.picture import import_matplotlib

    import_matplotlib()
    options = CompareOptions(base, focus, profile, temperature, resamples, seed, nll_margin)
    comparison = compare_runs([read_run(path) for path in runs], options)
    if title:
        comparison["title"] = title
    print_comparison(comparison, write_comparison(output, comparison))


def print_comparison(comparison: dict[str, Any], paths: list[Path]) -> None:
    """Print the table, the verdict with what to know of it, and where the files are."""
    from rich.console import Console

    from tlpo.reports.comparison.tables import comparison_terminal
    from tlpo.reports.comparison.verdict import headline, verdict_text
    from tlpo.reports.comparison.wording import judged_text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    console.print(comparison_terminal(comparison))
    for text in (headline(comparison), judged_text(comparison), verdict_text(comparison)):
        if text is not None:
            console.print(text, markup=False)
    for note in comparison["caveats"]:
        console.print(f"- {note}", markup=False)
    for path in paths:
        console.print(str(path), markup=False, soft_wrap=True)
