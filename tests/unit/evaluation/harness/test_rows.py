"""Rows of the capability suite, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.evaluation.test_intervals import SCIPY_WILSON

pytest.importorskip("lm_eval", reason="needs pip install 'tlpo[eval]'")

from lm_eval.api.group import Group

from tlpo.evaluation.harness.rows import capability_rows, group_rows, main_metric, overall_row
from tlpo.evaluation.parts import PartResult


def result(outcomes: dict[str, list[float]], **figures: tuple[float, float | None]) -> PartResult:
    """Of a task with these outcomes; figures: lm-eval's value and stderr of metrics that are no plain means."""
    count = len(next(iter(outcomes.values())))
    items = [{"id": n, "outcomes": {name: own[n] for name, own in outcomes.items()}} for n in range(count)]
    told = {name: (sum(own) / count, 0.1) for name, own in outcomes.items()} | figures
    metrics: dict[str, Any] = {
        name: {"value": value, "stderr": stderr, "higher_is_better": True} for name, (value, stderr) in told.items()
    }
    raw = {"sample_len": count} | {f"{name},none": value for name, (value, _) in told.items()}
    return PartResult(items, {"metrics": metrics, "lm_eval": raw})


def test_intervals_by_kind_of_metric() -> None:
    outcomes = {"acc": [1.0] * 60, "acc_norm": [1.0, 0.0] * 30, "ppl": [0.0] * 60}
    rows = capability_rows("t", result(outcomes, f1=(0.7, 0.05), ppl=(9, None)), resamples=2000, seed=0)
    found = {row["metric"]: row for row in rows}
    assert found["acc"]["ci95"] == pytest.approx(SCIPY_WILSON[60, 60])  # all alike: not the interval [1, 1]
    low, high = found["acc_norm"]["ci95"]
    assert (low, high) == pytest.approx((0.5 - 0.1265, 0.5 + 0.1265), abs=0.02)  # 1.96 sqrt(1/4 / 60)
    assert found["f1"]["ci95"] == pytest.approx([0.7 - 0.098, 0.7 + 0.098], abs=1e-4)
    assert found["ppl"]["ci95"] is None  # outcomes whose mean is not the figure
    assert [name for name, row in found.items() if row["main"]] == ["acc"]
    assert {row["n"] for row in found.values()} == {60}


def test_which_metric_stands_for_a_task() -> None:
    assert main_metric(["acc_norm", "acc"]) == "acc"
    assert (
        main_metric(["exact_match,remove_whitespace", "exact_match,flexible-extract"]) == "exact_match,flexible-extract"
    )
    assert main_metric(["bleu", "ter"]) == "bleu"
    assert main_metric([]) is None


def test_the_mean_over_tasks() -> None:
    results = {"a": result({"acc": [1.0, 1.0, 0.0, 0.0]}), "b": result({"acc": [1.0] * 10})}
    row = overall_row(results, resamples=4000, seed=0)
    assert row is not None
    assert (row["task"], row["value"], row["n"]) == ("all", 0.75, 14)
    # Half of a mean of four coins: standard deviation 1/2 * 1/2 / 2.
    assert row["stderr"] == pytest.approx(0.125, rel=0.05)
    assert row["ci95"] == [0.5, 1.0]
    assert overall_row({"a": results["a"]}, resamples=10, seed=0) is None


class _Task:
    """What a group asks of its tasks."""

    def __init__(self, name: str) -> None:
        self.task_name = name


def test_groups_average_by_lm_evals_own_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    results = {"a": result({"acc": [1.0, 0.0]}), "b": result({"acc": [1.0] * 6})}
    group = Group.from_config({"group": "g", "aggregate_metric_list": [{"metric": "acc", "weight_by_size": True}]})
    monkeypatch.setattr(Group, "get_all_tasks", lambda self, recursive=True: [_Task("a"), _Task("b")])
    (row,) = group_rows({"g": group, "without": Group("without")}, results)
    assert (row["task"], row["metric"], row["value"], row["n"], row["main"]) == ("g", "acc", 0.875, 8, False)
