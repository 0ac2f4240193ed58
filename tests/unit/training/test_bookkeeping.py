"""Metrics of a step, and the rows of the update."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
import torch

from tlpo.training.exploration import Candidate
from tlpo.training.metrics import PHASES, SUMS, StepMetrics
from tlpo.training.points import ConfusionPoint, PointRow, collate, first_points
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


@pytest.mark.parametrize(
    ("per_prompt", "kept"),
    [(0, [(4, 0), (4, 2), (1, 1), (4, 3), (1, 3)]), (1, [(4, 0), (1, 1)]), (2, [(4, 0), (4, 2), (1, 1), (1, 3)])],
)
def test_the_first_points_of_each_prompt(per_prompt: int, kept: list[tuple[int, int]]) -> None:
    points = [point(prompt_index=index, sample=sample) for index, sample in [(4, 0), (4, 2), (1, 1), (4, 3), (1, 3)]]
    assert [(p.prompt_index, p.sample) for p in first_points(points, per_prompt)] == kept


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
        assert row.language == "ko"

    def test_collated_rows(self) -> None:
        batch = collate([PointRow.of(point()), PointRow.empty(0, 3)], pad_id=0, device="cpu")
        assert batch["input_ids"].tolist() == [[5, 6, 7], [0, 0, 0]]
        assert batch["attention_mask"].tolist() == [[1, 1, 1], [0, 0, 1]]
        assert batch["candidate_ids"].tolist() == [[9, 8, 2], [0, 0, 0]]
        assert batch["members"].tolist() == [[True, True, False], [False] * 3]
        assert batch["weights"].tolist() == [1.0, 0.0]
        torch.testing.assert_close(batch["advantages"], torch.tensor([[-0.5, 0.5, 0.0], [0.0] * 3]))
        torch.testing.assert_close(batch["old_logps"], torch.tensor([[-2.3, -0.9, -1.2], [0.0] * 3]))
