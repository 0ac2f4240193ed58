"""The training's progress: a bar with the time left and a line a logged step, on stderr."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback
from transformers.utils import logging

from tlpo.runs.progress import bars

_SHOWN = {"reward": "reward", "rewards/accuracies": "accuracy", "kl": "kl", "loss": "loss"}
"""{metric: what it is called}, in this order, where a step has it."""


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
        if state.is_world_process_zero and logs and ("confusion/rate" in logs or "loss" in logs):
            self._progress.console.print(step_line(state.global_step, logs), highlight=False, soft_wrap=True)


def step_line(step: int, logs: Mapping[str, float]) -> str:
    """One logged step in words: the rate among the samples, the points found and updated on, the update, the seconds.

    A method that samples nothing, or finds no points, tells what it has.
    """
    seconds = sum(value for name, value in logs.items() if name.endswith("/seconds")) or logs.get("step_time", 0)
    parts = []
    if "confusion/rate" in logs:
        parts.append(f"{100 * logs['confusion/rate']:5.1f} % of the samples confused")
    if "explore/points" in logs:
        found = f"{logs.get('confusion/points_used', 0):.0f} of {logs['explore/points']:.0f}"
        parts.append(f"{found} points with a signal")
    updated = logs.get("update/points")
    if updated is not None:
        parts.append(f"update on {updated:.0f}" if updated else "no update")
    if updated != 0:
        parts += [f"{shown} {logs[name]:.4f}" for name, shown in _SHOWN.items() if name in logs]
    if logs.get("train/skipped_steps"):
        parts.append("skipped: not finite")
    return ", ".join([f"step {step:>3}: {parts[0]}", *parts[1:], *([f"{seconds:.0f} s"] if seconds else [])])


@contextmanager
def training_progress() -> Iterator[TrainingProgress]:
    """The callback, with its bar closed whatever happens; saving a model shows no bar of its own."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    library: Any = logging
    shown = library.is_progress_bar_enabled()
    library.disable_progress_bar()
    try:
        with bars(*columns) as progress:
            yield TrainingProgress(progress)
    finally:
        if shown:
            library.enable_progress_bar()
