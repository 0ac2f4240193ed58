"""Bootstrap intervals of pass rates: responses are drawn with replacement, each rate is computed anew.

A rate is a ratio of sums over responses, so one resample is one vector of multinomial weights. An average over
groups (the `all` rows) draws anew inside each group, since the groups are fixed by design. Percentile intervals
(Efron and Tibshirani 1993, chapter 13).
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_WEIGHTS_AT_ONCE = 5_000_000  # 40 MB


def bootstrap_ratios(passed: Array, judged: Array, *, resamples: int, key: str, seed: int = 0) -> Array:
    """Each rate in each resample.

    passed, judged: counts, shape (responses, rates). key: names the group; the draws depend on it and the seed alone,
    not on what other groups are in the file.

    Returns shape (resamples, rates), in [0, 1]; NaN where nothing was judged.
    """
    count, rates = passed.shape
    if not count or not resamples:
        return np.full((resamples, rates), np.nan)
    generator = np.random.default_rng([seed, zlib.crc32(key.encode())])
    step = max(1, _WEIGHTS_AT_ONCE // count)
    parts = []
    for first in range(0, resamples, step):
        weights = generator.multinomial(count, np.full(count, 1 / count), size=min(step, resamples - first))
        parts.append(ratios(weights @ passed, weights @ judged))
    return np.concatenate(parts)


def ratios(passed: Array, judged: Array) -> Array:
    """passed / judged, NaN where judged is 0. Any shape."""
    quotient: Array = np.divide(passed, judged, out=np.full(np.shape(passed), np.nan), where=np.asarray(judged) > 0)
    return quotient


def percentile_interval(values: Array, *, level: float = 0.95) -> tuple[float, float] | None:
    """The interval between the outer percentiles of the resamples, shape (resamples,); None if all are NaN."""
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
