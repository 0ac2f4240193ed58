"""Metrics, checkpoint folders, rows of the update, and the guard against steps that are not finite."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from tlpo.errors import UserError
from tlpo.loop.checkpoints import (
    MARKER,
    checkpoint_folders,
    last_complete,
    mark_complete,
    remove_incomplete,
    write_json,
)
from tlpo.loop.guards import StepGuard
from tlpo.training.exploration import Candidate
from tlpo.training.metrics import PHASES, SUMS, StepMetrics
from tlpo.training.points import ConfusionPoint, PointRow, collate
from tlpo.training.rewards import Judged


def unchanged(values: torch.Tensor) -> torch.Tensor:
    return values


class TestMetrics:
    def test_means_are_weighted_and_sums_add_up(self) -> None:
        metrics = StepMetrics()
        metrics.add("kl", 1.0, 3.0)
        metrics.add("kl", 5.0, 1.0)
        metrics.add("confusion/points", 2)
        metrics.add("confusion/points", 3)
        found = metrics.drain(unchanged, 1)
        assert found["kl"] == 2.0
        assert found["confusion/points"] == 5.0

    def test_means_without_a_value_are_left_out_and_sums_are_zero(self) -> None:
        found = StepMetrics().drain(unchanged, 1)
        assert set(found) == {*SUMS, *(f"{phase}/seconds" for phase in PHASES)}
        assert set(found.values()) == {0.0}

    def test_draining_starts_afresh(self) -> None:
        metrics = StepMetrics()
        metrics.add("confusion/points", 2)
        metrics.drain(unchanged, 1)
        assert metrics.drain(unchanged, 1)["confusion/points"] == 0

    def test_processes_are_added_up_before_dividing(self) -> None:
        """Two processes, one with three responses and one with one: the mean of four, not the mean of means."""
        one, other = StepMetrics(), StepMetrics()
        for value in (1, 1, 0):
            one.add("confusion/rate", value)
        other.add("confusion/rate", 0)
        one.add("rollout/seconds", 4)
        held: list[torch.Tensor] = []
        other.drain(lambda values: held.append(values) or values, 2)  # type: ignore[func-returns-value]
        found = one.drain(lambda values: values + held[0], 2)
        assert found["confusion/rate"] == 0.5
        assert found["rollout/seconds"] == 2

    def test_unknown_names_are_errors(self) -> None:
        with pytest.raises(KeyError):
            StepMetrics().add("confusion/rte", 1)

    def test_phases_time_also_what_fails(self) -> None:
        metrics = StepMetrics()
        with pytest.raises(ValueError), metrics.phase("update"):
            raise ValueError
        assert metrics.drain(unchanged, 1)["update/seconds"] > 0


class TestCheckpoints:
    def test_only_marked_folders_count_and_numbers_are_compared_as_numbers(self, tmp_path: Path) -> None:
        for step in (2, 10, 9, 11):
            (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / "checkpoint-best").mkdir()
        assert last_complete(tmp_path) is None
        for step in (2, 9, 10):
            mark_complete(tmp_path / f"checkpoint-{step}", step)
        assert last_complete(tmp_path) == tmp_path / "checkpoint-10"
        assert [step for step, _ in checkpoint_folders(tmp_path)] == [2, 9, 10, 11]
        remove_incomplete(tmp_path)
        left = {path.name for path in tmp_path.iterdir()}
        assert left == {"checkpoint-2", "checkpoint-9", "checkpoint-10", "checkpoint-best"}

    def test_no_folder_yet(self, tmp_path: Path) -> None:
        assert last_complete(tmp_path / "none") is None
        remove_incomplete(tmp_path / "none")

    def test_json_is_written_whole_or_not_at_all(self, tmp_path: Path) -> None:
        path = tmp_path / MARKER
        write_json(path, {"step": 1, "text": "한국어"})
        with pytest.raises(TypeError):
            write_json(path, {"step": object()})
        assert json.loads(path.read_text(encoding="utf-8")) == {"step": 1, "text": "한국어"}


def point(**changes: Any) -> ConfusionPoint:
    values = {
        "prompt_index": 3,
        "sample": 1,
        "language": "ko",
        "prefix_ids": [5, 6, 7],
        "prefix_text": "가",
        "sampled_id": 9,
        "response": "가b",
        "char_offset": 1,
        "candidates": [Candidate(9, 0.1, [9, 4]), Candidate(8, 0.4, [8]), Candidate(2, 0.3, [2])],
        "judged": [Judged("confused", -1.0, True), Judged("clean", 1.0, True), Judged("end", 0.0, False)],
        "old_logps": [-2.3, -0.9, -1.2],
        "advantages": [-0.5, 0.5, 0.0],
    }
    return ConfusionPoint(**(values | changes))  # type: ignore[arg-type]


class TestRows:
    def test_mass_correct_is_the_clean_share_of_the_candidates(self) -> None:
        assert point().mass_correct == pytest.approx(0.4 / 0.8)
        assert point(candidates=[], judged=[], advantages=[]).mass_correct == 0

    def test_signal(self) -> None:
        assert point().has_signal
        assert not point(advantages=[0.0, 0.0, 0.0]).has_signal

    def test_rows_survive_json_to_the_last_bit(self) -> None:
        row = PointRow.of(point(advantages=[-1 / 3, 0.1 + 0.2, 0.0]))
        assert PointRow(**json.loads(json.dumps(asdict(row)))) == row

    def test_collated_rows(self) -> None:
        batch = collate([PointRow.of(point()), PointRow.empty(0, 3)], pad_id=0, device="cpu")
        assert batch["input_ids"].tolist() == [[5, 6, 7], [0, 0, 0]]
        assert batch["attention_mask"].tolist() == [[1, 1, 1], [0, 0, 1]]
        assert batch["candidate_ids"].tolist() == [[9, 8, 2], [0, 0, 0]]
        assert batch["members"].tolist() == [[True, True, False], [False] * 3]
        assert batch["weights"].tolist() == [1.0, 0.0]
        torch.testing.assert_close(batch["advantages"], torch.tensor([[-0.5, 0.5, 0.0], [0.0] * 3]))
        torch.testing.assert_close(batch["old_logps"], torch.tensor([[-2.3, -0.9, -1.2], [0.0] * 3]))


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
