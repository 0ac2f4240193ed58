"""Scores, their means over tasks and seeds, and their intervals against scipy's bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.unit.runs.heads.results import result

from tlpo.evaluation.intervals import wilson
from tlpo.runs.heads.summary import score_interval, summarize

RNG = np.random.default_rng(0)
ONE, TWO = ((RNG.random(80) < share).astype(int).tolist() for share in (0.4, 0.7))


def test_the_mean_counts_every_task_alike() -> None:
    """3 of 4 and 1 of 2 are a mean of 5/8, not 4 of 6."""
    found = summarize([result("a", "site", [1, 1, 1, 0]), result("b", "site", [0, 1])], ["site"], "icl")
    assert found["tasks"]["a"]["methods"]["site"]["strict"] == 0.75
    assert found["tasks"]["a"]["items"] == 4
    assert found["mean"]["site"]["strict"] == 0.625
    assert found["mean_of"] == ["a", "b"]


def test_seeds_count_alike_and_are_kept() -> None:
    results = [result("a", "site", hits, seed) for seed, hits in enumerate(([1, 1, 1, 1], [0, 1, 0, 0]))]
    row = summarize(results, ["site"], "icl")["tasks"]["a"]["methods"]["site"]
    assert row["strict"] == 0.625
    assert row["by_seed"] == (1.0, 0.25)
    assert row["seeds"] == [0, 1]


def test_intervals_are_those_of_scipy() -> None:
    """Percentile bootstrap of 10,000 resamples on both sides: they agree to the bootstrap's own error."""
    row = summarize([result("a", "site", ONE)], ["site"], "icl")["tasks"]["a"]["methods"]["site"]
    expected = stats.bootstrap((ONE,), np.mean, n_resamples=10_000, method="percentile", rng=1).confidence_interval
    assert row["ci95"] == pytest.approx((expected.low, expected.high), abs=0.013)
    assert score_interval(ONE) == pytest.approx((expected.low, expected.high), abs=0.013)


def test_differences_are_paired_by_item() -> None:
    found = summarize([result("a", "site", TWO), result("a", "icl", ONE)], ["icl", "site"], "icl")
    row = found["mean"]["site"]
    expected = stats.bootstrap(
        (TWO, ONE), lambda x, y, axis: np.mean(x, axis) - np.mean(y, axis), paired=True, vectorized=True,
        n_resamples=10_000, method="percentile", rng=1,
    ).confidence_interval  # fmt: skip
    assert row["minus_baseline"] == pytest.approx(np.mean(TWO) - np.mean(ONE))
    assert row["minus_baseline_ci95"] == pytest.approx((expected.low, expected.high), abs=0.02)


def test_the_interval_of_a_mean_draws_inside_each_task() -> None:
    """The variance of the mean of two tasks is a quarter of the sum of theirs."""
    row = summarize([result("a", "site", ONE), result("b", "site", TWO)], ["site"], "icl")["mean"]["site"]
    variance = (np.var(ONE) / len(ONE) + np.var(TWO) / len(TWO)) / 4
    assert np.diff(row["ci95"])[0] == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.06)


def test_where_all_items_are_alike_the_interval_is_wilsons() -> None:
    row = summarize([result("a", "zero_shot", [0] * 30, None)], ["zero_shot"], "icl")["tasks"]["a"]["methods"]
    assert row["zero_shot"]["ci95"] == wilson(0, 30)
    assert score_interval([1] * 12) == wilson(12, 12)


def test_times_and_parameters() -> None:
    results = [
        result("a", "icl", [1, 0], seconds=1.2),
        result(
            "a", "site", [1, 0], seconds=0.4, fit_seconds=20.0, fit_cpu_seconds=15.0, extract_seconds=5.0, parameters=72
        ),
        result(
            "a",
            "site",
            [1, 0],
            1,
            seconds=0.2,
            fit_seconds=40.0,
            fit_cpu_seconds=25.0,
            extract_seconds=7.0,
            parameters=72,
        ),
    ]
    row = summarize(results, ["icl", "site"], "icl")["mean"]["site"]
    assert row["seconds_per_item"] == pytest.approx(0.15)
    assert row["times_faster"] == pytest.approx(4.0)
    assert (row["fit_seconds"], row["extract_seconds"]) == (30.0, 6.0)
    assert (row["fit_cpu_seconds"], row["longest_fit_cpu_seconds"]) == (20.0, 25.0)
    assert row["cpu_seconds_per_item"] == pytest.approx(0.2)
    assert row["cpu_times_faster"] == pytest.approx(1.0)
    assert row["parameters"] == 72


def test_an_unfinished_task_is_left_out_of_the_mean() -> None:
    """Task b lacks seed 1 of the method, and task c the baseline."""
    results = [
        *(result(task, "site", [1, 0], 0) for task in "abc"),
        *(result(task, "site", [1, 0], 1) for task in "ac"),
        *(result(task, "icl", [1, 0], 0) for task in "ab"),
    ]
    found = summarize(results, ["icl", "site", "lora"], "icl")
    assert found["mean_of"] == ["a"]
    assert list(found["tasks"]) == ["a", "b", "c"]
    assert list(found["mean"]) == ["icl", "site"]
    assert found["tasks"]["c"]["methods"]["site"]["minus_baseline"] is None


def test_nothing_finished_has_no_mean() -> None:
    found = summarize([result("a", "site", [1]), result("b", "icl", [1])], ["icl", "site"], "icl")
    assert found["mean"] == {}
    assert found["mean_of"] == []
