"""From responses to an audit's figures. No torch here.

Definitions (all over the responses given):

- rate: confused / n. Undecided responses stay in n and are counted apart.
- letters_share: characters of category L or M that belong to the response language's scripts (Unicode
  Script_Extensions), over all characters that are not white space.
- digits_share: characters of category N (digits, letter and other numbers), over the same.
- mean_length: sampled tokens a response, the end-of-sequence token not counted.
- distinct_2: different pairs of neighbouring token ids over all such pairs, pooled over the responses (after Li et
  al. 2016). It falls as more text is pooled: compare only audits of equal size.
- repeats_share: neighbouring pairs of token ids that stood in the same response before, over all its pairs.
- eos_rate: responses that ended themselves rather than reaching the limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from tlpo.evaluation.intervals import clustered_wilson
from tlpo.evaluation.records import ResponseRecord
from tlpo.metrics.characters import character_counts

Figures = dict[str, Any]


def distinct_2(sequences: Iterable[Sequence[int]]) -> float:
    """Different neighbouring pairs over all neighbouring pairs, in [0, 1]; 0 when there is no pair."""
    return distinct_n(sequences, 2)


def distinct_n(sequences: Iterable[Sequence[int]], n: int) -> float:
    """Different runs of n neighbouring tokens over all such runs, in [0, 1]; 0 when there is none."""
    runs = [run for ids in sequences for run in zip(*(ids[start:] for start in range(n)), strict=False)]
    return len(set(runs)) / len(runs) if runs else 0.0


def repeated_pairs(ids: Sequence[int]) -> tuple[int, int]:
    """(neighbouring pairs of tokens that the response has had before, all its neighbouring pairs)."""
    pairs = list(pairwise(ids))
    return len(pairs) - len(set(pairs)), len(pairs)


def prompt_clusters(records: Iterable[ResponseRecord]) -> list[tuple[int, int]]:
    """(confused, responses) of each prompt, in the order in which the prompts first appear."""
    counts: dict[tuple[str, int], list[int]] = {}
    for record in records:
        pair = counts.setdefault((record.language, record.index), [0, 0])
        pair[0] += record.verdict == "confused"
        pair[1] += 1
    return [(confused, total) for confused, total in counts.values()]


def score(records: Sequence[ResponseRecord]) -> Figures:
    """The figures of the responses, defined at the top of this file; shares and rates in [0, 1]."""
    n = len(records)
    counts = [character_counts(record.response, record.language) for record in records]
    letters, digits, characters = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0, 0)
    confused = sum(record.verdict == "confused" for record in records)
    return {
        "n": n,
        "prompts": len({(record.language, record.index) for record in records}),
        "confused": confused,
        "undecided": sum(record.verdict == "undecided" for record in records),
        "rate": _ratio(confused, n),
        "ci95": list(clustered_wilson(prompt_clusters(records))),
        "letters_share": _ratio(letters, characters),
        "digits_share": _ratio(digits, characters),
        "mean_length": _ratio(sum(len(record.ids) for record in records), n),
        "distinct_2": distinct_2(record.ids for record in records),
        "eos_rate": _ratio(sum(record.finished == "eos" for record in records), n),
    }


def score_by_language(records: Sequence[ResponseRecord]) -> dict[str, Figures]:
    """`score` of each language apart, in the order in which the languages first appear."""
    groups: dict[str, list[ResponseRecord]] = {}
    for record in records:
        groups.setdefault(record.language, []).append(record)
    return {language: score(group) for language, group in groups.items()}


def examples(records: Sequence[ResponseRecord], limit: int = 5) -> list[dict[str, Any]]:
    """The first confused responses, `limit` at most: prompt, response, language, confusion_point, span."""
    confused = [record for record in records if record.verdict == "confused"][:limit]
    return [
        {
            "language": record.language,
            "prompt": record.prompt_text,
            "response": record.response,
            "confusion_point": record.confusion_point,
            "span": record.spans[0] if record.spans else None,
        }
        for record in confused
    ]


def _ratio(part: float, whole: float) -> float:
    """part / whole; 0 when there is nothing to count."""
    return part / whole if whole else 0.0
