"""The rows of the capability suite: lm-eval's figures with intervals, and the mean over tasks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tlpo.evaluation.harness.run import named_metrics
from tlpo.evaluation.harness.tasks import quiet
from tlpo.evaluation.intervals import Z95, RatioSums
from tlpo.evaluation.parts import Item, PartResult
from tlpo.evaluation.seeds import draw_runs, estimate_methods
from tlpo.metrics.rows import ALL

# The metric that stands for a task, if it has it: the first of these, else the task's first.
_MAIN = ("acc", "exact_match")


def capability_rows(name: str, result: PartResult, *, resamples: int, seed: int) -> list[dict[str, Any]]:
    """A row for each metric of a task: task, metric, value and stderr as lm-eval gives them, n, ci95, higher_is_better,
    and main: whether this metric stands for the task.

    ci95 is a bootstrap over questions, or Wilson's interval where all are answered alike; where a metric is no mean
    over questions, it is value +- 1.96 stderr.
    """
    rows = []
    for metric, found in result.facts["metrics"].items():
        sums = outcome_sums(result.items, metric)
        if sums is not None and math.isclose(sums.value, found["value"], rel_tol=1e-9, abs_tol=1e-12):
            interval: list[float] | None = _interval(sums, resamples, seed)
        else:
            interval = _normal_interval(found["value"], found["stderr"])
        rows.append({"task": name, "metric": metric, **found, "n": len(result.items), "ci95": interval, "main": False})
    main = main_metric(list(result.facts["metrics"]))
    for row in rows:
        row["main"] = row["metric"] == main
    return rows


def group_rows(groups: Mapping[str, Any], results: Mapping[str, PartResult]) -> list[dict[str, Any]]:
    """Rows of lm-eval's groups that average their tasks, by lm-eval's own rule; ci95 is value +- 1.96 stderr."""
    raw = {name: result.facts["lm_eval"] for name, result in results.items()}
    rows = []
    for name, group in groups.items():
        if not group.has_aggregation:
            continue
        with quiet():
            found = {"results": {name: group.aggregate(raw)}, "higher_is_better": {}}
        for metric, own in named_metrics(found, name).items():
            interval = _normal_interval(own["value"], own["stderr"])
            n = int(found["results"][name].get("sample_len", 0))
            rows.append({"task": name, "metric": metric, **own, "n": n, "ci95": interval, "main": False})
    return rows


def overall_row(results: Mapping[str, PartResult], *, resamples: int, seed: int) -> dict[str, Any] | None:
    """The unweighted mean over tasks of the metric that stands for each, where it is a mean over questions.

    ci95 draws questions within each task, since the tasks are fixed by design. None for fewer than two tasks.
    """
    strata = main_sums(results)
    if len(strata) < 2:
        return None
    drawn = draw_runs([strata], key="tasks", share=True, resamples=resamples, seed=seed)
    estimate = estimate_methods(drawn, {"all": [0]}, seed=seed)["all"]
    shown = {"value": estimate.value, "stderr": float(estimate.draws.std()), "higher_is_better": True}
    return {"task": ALL, "metric": "mean", **shown, "n": drawn.items, "ci95": list(estimate.ci95), "main": True}


def main_sums(results: Mapping[str, PartResult]) -> dict[str, RatioSums]:
    """The outcomes of each task's main metric, of the tasks that have one."""
    found = {}
    for name, result in results.items():
        main = main_metric(list(result.facts["metrics"]))
        sums = outcome_sums(result.items, main) if main is not None else None
        if sums is not None:
            found[name] = sums
    return found


def _interval(sums: RatioSums, resamples: int, seed: int) -> list[float]:
    share = bool(((sums.numerators >= 0) & (sums.numerators <= 1)).all())
    drawn = draw_runs([{"": sums}], key="tasks", share=share, resamples=resamples, seed=seed)
    return list(estimate_methods(drawn, {"": [0]}, seed=seed)[""].ci95)


def _normal_interval(value: float, stderr: float | None) -> list[float] | None:
    return None if stderr is None else [value - Z95 * stderr, value + Z95 * stderr]


def main_metric(metrics: Sequence[str]) -> str | None:
    """The metric that stands for a task: acc, else exact match (by the filter named last, which finds more), else the
    first."""
    for wanted in _MAIN:
        named = [metric for metric in metrics if metric.partition(",")[0] == wanted]
        if named:
            return named[-1]
    return metrics[0] if metrics else None


def outcome_sums(items: Sequence[Item], metric: str) -> RatioSums | None:
    """A metric's outcome and 1 for each question; None where some question lacks it."""
    if not all(metric in item["outcomes"] for item in items):
        return None
    values = np.array([item["outcomes"][metric] for item in items], dtype=np.float64)
    return RatioSums(values, np.ones(len(values)))
