"""The learning rate of every step, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Trainer, TrainingArguments

from tlpo.loop.schedule import ScheduleMixin


class Scheduled(ScheduleMixin, Trainer):
    """A trainer with nothing else changed."""


def rates(folder: Path, steps: int, **options: Any) -> list[float]:
    """The rate at which each of the steps is taken; the highest is 1."""
    args = TrainingArguments(str(folder), learning_rate=1.0, use_cpu=True, report_to=[], **options)
    trainer = Scheduled(torch.nn.Linear(1, 1), args)
    trainer.create_optimizer_and_scheduler(steps)
    optimizer, scheduler = trainer.optimizer, trainer.lr_scheduler
    assert optimizer is not None
    assert scheduler is not None
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_a_warm_up_begins_above_zero_and_the_last_step_counts(tmp_path: Path) -> None:
    # Of five steps two rise: the linear schedule of six steps is 0, 1/2, 1, 3/4, 1/2, 1/4.
    assert rates(tmp_path, 5, lr_scheduler_type="linear", warmup_steps=2) == pytest.approx([0.5, 1, 0.75, 0.5, 0.25])
    assert rates(tmp_path, 5, lr_scheduler_type="linear", warmup_steps=0.3) == pytest.approx([0.5, 1, 0.75, 0.5, 0.25])
    assert rates(tmp_path, 4, lr_scheduler_type="constant_with_warmup", warmup_steps=4) == pytest.approx(
        [0.25, 0.5, 0.75, 1]
    )


def test_without_a_warm_up_nothing_changes(tmp_path: Path) -> None:
    assert rates(tmp_path, 4, lr_scheduler_type="linear") == pytest.approx([1, 0.75, 0.5, 0.25])
    assert rates(tmp_path, 3, lr_scheduler_type="constant", warmup_steps=2) == [1, 1, 1]
