"""One figure of several methods, each run with one or more seeds, and how sure it and its differences are.

Every run answers the same items. A method's figure is the mean over its runs. Two things make it uncertain: which
items were asked, and which seeds were drawn. With a figure y[i, s] of item i under seed s, written as item effect +
seed effect + rest, with variances a, b and e, n items and S seeds, the mean has the variance

    a / n + b / S + e / (n S).

Items: each resample draws items, the same ones for every run of every method, so differences are paired by item and
what an item is like cancels out. The spread of the method's mean over resamples estimates a / n + e / (n S).

Seeds: the runs' figures differ by B (their sample variance), which estimates b + e / n: part of it comes from the
items. That part, N, is what the resamples show: the mean over resamples of the sample variance, among the runs, of
each run's departure from its own figure. So max(0, B - N) / S is left for the seeds and is added, as a normal deviate
of that variance, to each resample. The sum is without bias where B - N >= 0 (drawing seeds as well as items would
count the rest three times over: Owen 2007). With one seed nothing can be added, and the interval says nothing about
other seeds; with two the spread of the seeds is poorly known, which is why the runs' own figures are always kept.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tlpo.evaluation.intervals import Array, Interval, RatioSums, interval_of, wilson
from tlpo.metrics.intervals import bootstrap_ratios

Strata = Mapping[str, RatioSums]
"""A run's figure by stratum (a language, a task): the figure is the unweighted mean over strata of each one's ratio."""


@dataclass(frozen=True)
class Estimate:
    """A method's figure. value: mean over runs. runs: each run's own. draws: shape (resamples,).

    share: whether it lies in [0, 1]. extreme: None, or how many items a share is worth whose outcomes are all alike,
    all 0 or all 1: resamples then show no spread at all, and Wilson's interval for that many items takes their place.
    Only items of which something was counted are that many; of several runs, those of the run with the fewest.
    """

    value: float
    runs: tuple[float, ...]
    draws: Array
    share: bool = False
    extreme: float | None = None

    @property
    def ci95(self) -> Interval:
        """The 95 % interval of the figure itself."""
        if self.extreme is not None:
            return wilson(self.value * self.extreme, self.extreme)
        low, high = interval_of(self.draws)
        return (max(0.0, low), min(1.0, high)) if self.share else (low, high)


@dataclass(frozen=True)
class Drawn:
    """A figure of several runs, from the same resamples for all.

    values: shape (runs,). draws: shape (resamples, runs); NaN where a resample leaves nothing to divide by.
    sizes: shape (runs,): how many independent items the figure is worth (`size_of_mean`), of those that have anything
    to divide by. items: how many there are. share: whether outcomes lie in [0, 1], so that all of them may be alike.
    """

    values: Array
    draws: Array
    sizes: Array
    items: int
    share: bool


def draw_runs(runs: Sequence[Strata], *, key: str, share: bool, resamples: int = 10_000, seed: int = 0) -> Drawn:
    """Resample the items of all runs together.

    runs: all have the same strata, and in each the same items in the same order.
    key: names the items; draws depend on it, the strata and the seed alone: rates of one key are drawn alike.
    """
    values, draws, sizes, items = [], [], [], 0
    for stratum in runs[0]:
        numerators = np.stack([run[stratum].numerators for run in runs], axis=1)
        denominators = np.stack([run[stratum].denominators for run in runs], axis=1)
        values.append([run[stratum].value for run in runs])
        name = f"{key}\t{stratum}"
        draws.append(bootstrap_ratios(numerators, denominators, resamples=resamples, key=name, seed=seed))
        sizes.append((denominators > 0).sum(axis=0))
        items += len(numerators)
    weights = np.full(len(sizes), 1 / len(sizes))
    return Drawn(np.mean(values, axis=0), np.mean(draws, axis=0), size_of_mean(sizes, weights), items, share)


def size_of_mean(sizes: Sequence[ArrayLike], weights: ArrayLike) -> Array:
    """How many items a weighted mean is worth, so that its variance is that of the plain mean of so many.

    With a share's variance v / n in a stratum of n items, the mean of strata with weights w has v times the sum of
    w^2 / n: a small stratum weighs as much as a large one, and makes it worth few.

    sizes: of each stratum, of any one shape. weights: one a stratum, with sum 1. Returns that shape; 0 where a stratum
    is empty.
    """
    own = np.asarray(sizes, dtype=np.float64)
    squares = np.square(np.asarray(weights, dtype=np.float64)).reshape(-1, *[1] * (own.ndim - 1))
    with np.errstate(divide="ignore"):
        size: Array = 1 / (squares / own).sum(axis=0)
    return size


def harmonic(one: Drawn, other: Drawn) -> Drawn:
    """The harmonic mean of two rates drawn alike, as the LCPR is of LPR and WPR; 0 where both are 0."""

    def mean(a: Array, b: Array) -> Array:
        return 2 * a * b / np.where(a + b == 0, 1.0, a + b)

    sizes = np.minimum(one.sizes, other.sizes)
    return Drawn(mean(one.values, other.values), mean(one.draws, other.draws), sizes, one.items, one.share)


def estimate_methods(drawn: Drawn, methods: Mapping[str, Sequence[int]], *, seed: int = 0) -> dict[str, Estimate]:
    """The figure of each method: `methods` maps its name to the columns of its runs."""
    found = {}
    for name, columns in methods.items():
        values, draws = drawn.values[list(columns)], drawn.draws[:, list(columns)]
        alike = drawn.share and set(values.tolist()) in ({0.0}, {1.0})
        found[name] = Estimate(
            value=float(values.mean()),
            runs=tuple(float(value) for value in values),
            draws=_with_seeds(values, draws, name, seed),
            share=drawn.share,
            extreme=float(drawn.sizes[list(columns)].min()) if alike else None,
        )
    return found


def difference(one: Estimate, other: Estimate) -> tuple[float, Interval]:
    """one - other, and its 95 % interval, paired by item: both are from the same call of `estimate_methods`.

    Where one side's outcomes are all alike, the two intervals are put together by Newcombe's square-root rule (1998).
    """
    change = one.value - other.value
    if one.extreme is None and other.extreme is None:
        return change, interval_of(one.draws - other.draws)
    (low_1, high_1), (low_2, high_2) = one.ci95, other.ci95
    low = change - float(np.hypot(one.value - low_1, high_2 - other.value))
    high = change + float(np.hypot(high_1 - one.value, other.value - low_2))
    return change, (low, high)


def _with_seeds(values: Array, draws: Array, key: str, seed: int) -> Array:
    """The method's mean in each resample with the spread of its seeds added, shape (resamples,)."""
    mean: Array = draws.mean(axis=1)
    count = len(values)
    if count == 1:
        return mean
    departures = draws - values
    noise = float(np.nanmean(departures.var(axis=1, ddof=1)))
    spread = np.sqrt(max(0.0, float(values.var(ddof=1)) - noise) / count)
    generator = np.random.default_rng([seed, zlib.crc32(key.encode())])
    added: Array = mean + spread * generator.standard_normal(len(mean))
    return added
