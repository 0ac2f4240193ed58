"""Progress bars with the time left, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID

SPEED_PERIOD = 1800.0
"""Seconds over which the time left is estimated: many steps, even if one takes minutes."""


@contextmanager
def audit_progress(label: str, output: Path) -> Iterator[Callable[[int, int], None]]:
    """A bar for an audit: yields what to call with (responses kept, responses wanted). Ctrl-C says what is kept."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    kept = 0
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=SPEED_PERIOD) as progress:
        task = progress.add_task(label, total=None)

        def advance(done: int, total: int) -> None:
            nonlocal kept
            kept = done
            progress.update(task, completed=done, total=total)

        try:
            yield advance
        except KeyboardInterrupt:
            progress.stop()
            sys.stderr.write(f"{kept} responses are kept in {output}: the same command goes on from there\n")
            raise


@contextmanager
def evaluation_progress(output: Path) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each part of an evaluation: yields what to call with (part, done, total). Ctrl-C says what is kept."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=SPEED_PERIOD) as progress:
        bars: dict[str, TaskID] = {}

        def advance(part: str, done: int, total: int) -> None:
            if part not in bars:
                bars[part] = progress.add_task(part, total=total)
            progress.update(bars[part], completed=done, total=total)

        try:
            yield advance
        except KeyboardInterrupt:
            progress.stop()
            sys.stderr.write(f"what is measured is kept for {output}: the same command goes on from there\n")
            raise
