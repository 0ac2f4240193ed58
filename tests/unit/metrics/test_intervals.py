"""Bootstrap intervals against scipy's."""

from __future__ import annotations

import numpy as np
import pytest

from tlpo.metrics.intervals import bootstrap_ratios, percentile_interval, ratios


def test_agrees_with_scipy_on_a_ratio_of_sums() -> None:
    stats = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(3)
    judged = generator.integers(1, 30, size=200).astype(float)
    passed = generator.binomial(judged.astype(int), 0.9).astype(float)
    draws = bootstrap_ratios(passed[:, None], judged[:, None], resamples=20_000, key="a")
    mine = percentile_interval(draws[:, 0])
    theirs = stats.bootstrap(
        (passed, judged),
        lambda p, j, axis: p.sum(axis=axis) / j.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        method="percentile",
        rng=np.random.default_rng(4),
    ).confidence_interval
    assert mine is not None
    width = theirs.high - theirs.low
    assert abs(mine[0] - theirs.low) < 0.05 * width
    assert abs(mine[1] - theirs.high) < 0.05 * width


def test_draws_depend_on_seed_and_key_alone() -> None:
    ones = np.ones((50, 1))
    some = np.arange(50.0)[:, None] % 2
    first = bootstrap_ratios(some, ones, resamples=20, key="a", seed=1)
    assert np.array_equal(first, bootstrap_ratios(some, ones, resamples=20, key="a", seed=1))
    assert not np.array_equal(first, bootstrap_ratios(some, ones, resamples=20, key="b", seed=1))
    assert not np.array_equal(first, bootstrap_ratios(some, ones, resamples=20, key="a", seed=2))


def test_work_in_pieces_keeps_the_number_of_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlpo.metrics.intervals._WEIGHTS_AT_ONCE", 70)
    assert bootstrap_ratios(np.ones((30, 2)), np.ones((30, 2)), resamples=7, key="a").shape == (7, 2)


def test_nothing_judged_has_no_interval() -> None:
    assert np.isnan(ratios(np.zeros(1), np.zeros(1))).all()
    assert np.isnan(bootstrap_ratios(np.zeros((0, 2)), np.zeros((0, 2)), resamples=3, key="a")).all()
    assert percentile_interval(np.array([np.nan, np.nan])) is None
    assert percentile_interval(np.array([])) is None
    assert percentile_interval(np.array([0.5, np.nan, 0.5])) == (0.5, 0.5)
