"""The training's progress: a bar with the time left and a line a logged step, on stderr."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback
from transformers.utils import logging

from tlpo.runs.progress import SPEED_PERIOD


class TrainingProgress(TrainerCallback):
    """Shows the main process's steps in place of the trainer's own bar."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("training", total=None, visible=False)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            self._progress.update(self._task, total=state.max_steps, completed=state.global_step, visible=True)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._progress.update(self._task, completed=state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if state.is_world_process_zero and logs and "confusion/rate" in logs:
            self._progress.console.print(step_line(state.global_step, logs), highlight=False, soft_wrap=True)


def step_line(step: int, logs: Mapping[str, float]) -> str:
    """One logged step in words: the rate among the samples, the points found and used, the update, the seconds."""
    seconds = sum(value for name, value in logs.items() if name.endswith("/seconds"))
    found, used = logs.get("confusion/points", 0), logs.get("confusion/points_used", 0)
    parts = [f"{100 * logs['confusion/rate']:5.1f} % of the samples confused", f"{used:.0f} of {found:.0f} points used"]
    parts += [f"{name} {logs[name]:.4f}" for name in ("kl", "loss") if name in logs]
    if logs.get("train/skipped_steps"):
        parts.append("skipped: not finite")
    return f"step {step:>3}: {', '.join(parts)}, {seconds:.0f} s"


@contextmanager
def training_progress() -> Iterator[TrainingProgress]:
    """The callback, with its bar closed whatever happens; saving a model shows no bar of its own."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    # A step may take longer than the 30 seconds over which the speed is measured by default.
    bar = Progress(*columns, console=Console(stderr=True), speed_estimate_period=SPEED_PERIOD)
    library: Any = logging
    shown = library.is_progress_bar_enabled()
    library.disable_progress_bar()
    try:
        with bar as progress:
            yield TrainingProgress(progress)
    finally:
        if shown:
            library.enable_progress_bar()
