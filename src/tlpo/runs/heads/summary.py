"""Results to figures: scores with intervals for each task and for their mean, and differences to in-context learning.

`tlpo.evaluation.seeds` says how items and seeds are drawn. Tasks are the strata: they are fixed by design, and a mean
over them draws items anew inside each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tlpo.evaluation.intervals import RatioSums
from tlpo.evaluation.seeds import Estimate, difference, draw_runs, estimate_methods
from tlpo.runs.heads.records import Result

RESAMPLES = 10_000
Groups = dict[str, list[list[Result]]]
"""Of each method: for each seed, its results on the tasks."""


def summarize(
    results: Sequence[Result], methods: Sequence[str], baseline: str, *, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """The contents of results.json apart from settings and versions.

    Args:
        results: in any order.
        methods: names of the rows, in their order; those without a result are left out.
        baseline: the method that differences are taken to.
        resamples: of the bootstrap.

    Returns:
        ``tasks``: for each task the number of `items` and, under `methods`, for each method `strict` with `ci95`,
        `seeds`, `by_seed` (the score of each), `prefix`, `parameters`; `seconds_per_item`, `fit_seconds`,
        `extract_seconds`, each also as `cpu_...`, processor seconds; and, null without the baseline, `minus_baseline`
        with `minus_baseline_ci95`, `times_faster` and `cpu_times_faster`.
        ``mean``: the same over the tasks that all methods have answered with all their seeds, named in ``mean_of``.
    """
    results = [result for result in results if result.method in methods]
    tasks = list(dict.fromkeys(result.task for result in results))
    present = [name for name in methods if any(result.method == name for result in results)]
    figures = {
        task: {
            "items": len(next(result.strict for result in results if result.task == task)),
            "methods": _figures(_groups(results, [task], present), baseline, resamples),
        }
        for task in tasks
    }
    seeds = {name: {result.seed for result in results if result.method == name} for name in present}
    done = {result.key for result in results}
    whole = [task for task in tasks if all((task, name, seed) in done for name in present for seed in seeds[name])]
    mean = _figures(_groups(results, whole, present), baseline, resamples) if whole else {}
    return {"baseline": baseline, "tasks": figures, "mean": mean, "mean_of": whole}


def score_interval(hits: Sequence[int], *, resamples: int = RESAMPLES) -> tuple[float, float]:
    """The 95 % interval of one share of hits, as in the table."""
    run = {"task": _sums(hits)}
    drawn = draw_runs([run], key="items", share=True, resamples=resamples)
    return estimate_methods(drawn, {"one": [0]})["one"].ci95


def _groups(results: Sequence[Result], tasks: Sequence[str], methods: Sequence[str]) -> Groups:
    """Results of these tasks by method and seed; methods without any are left out."""
    groups: Groups = {}
    for name in methods:
        own = {(result.seed, result.task): result for result in results if result.method == name}
        seeds = sorted({seed for seed, task in own if task in tasks}, key=lambda seed: (seed is not None, seed))
        if seeds:
            groups[name] = [[own[seed, task] for task in tasks] for seed in seeds]
    return groups


def _figures(groups: Groups, baseline: str, resamples: int) -> dict[str, Any]:
    """The rows of one task, or of the mean over the tasks in the groups."""
    runs = [run for group in groups.values() for run in group]
    strata = [{result.task: _sums(result.strict) for result in run} for run in runs]
    drawn = draw_runs(strata, key="items", share=True, resamples=resamples)
    columns, first = {}, 0
    for name, group in groups.items():
        columns[name] = range(first, first + len(group))
        first += len(group)
    estimates = estimate_methods(drawn, columns)
    rows = {name: _row(groups[name], estimates[name]) for name in groups}
    for name, row in rows.items():
        row |= _against(baseline, name, rows, estimates)
    return rows


def _row(group: Sequence[Sequence[Result]], estimate: Estimate) -> dict[str, Any]:
    together = [result for run in group for result in run]
    return {
        "strict": estimate.value,
        "ci95": estimate.ci95,
        "seeds": [run[0].seed for run in group],
        "by_seed": estimate.runs,
        "prefix": _mean(sum(result.prefix) / len(result.prefix) for result in together),
        "seconds_per_item": _mean(result.seconds / len(result.strict) for result in together),
        "cpu_seconds_per_item": _mean(result.cpu_seconds / len(result.strict) for result in together),
        **{
            name: _mean(getattr(result, name) for result in together)
            for name in ("fit_seconds", "fit_cpu_seconds", "extract_seconds", "extract_cpu_seconds")
        },
        "longest_fit_cpu_seconds": max(result.fit_cpu_seconds for result in together),
        "parameters": max(result.parameters for result in together),
    }


def _against(baseline: str, name: str, rows: dict[str, Any], estimates: dict[str, Estimate]) -> dict[str, Any]:
    if baseline not in rows:
        return {"minus_baseline": None, "minus_baseline_ci95": None, "times_faster": None, "cpu_times_faster": None}
    change, interval = difference(estimates[name], estimates[baseline])
    base, own = rows[baseline], rows[name]
    return {
        "minus_baseline": change,
        "minus_baseline_ci95": interval,
        "times_faster": base["seconds_per_item"] / own["seconds_per_item"],
        "cpu_times_faster": base["cpu_seconds_per_item"] / own["cpu_seconds_per_item"],
    }


def _sums(hits: Sequence[int]) -> RatioSums:
    return RatioSums(np.array(hits, dtype=float), np.ones(len(hits)))


def _mean(values: Iterable[float]) -> float:
    """Every task and every seed counts alike: all runs hold the same tasks."""
    return float(np.mean(list(values)))
