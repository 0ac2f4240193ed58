"""Confidence intervals for shares, and paired bootstraps for their change.

The rate of confusion has a Wilson interval. Several samples of one prompt resemble each other, so they count for less
than as many prompts: the interval then takes the effective sample size n / deff, with deff the ratio of the variance
between prompts to the binomial variance (Kish 1965; Wilson with n / deff: Franco et al. 2019). A bootstrap over
prompts would give the interval [0, 0] when nothing is confused; this one never does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlpo.metrics.intervals import bootstrap_ratios, percentile_interval

Z95 = 1.959963984540054  # the 97.5 % point of the normal distribution
Interval = tuple[float, float]
Array = NDArray[np.float64]


def wilson(successes: float, n: float, z: float = Z95) -> Interval:
    """The Wilson score interval of a share (Wilson 1927); (0, 1) when n is 0. `n` may be an effective, broken size."""
    if n <= 0:
        return (0.0, 1.0)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return (low, high)


def effective_size(clusters: Sequence[tuple[int, int]]) -> float:
    """How many independent responses the clusters are worth.

    clusters: (confused, responses) of each prompt, responses > 0. At most the number of responses, at least the number
    of prompts, which is also what it is when all responses agree and no variance can be seen.
    """
    n = sum(total for _, total in clusters)
    confused = sum(count for count, _ in clusters)
    if confused in (0, n):
        return float(len(clusters))
    share = confused / n
    spread = sum((count - share * total) ** 2 for count, total in clusters)
    between = len(clusters) / max(1, len(clusters) - 1) * spread / n**2
    within = share * (1 - share) / n
    return float(min(n, max(len(clusters), n * within / between))) if between else float(n)


def clustered_wilson(clusters: Sequence[tuple[int, int]]) -> Interval:
    """The 95 % interval of the rate over prompts with (confused, responses) each."""
    n = sum(total for _, total in clusters)
    if n == 0:
        return (0.0, 1.0)
    size = effective_size(clusters)
    return wilson(sum(count for count, _ in clusters) / n * size, size)


@dataclass(frozen=True)
class RatioSums:
    """A figure that is a ratio of sums over prompts or lines, kept apart by prompt: arrays of shape (prompts,)."""

    numerators: Array
    denominators: Array

    @property
    def value(self) -> float:
        """The ratio; 0 when there is nothing to divide by."""
        total = float(self.denominators.sum())
        return float(self.numerators.sum()) / total if total else 0.0


def bootstrap_pairs(
    before: RatioSums, after: RatioSums, *, resamples: int = 10_000, seed: int = 0
) -> tuple[Array, Array]:
    """The two ratios in each resample, shape (resamples,) each; both sides use the same prompts in each resample.

    NaN where a resample leaves nothing to divide by.
    """
    numerators = np.stack([before.numerators, after.numerators], axis=1)
    denominators = np.stack([before.denominators, after.denominators], axis=1)
    drawn = bootstrap_ratios(numerators, denominators, resamples=resamples, key="pairs", seed=seed)
    return drawn[:, 0], drawn[:, 1]


def interval_of(values: Array) -> Interval:
    """The 95 % percentile interval of bootstrap values, those that are not finite left out; (0, 0) without any."""
    return percentile_interval(values[np.isfinite(values)]) or (0.0, 0.0)
