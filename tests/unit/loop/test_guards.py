"""The guard against steps that are not finite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tlpo.errors import UserError
from tlpo.loop.guards import StepGuard


class TestGuard:
    @pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
    def test_a_bad_loss_or_norm_spoils_the_step_and_only_it(self, bad: float) -> None:
        guard = StepGuard(5)
        guard.note_loss(torch.tensor([1.0, bad]))
        assert not guard.accept(1.0)
        guard.note_loss(torch.tensor([1.0, 2.0]))
        assert not guard.accept(torch.tensor(bad))
        assert (guard.in_a_row, guard.skipped) == (2, 2)
        guard.note_loss(torch.tensor([1.0, 2.0]))
        assert guard.accept(torch.tensor(3.0))
        assert (guard.in_a_row, guard.skipped) == (0, 2)

    def test_a_step_that_updates_nothing_shows_nothing(self) -> None:
        guard = StepGuard(5)
        guard.accept(float("inf"))
        assert guard.accept(0.0)
        assert (guard.in_a_row, guard.skipped) == (1, 1)

    def test_a_run_that_goes_on_gets_one_more_step(self, tmp_path: Path) -> None:
        class Run:
            def save_now(self) -> Path:
                return Path("checkpoint-2")

        run: Any = Run()
        before, after = StepGuard(1), StepGuard(1)
        for _ in range(2):
            before.accept(float("nan"))
        before.save(tmp_path / "counts.json")
        after.load(tmp_path / "counts.json")
        assert (after.in_a_row, after.skipped) == (2, 2)
        after.check(run)
        with pytest.raises(UserError, match="in 2 steps in a row"):
            after.check(run, at_end=True)
        after.accept(float("nan"))
        with pytest.raises(UserError, match="in 3 steps in a row"):
            after.check(run)
        after.load(tmp_path / "none.json")
        assert (after.in_a_row, after.skipped) == (0, 0)

    def test_the_run_ends_when_the_limit_is_passed(self) -> None:
        class Run:
            saved = 0

            def save_now(self) -> Path:
                self.saved += 1
                return Path("out/checkpoint-3")

        guard, run = StepGuard(1), Run()
        for _ in range(2):
            guard.check(run)  # type: ignore[arg-type]
            guard.accept(float("nan"))
        assert run.saved == 0
        with pytest.raises(UserError, match=r"not finite in 2 steps in a row .*checkpoint-3.*lower learning_rate"):
            guard.check(run)  # type: ignore[arg-type]
        assert run.saved == 1
