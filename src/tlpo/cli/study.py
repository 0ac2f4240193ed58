"""``tlpo study``: a grid of methods, learning rates and seeds from one file, ending in one page."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

UNFINISHED = 75
"""Exit status of a study that stopped at ``--max_hours``: give the same command again (sysexits.h: EX_TEMPFAIL)."""


def study(
    config: Annotated[Path, typer.Option(help="The study's YAML file (docs/comparison.md).")],
    output: Annotated[
        Path | None, typer.Option(help="Folder of the study. Default: as the file says, or runs/studies/NAME.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="ENTRY=VALUE or ENTRY.OPTION=VALUE instead of what the file says; several times."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Label of a method to work on; may be given several times.")
    ] = None,
    max_hours: Annotated[
        float | None, typer.Option(min=0, help="Stop after so many hours; the same command goes on from there.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry_run", help="Print the plan and what is done of it, and stop.")
    ] = False,
) -> None:
    """Train and evaluate every method of a study, choose learning rates by one rule, and compare.

    Exit status: 0 done, 75 stopped at --max_hours, 1 nothing is left but what failed (told at the end).
    """
    from rich.console import Console

    from tlpo.reports.comparison.picture import import_matplotlib
    from tlpo.runs.study.config import load_study
    from tlpo.runs.study.ready import check_ready
    from tlpo.runs.study.report import plan_lines, plan_table
    from tlpo.runs.study.study import make_schedule, run_study

    import_matplotlib()
    given = load_study(config, output, setting or ())
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    with TemporaryDirectory() as nowhere:  # the plan leaves nothing behind
        schedule = make_schedule(given, only or (), Path(nowhere))
        console.print(plan_table(schedule))
        for line in plan_lines(schedule):
            console.print(line, markup=False, soft_wrap=True)
    check_ready(given)
    if dry_run:
        return
    result = run_study(given, only=only or (), max_hours=max_hours)
    if result.outcome is not None:
        from tlpo.cli.compare import print_comparison

        print_comparison(result.outcome.comparison, result.outcome.paths)
    for told in result.failed:
        sys.stderr.write(f"failed: {told}\n")
    if not result.finished:
        sys.stderr.write("not finished: the same command goes on from here\n")
        raise typer.Exit(UNFINISHED)
    if result.failed:
        raise typer.Exit(1)
