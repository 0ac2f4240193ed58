"""Progress bars with the time left, on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tlpo.errors import UserError

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID

SPEED_PERIOD = 1800.0
"""Seconds over which the time left is estimated: many steps, even if one takes minutes."""


@contextmanager
def bars(*columns: ProgressColumn, interrupted: Callable[[], str] | None = None) -> Iterator[Progress]:
    """Bars on stderr; what is no terminal is only shown where they ended.

    After a :class:`UserError` nothing of them stays: the error is the only line. interrupted: what Ctrl-C says.
    """
    from rich.console import Console
    from rich.progress import Progress

    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=SPEED_PERIOD) as progress:
        try:
            yield progress
        except UserError:
            progress.live.transient = True  # a terminal is cleaned up; elsewhere nothing is printed at all
            progress.console.quiet = not progress.console.is_terminal
            raise
        except KeyboardInterrupt:
            if interrupted is not None:
                progress.stop()
                sys.stderr.write(f"{interrupted()}\n")
            raise


@contextmanager
def audit_progress(label: str, output: Path) -> Iterator[Callable[[int, int], None]]:
    """A bar for an audit: yields what to call with (responses kept, responses wanted). Ctrl-C says what is kept."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    kept = 0
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()

    def told() -> str:
        return f"{kept} responses are kept in {output}: the same command goes on from there"

    with bars(*columns, interrupted=told) as progress:
        task = progress.add_task(label, total=None)

        def advance(done: int, total: int) -> None:
            nonlocal kept
            kept = done
            progress.update(task, completed=done, total=total)

        yield advance


@contextmanager
def evaluation_progress(output: Path) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each part of an evaluation: yields what to call with (part, done, total). Ctrl-C says what is kept."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(),
    )  # fmt: skip
    told = f"what is measured is kept for {output}: the same command goes on from there"
    with bars(*columns, interrupted=lambda: told) as progress:
        parts: dict[str, TaskID] = {}

        def advance(part: str, done: int, total: int) -> None:
            if part not in parts:
                parts[part] = progress.add_task(part, total=total)
            progress.update(parts[part], completed=done, total=total)

        yield advance


@contextmanager
def file_progress(label: str, output: Path) -> Iterator[tuple[Callable[[int], None], Callable[[BinaryIO], None]]]:
    """A bar for the reading of a file: yields what to call with the rows done, and with the open file.

    The time left follows from how much of the file is read; of what is no file, a data set, the rows alone are shown.
    Ctrl-C says what is kept.
    """
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    stream: BinaryIO | None = None
    rows = 0
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]} rows"), TimeElapsedColumn()
    left = TimeRemainingColumn()

    def told() -> str:
        return f"{rows} rows are done for {output}: the same command goes on from there"

    with bars(*columns, left, interrupted=told) as progress:
        task = progress.add_task(label, total=None, rows=0)

        def opened(file: BinaryIO) -> None:
            nonlocal stream
            stream = file
            progress.update(task, total=max(1, os.fstat(file.fileno()).st_size))

        def advance(done: int) -> None:
            nonlocal rows
            rows = done
            if stream is not None and not stream.closed:
                progress.update(task, rows=done, completed=stream.tell())
            else:
                progress.update(task, rows=done)

        yield advance, opened
        progress.update(task, completed=progress.tasks[0].total)
