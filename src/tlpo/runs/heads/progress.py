"""Two bars on stderr: what is done of the whole command, and of its present part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tlpo.runs.progress import bars

Report = Callable[[int, int], None]


class HeadsProgress:
    """Shows the parts of a command one after the other. `part` returns what the part reports to."""

    def __init__(self, progress: object, total: int) -> None:
        from rich.progress import Progress

        assert isinstance(progress, Progress)
        self._progress, self.done = progress, 0
        self._whole = progress.add_task("all", total=total)
        self._part = progress.add_task("", total=None, visible=False)

    def part(self, label: str) -> Report:
        """Begin a part."""
        self._progress.reset(self._part, description=label, total=None, visible=True)
        return lambda done, total: self._progress.update(self._part, completed=done, total=total)

    def finished(self) -> None:
        """The part is done and kept."""
        self.done += 1
        self._progress.update(self._whole, completed=self.done)


@contextmanager
def heads_progress(total: int, output: Path) -> Iterator[HeadsProgress]:
    """The bars for a command of `total` parts. Ctrl-C says what is kept."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    told = f"what was finished is kept in {output}: the same command goes on from there"
    with bars(*columns, interrupted=lambda: told) as progress:
        yield HeadsProgress(progress, total)
