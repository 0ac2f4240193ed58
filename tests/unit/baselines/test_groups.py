"""In which order GRPO walks through the prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.baselines import arguments

from tlpo.baselines.groups import order_of_steps
from tlpo.errors import UserError
from tlpo.training.dataset import PromptOrder


def order(size: int, tmp_path: Path, **options: Any) -> list[int]:
    return order_of_steps(size, arguments("grpo", tmp_path, **options))  # type: ignore[arg-type]


def test_as_tlpo_does_without_the_rest_of_an_epoch(tmp_path: Path) -> None:
    found = order(10, tmp_path, per_device_train_batch_size=2, gradient_accumulation_steps=2, max_steps=5)
    epochs = [list(PromptOrder(10, 3, 4, 1, lambda epoch=epoch: epoch))[:8] for epoch in range(3)]  # type: ignore[misc]
    assert found == [*epochs[0], *epochs[1], *epochs[2][:4]]
    for start in range(0, len(found), 4):
        assert len(set(found[start : start + 4])) == 4  # a prompt twice in a step would be sampled alike


def test_epochs_where_no_steps_are_given(tmp_path: Path) -> None:
    assert len(order(7, tmp_path, max_steps=-1, num_train_epochs=2)) == 2 * 6
    assert len(order(7, tmp_path, max_steps=-1, num_train_epochs=0.5)) == 2 * 2


def test_too_few_prompts(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="3 prompts do not fill one step of 4: give more prompts"):
        order(3, tmp_path, per_device_train_batch_size=4)
