"""Figures of the text itself: what the responses look like, how likely clean text is, how far the model has moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tlpo.evaluation.intervals import Array, RatioSums, interval_of
from tlpo.evaluation.parts import Item
from tlpo.evaluation.scoring import distinct_n, repeated_pairs
from tlpo.metrics.characters import character_counts
from tlpo.metrics.intervals import bootstrap_ratios

Figures = dict[str, Any]


def response_sums(items: Sequence[Item]) -> dict[str, RatioSums]:
    """mean_length, eos_rate, letters_share, digits_share and repeats_share as numerators and denominators by prompt.

    Defined in `tlpo.evaluation.scoring`.
    """
    groups: dict[tuple[str, str, int], list[Array]] = {}
    for item in items:
        letters, digits, characters = character_counts(item["response"], item["language"])
        repeats = repeated_pairs(item["ids"])
        row = [len(item["ids"]), item["finished"] == "eos", 1, letters, digits, characters, *repeats]
        groups.setdefault((item["source"], item["language"], item["index"]), []).append(np.array(row, dtype=np.float64))
    table = np.array([np.sum(rows, axis=0) for rows in groups.values()]).reshape(-1, 8)
    tokens, ended, one, letters, digits, characters, repeated, pairs = table.T
    return {
        "mean_length": RatioSums(tokens, one),
        "eos_rate": RatioSums(ended, one),
        "letters_share": RatioSums(letters, characters),
        "digits_share": RatioSums(digits, characters),
        "repeats_share": RatioSums(repeated, pairs),
    }


def response_figures(items: Sequence[Item], *, resamples: int, seed: int) -> Figures:
    """n, mean_length, eos_rate, letters_share, digits_share, repeats_share, distinct_1 and distinct_2 of responses, and
    ci95 of all but distinct-n over prompts. Distinct-n falls as more text is pooled, so it has no interval.
    """
    sums = response_sums(items)
    sequences = [item["ids"] for item in items]
    return {
        "n": len(items),
        **{name: own.value for name, own in sums.items()},
        "distinct_1": distinct_n(sequences, 1),
        "distinct_2": distinct_n(sequences, 2),
        "ci95": {name: ratio_interval(own, resamples=resamples, seed=seed) for name, own in sums.items()},
    }


def likelihood_figures(items: Sequence[Item], *, resamples: int, seed: int) -> Figures:
    """{value, n, tokens, ci95}: nats a token over all lines, and its interval over lines."""
    sums = line_sums(items)
    return {
        "value": sums.value,
        "n": len(items),
        "tokens": int(sums.denominators.sum()),
        "ci95": ratio_interval(sums, resamples=resamples, seed=seed),
    }


def divergence_figures(items: Sequence[Item], *, resamples: int, seed: int) -> Figures:
    """{value, reverse, n, tokens, ci95}: KL(model || base) and KL(base || model), nats a token."""
    reverse = line_sums(items, "reverse_sum").value
    return {**likelihood_figures(items, resamples=resamples, seed=seed), "reverse": reverse}


def line_sums(items: Sequence[Mapping[str, Any]], name: str = "sum") -> RatioSums:
    """Nats and tokens of each line."""
    return RatioSums(
        np.array([item[name] for item in items], dtype=np.float64),
        np.array([item["tokens"] for item in items], dtype=np.float64),
    )


def ratio_interval(sums: RatioSums, *, resamples: int, seed: int) -> list[float]:
    """The 95 % bootstrap interval of a ratio of sums."""
    drawn = bootstrap_ratios(
        sums.numerators[:, None], sums.denominators[:, None], resamples=resamples, key="ratio", seed=seed
    )
    return list(interval_of(drawn[:, 0]))
