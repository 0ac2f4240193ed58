"""Before against after: two audits of the same prompts, compared prompt by prompt.

Each figure but distinct-2 is a ratio of sums over prompts. The bootstrap draws prompts, the same ones on both sides,
so what a prompt is like cancels out. Distinct-2 depends on how much text is pooled, so it has no such interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tlpo.errors import UserError
from tlpo.evaluation.intervals import Array, Interval, RatioSums, bootstrap_pairs, interval_of, wilson
from tlpo.evaluation.records import ResponseRecord
from tlpo.evaluation.scoring import score
from tlpo.metrics.characters import character_counts

Key = tuple[str, int]
Groups = dict[Key, list[ResponseRecord]]
Measure = Callable[[ResponseRecord], tuple[float, float]]

_MEASURES: dict[str, Measure] = {
    "letters_share": lambda record: character_counts(record.response, record.language)[0::2],
    "digits_share": lambda record: character_counts(record.response, record.language)[1:],
    "mean_length": lambda record: (len(record.ids), 1),
    "eos_rate": lambda record: (record.finished == "eos", 1),
}


def compare_audits(
    before: Sequence[ResponseRecord], after: Sequence[ResponseRecord], *, resamples: int = 10_000, seed: int = 0
) -> dict[str, Any]:
    """Compare two audits of the same prompts.

    Returns {"overall": C, "languages": {code: C}}, where C holds the number of prompts, `rate` {before, after, fall,
    fall_ci95, relative_fall, relative_fall_ci95}, and {before, after, change, ci95} of letters_share, digits_share,
    mean_length and eos_rate; `distinct_2` has {before, after, change}. Changes are after minus before, falls before
    minus after. relative_fall is null when nothing was confused before.

    Raises UserError when the audits do not hold the same prompts.
    """
    groups_before, groups_after = _by_prompt(before), _by_prompt(after)
    _check_same_prompts(groups_before, groups_after)
    languages = list(dict.fromkeys(language for language, _ in groups_before))

    def compare(keys: Sequence[Key]) -> dict[str, Any]:
        return _compare(keys, groups_before, groups_after, resamples, seed)

    by_language = {code: compare([key for key in groups_before if key[0] == code]) for code in languages}
    overall = by_language[languages[0]] if len(languages) == 1 else compare(list(groups_before))
    return {"overall": overall, "languages": by_language}


def paired_change(before: RatioSums, after: RatioSums, *, resamples: int = 10_000, seed: int = 0) -> dict[str, Any]:
    """{before, after, change, ci95} of a figure, paired by prompt or line."""
    drawn_before, drawn_after = bootstrap_pairs(before, after, resamples=resamples, seed=seed)
    return {
        "before": before.value,
        "after": after.value,
        "change": after.value - before.value,
        "ci95": list(interval_of(drawn_after - drawn_before)),
    }


def _compare(keys: Sequence[Key], before: Groups, after: Groups, resamples: int, seed: int) -> dict[str, Any]:
    """All figures of the prompts in `keys`."""
    figures: dict[str, Any] = {"prompts": len(keys)}
    confused: Measure = lambda record: (record.verdict == "confused", 1)  # noqa: E731
    figures["rate"] = _fall(_sums(keys, before, confused), _sums(keys, after, confused), resamples, seed)
    for name, measure in _MEASURES.items():
        sides = _sums(keys, before, measure), _sums(keys, after, measure)
        figures[name] = paired_change(*sides, resamples=resamples, seed=seed)
    first, last = (score([record for key in keys for record in side[key]])["distinct_2"] for side in (before, after))
    figures["distinct_2"] = {"before": first, "after": last, "change": last - first}
    return figures


def _fall(before: RatioSums, after: RatioSums, resamples: int, seed: int) -> dict[str, Any]:
    """The fall in rate, absolute and relative, with intervals."""
    drawn_before, drawn_after = bootstrap_pairs(before, after, resamples=resamples, seed=seed)
    relative: float | None = None
    relative_ci: list[float] | None = None
    if before.value > 0:
        relative = 1 - after.value / before.value
        relative_ci = list(_relative_interval(before, after, drawn_before, drawn_after))
    return {
        "before": before.value,
        "after": after.value,
        "fall": before.value - after.value,
        "fall_ci95": list(_fall_interval(before, after, drawn_before - drawn_after)),
        "relative_fall": relative,
        "relative_fall_ci95": relative_ci,
    }


def _fall_interval(before: RatioSums, after: RatioSums, drawn: Array) -> Interval:
    """The interval of the fall.

    Where each side's responses are all alike, resamples show no spread: the two Wilson intervals, each prompt counted
    once, are then put together by Newcombe's square-root rule (1998).
    """
    if not {before.value, after.value} <= {0.0, 1.0}:
        return interval_of(drawn)
    n = len(before.numerators)
    (low_1, high_1), (low_2, high_2) = wilson(before.value * n, n), wilson(after.value * n, n)
    fall = before.value - after.value
    down = np.hypot(before.value - low_1, high_2 - after.value)
    up = np.hypot(high_1 - before.value, after.value - low_2)
    return (fall - float(down), fall + float(up))


def _relative_interval(before: RatioSums, after: RatioSums, drawn_before: Array, drawn_after: Array) -> Interval:
    """The interval of the relative fall.

    With nothing confused afterwards every resample says 100 %, so the low end is taken from the Wilson interval of
    the rate afterwards, each prompt counted once.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = interval_of(1 - drawn_after / drawn_before)
    if after.value == 0:
        low = min(low, 1 - wilson(0, len(after.numerators))[1] / before.value)
    return (low, high)


def _sums(keys: Sequence[Key], groups: Groups, measure: Measure) -> RatioSums:
    """The measure's numerators and denominators summed over each prompt's responses."""
    pairs = [np.sum([measure(record) for record in groups[key]], axis=0, dtype=np.float64) for key in keys]
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return RatioSums(table[:, 0], table[:, 1])


def _by_prompt(records: Sequence[ResponseRecord]) -> Groups:
    groups: Groups = {}
    for record in records:
        groups.setdefault((record.language, record.index), []).append(record)
    return groups


def _check_same_prompts(before: Groups, after: Groups) -> None:
    if not before:
        raise UserError("the first audit holds no responses: there is nothing to compare")
    remedy = "compare audits of the same prompts"
    for language, index in [*before, *after]:
        sides = before.get((language, index)), after.get((language, index))
        if sides[0] is None or sides[1] is None:
            side = "first" if sides[0] is None else "second"
            raise UserError(f"prompt {index} ({language}) is missing from the {side} audit: {remedy}")
        if sides[0][0].prompt != sides[1][0].prompt:
            raise UserError(f"prompt {index} ({language}) differs between the audits: {remedy}")
