"""Intervals against scipy's values and small cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tlpo.evaluation.intervals import (
    RatioSums,
    bootstrap_pairs,
    clustered_wilson,
    effective_size,
    interval_of,
    wilson,
)

# scipy 1.17: r = binomtest(k, n).proportion_ci(method="wilson"); (r.low, r.high)
SCIPY_WILSON = {
    (17, 77): (0.14266403041098702, 0.3254306746168658),
    (0, 60): (0.0, 0.06017185214208986),
    (60, 60): (0.9398281478579101, 1.0),
    (1, 10): (0.017876213095072896, 0.4041500267952385),
}


@pytest.mark.parametrize("counts", SCIPY_WILSON)
def test_wilson_equals_scipy(counts: tuple[int, int]) -> None:
    assert wilson(*counts) == pytest.approx(SCIPY_WILSON[counts], abs=1e-9)


def test_nothing_seen_leaves_everything_open() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert clustered_wilson([]) == (0.0, 1.0)


def test_one_sample_a_prompt_is_plain_wilson() -> None:
    clusters = [(1, 1)] * 17 + [(0, 1)] * 60
    assert effective_size(clusters) == 77
    assert clustered_wilson(clusters) == pytest.approx(SCIPY_WILSON[17, 77], abs=1e-9)


def test_effective_size_by_hand() -> None:
    # n = 8, share 3/8. Sum of (count - 2 share)^2 = 1.25^2 + 0.25^2 + 2 * 0.75^2 = 2.75. Between prompts:
    # 4/3 * 2.75 / 64 = 11/192; binomial: 15/64 / 8 = 15/512; deff = 11/192 * 512/15 = 88/45; n / deff = 45/11.
    assert effective_size([(2, 2), (1, 2), (0, 2), (0, 2)]) == pytest.approx(45 / 11)


def test_samples_that_agree_count_once_a_prompt() -> None:
    assert effective_size([(4, 4)] * 3 + [(0, 4)] * 9) == pytest.approx(12)
    assert effective_size([(0, 4)] * 12) == 12
    assert clustered_wilson([(0, 4)] * 60) == pytest.approx(SCIPY_WILSON[0, 60], abs=1e-9)


def test_prompts_more_alike_than_chance_do_not_shrink_the_interval() -> None:
    clusters = [(1, 2)] * 10  # every prompt exactly half: no variance between prompts
    assert effective_size(clusters) == 20


def test_bootstrap_pairs_uses_the_same_prompts_on_both_sides() -> None:
    side = RatioSums(np.array([1.0, 0.0, 3.0]), np.array([2.0, 5.0, 4.0]))
    before, after = bootstrap_pairs(side, side, resamples=50)
    assert np.array_equal(before, after)
    assert len(set(before.tolist())) > 1


def test_bootstrap_of_a_share_has_the_binomial_quantiles() -> None:
    # Resampling 3 prompts of which one falls: the fall is k/3 with k ~ Bin(3, 1/3), P(k=0) = 8/27, P(k<=2) = 26/27.
    before = RatioSums(np.array([1.0, 0.0, 0.0]), np.ones(3))
    after = RatioSums(np.zeros(3), np.ones(3))
    drawn = np.subtract(*bootstrap_pairs(before, after, resamples=20_000, seed=1))
    assert np.mean(drawn == 0) == pytest.approx(8 / 27, abs=0.015)
    assert np.mean(drawn == 1) == pytest.approx(1 / 27, abs=0.006)
    assert interval_of(drawn) == (0.0, 1.0)


def test_interval_leaves_out_what_is_not_a_number() -> None:
    assert interval_of(np.array([np.nan, 0.5, np.inf, 0.5])) == (0.5, 0.5)
    assert interval_of(np.array([np.nan])) == (0.0, 0.0)
