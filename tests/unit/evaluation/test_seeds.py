"""Methods of several seeds: the spread over items and seeds against enumeration, closed forms and repeated worlds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import bootstrap

from tlpo.evaluation.intervals import RatioSums, interval_of
from tlpo.evaluation.seeds import Estimate, difference, draw_runs, estimate_methods, harmonic, size_of_mean

Table = NDArray[np.float64]


def one_stratum(table: Table, denominators: Table | None = None) -> list[dict[str, RatioSums]]:
    """Runs from a table of shape (runs, items)."""
    below = np.ones_like(table) if denominators is None else denominators
    return [{"ko": RatioSums(top, bottom)} for top, bottom in zip(table, below, strict=True)]


def estimate(runs: Sequence[dict[str, RatioSums]], *, share: bool = False, resamples: int = 40_000) -> Estimate:
    drawn = draw_runs(runs, key="x", share=share, resamples=resamples)
    return estimate_methods(drawn, {"m": range(len(runs))})["m"]


@pytest.mark.parametrize("seeds", [2, 3])
def test_the_variance_is_that_of_all_resamples_enumerated(seeds: int) -> None:
    """Four items give 4^4 resamples, all equally likely: the exact variance over items, and the items' part of B."""
    generator = np.random.default_rng(seeds)
    tops, bottoms = generator.random((seeds, 4)) + np.arange(seeds)[:, None], generator.integers(1, 5, (seeds, 4))
    found = estimate(one_stratum(tops, bottoms.astype(float)))
    own = [sum(tops[s]) / sum(bottoms[s]) for s in range(seeds)]
    assert found.runs == pytest.approx(own)
    assert found.value == pytest.approx(np.mean(own))

    means, noises = [], []
    for drawn in itertools.product(range(4), repeat=4):
        ratios = [sum(tops[s][i] for i in drawn) / sum(bottoms[s][i] for i in drawn) for s in range(seeds)]
        means.append(sum(ratios) / seeds)
        departures = [ratio - mine for ratio, mine in zip(ratios, own, strict=True)]
        centre = sum(departures) / seeds
        noises.append(sum((d - centre) ** 2 for d in departures) / (seeds - 1))
    between = sum((mine - np.mean(own)) ** 2 for mine in own) / (seeds - 1)
    left = max(0.0, between - float(np.mean(noises)))
    assert left > 0
    assert found.draws.var() == pytest.approx(np.var(means) + left / seeds, rel=0.03)


def test_the_closed_form_of_a_mean() -> None:
    """y = mean + A_i + B_s + R_is: items give sum(A^2) / n^2, the items' part of B is sum(R^2) / (n^2 (S - 1))."""
    generator = np.random.default_rng(0)
    seeds, items = 3, 25
    table = generator.normal(size=(seeds, items)) + generator.normal(size=items) + np.array([[0.0], [1.0], [-0.5]])
    a = table.mean(axis=0) - table.mean()
    b = table.mean(axis=1) - table.mean()
    rest = table - table.mean() - a[None, :] - b[:, None]
    noise = (rest**2).sum() / (items**2 * (seeds - 1))
    expected = (a**2).sum() / items**2 + ((b**2).sum() / (seeds - 1) - noise) / seeds
    assert estimate(one_stratum(table)).draws.var() == pytest.approx(expected, rel=0.03)


def test_repeated_worlds_have_the_variance_claimed() -> None:
    """Worlds with known variances of items, seeds and rest: the mean's true variance is a/n + b/S + e/(n S)."""
    generator = np.random.default_rng(1)
    items, seeds, worlds = 40, 3, 400
    a, b, e = 1.0, 0.2, 2.0
    means, claimed = [], []
    for _ in range(worlds):
        table = np.sqrt(a) * generator.normal(size=items) + np.sqrt(b) * generator.normal(size=(seeds, 1))
        table = table + np.sqrt(e) * generator.normal(size=(seeds, items))
        found = estimate(one_stratum(table), resamples=200)
        means.append(found.value)
        claimed.append(found.draws.var())
    true = a / items + b / seeds + e / (items * seeds)
    assert np.var(means) == pytest.approx(true, rel=0.2)  # the worlds are what they should be
    assert np.mean(claimed) == pytest.approx(true, rel=0.1)


@pytest.mark.parametrize(
    ("seeds", "spread", "least", "most"),
    [(1, 0.0, 0.90, 0.99), (1, 0.6, 0.50, 0.75), (2, 0.0, 0.90, 0.99), (2, 0.6, 0.83, 0.95), (5, 0.6, 0.85, 0.96)],
)
def test_how_often_the_interval_of_a_difference_holds_the_truth(
    seeds: int, spread: float, least: float, most: float
) -> None:
    """Worlds of 60 prompts of differing difficulty, 4 samples each; seeds that differ by `spread` on the logit scale.

    One seed says nothing of others: where they differ, its interval is too narrow, and this shows how much.
    """
    generator = np.random.default_rng(4)

    def rates(shift: float, prompts: Table, own: Table) -> Table:
        return 1 / (1 + np.exp(-(2.5 + shift + prompts + own)))

    many = generator.normal(size=200_000)
    true = rates(0, many, spread * generator.normal(size=many.shape)).mean() - rates(-0.8, many, 0 * many).mean()
    held = 0
    for world in range(200):
        prompts = generator.normal(size=60)
        shares = rates(0, prompts[None], spread * generator.normal(size=(seeds, 1)))
        tables = generator.binomial(4, np.concatenate([rates(-0.8, prompts, 0 * prompts)[None], shares])).astype(float)
        drawn = draw_runs(one_stratum(tables, np.full_like(tables, 4)), key="x", share=True, resamples=300, seed=world)
        found = estimate_methods(drawn, {"base": [0], "m": range(1, seeds + 1)}, seed=world)
        low, high = difference(found["m"], found["base"])[1]
        held += low <= true <= high
    assert least <= held / 200 <= most


def test_seeds_that_differ_by_less_than_their_items_explain_add_nothing() -> None:
    table = np.array([[1.0, 0.0, 1.0, 0.0] * 5, [0.0, 1.0, 0.0, 1.0] * 5])  # equal means, opposite items
    found = estimate(one_stratum(table), share=True)
    assert found.draws.var() == 0  # each item's mean over the seeds is one half
    assert (found.value, found.ci95, found.extreme) == (0.5, (0.5, 0.5), None)


def test_one_seed_is_the_paired_bootstrap_of_scipy() -> None:
    generator = np.random.default_rng(2)
    base = (generator.random(80) < 0.7).astype(float)
    other = np.where(generator.random(80) < 0.25, 1.0, base)
    drawn = draw_runs(one_stratum(np.stack([base, other])), key="x", share=True, resamples=20_000)
    found = estimate_methods(drawn, {"base": [0], "other": [1]})
    change, interval = difference(found["other"], found["base"])
    reference = bootstrap(
        (other, base),
        lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
        paired=True, vectorized=True, method="percentile", n_resamples=20_000, rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    assert change == pytest.approx(other.mean() - base.mean())
    assert interval == pytest.approx((reference.low, reference.high), abs=0.006)
    alone = found["other"].ci95[1] - found["other"].ci95[0] + found["base"].ci95[1] - found["base"].ci95[0]
    assert interval[1] - interval[0] < 0.7 * alone  # what the items are like has cancelled out


def test_strata_count_alike_whatever_their_size() -> None:
    runs = [
        {"ko": RatioSums(np.array([1.0, 0.0, 0.0, 1.0]), np.ones(4)), "ja": RatioSums(np.array([1.0]), np.array([1.0]))}
    ]
    found = estimate(runs)
    assert found.value == pytest.approx((0.5 + 1.0) / 2)
    assert found.draws.var() == pytest.approx(0.25 * 0.25 / 4, rel=0.03)  # half of a mean of four coins


# Newcombe (1998), table II, method 10: 10/10 - 0/20 and 10/10 - 0/10.
@pytest.mark.parametrize(("size", "low"), [(20, 0.6791), (10, 0.6075)])
def test_outcomes_all_alike_have_newcombes_interval(size: int, low: float) -> None:
    draws = np.zeros(3)
    ones, zeros = Estimate(1.0, (1.0,), draws + 1, True, 10), Estimate(0.0, (0.0,), draws, True, size)
    change, interval = difference(ones, zeros)
    assert change == 1.0
    assert interval == pytest.approx((low, 1.0), abs=5e-5)


def test_a_run_without_any_confusion_has_wilsons_interval() -> None:
    table = np.concatenate([np.ones((2, 60)), np.where(np.arange(60) < 6, 0.0, 1.0)[None]])
    drawn = draw_runs(one_stratum(table), key="x", share=True, resamples=2000)
    found = estimate_methods(drawn, {"clean": [0, 1], "base": [2]})
    assert found["clean"].extreme == 60
    assert found["clean"].ci95 == pytest.approx((0.9398281478579101, 1.0))  # scipy, as in test_intervals
    change, (low, high) = difference(found["clean"], found["base"])
    assert change == pytest.approx(0.1)
    assert low < min(interval_of(found["clean"].draws - found["base"].draws))
    assert 0 < low < 0.1 < high


def test_a_small_stratum_makes_a_mean_that_is_all_alike_as_unsure_as_it_is_itself() -> None:
    """Ten items weigh as much as a thousand: the mean is worth 1 / (1/4 / 10 + 1/4 / 1000) = 39.6 items."""
    ones = {n: RatioSums(np.ones(n), np.ones(n)) for n in (10, 30, 1000)}
    found = estimate([{"ko": ones[10], "ja": ones[1000]}], share=True)
    assert found.extreme == pytest.approx(39.604, abs=1e-3)
    assert found.ci95 == pytest.approx(
        (39.604 / (39.604 + 1.96**2), 1.0), abs=1e-4
    )  # Wilson's interval of a share of 1
    assert estimate([{"ko": ones[30], "ja": ones[30]}], share=True).extreme == pytest.approx(60)


@pytest.mark.parametrize(
    ("sizes", "weights", "size"),
    [
        ([8, 8, 4], [0.25, 0.25, 0.5], 1 / (1 / 128 + 1 / 128 + 1 / 16)),
        ([5], [1.0], 5.0),
        ([5, 0], [0.5, 0.5], 0.0),
    ],
)
def test_size_of_a_weighted_mean(sizes: list[int], weights: list[float], size: float) -> None:
    assert size_of_mean(sizes, weights) == pytest.approx(size)


def test_a_share_stays_within_its_bounds_and_other_figures_do_not() -> None:
    table = np.array([[1.0] * 19 + [0.0], [0.0] * 19 + [1.0]])
    assert estimate(one_stratum(table), share=True).ci95 == (0.0, 1.0)
    assert estimate(one_stratum(table)).ci95[1] > 1


def test_rates_of_one_key_are_drawn_alike_and_make_the_harmonic_mean() -> None:
    generator = np.random.default_rng(3)
    lines, words = one_stratum(generator.random((2, 9))), one_stratum(generator.random((2, 9)))
    one, again = (draw_runs(lines, key="x", share=True, resamples=50) for _ in range(2))
    other = draw_runs(words, key="x", share=True, resamples=50)
    assert np.array_equal(one.draws, again.draws)
    assert not np.array_equal(one.draws, draw_runs(lines, key="y", share=True, resamples=50).draws)
    together = draw_runs(
        [{"ko": RatioSums(a["ko"].numerators + b["ko"].numerators, a["ko"].denominators)}
         for a, b in zip(lines, words, strict=True)], key="x", share=False, resamples=50,
    )  # fmt: skip
    assert together.draws == pytest.approx(one.draws + other.draws)
    mean = harmonic(one, other)
    assert mean.draws == pytest.approx(2 / (1 / one.draws + 1 / other.draws))
    zeros = draw_runs(one_stratum(np.zeros((1, 3))), key="x", share=True, resamples=5)
    assert harmonic(zeros, zeros).values == pytest.approx([0.0])
