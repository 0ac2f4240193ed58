"""Which training prompts are evaluation prompts too, exactly or nearly.

A model that trained on what it is evaluated on looks better than it is. The evaluation prompts are indexed by shingle,
and a training prompt is dismissed as soon as too many of its own stand in none of them, so that all pairs of a large
training set are compared, without estimates, in seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tlpo.data.records import PromptRecord, user_text
from tlpo.data.similarity import NEAR, check_near, normalise, shingle_size, shingles

# So many pairs are written out; all of them are counted.
LISTED = 1000
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Match:
    """An evaluation prompt that another prompt repeats.

    place: its place among those compared with. similarity: Jaccard's, in (0, 1]; 1 for an exact match.
    """

    place: int
    record: PromptRecord
    kind: Literal["exact", "near"]
    similarity: float


class EvaluationIndex:
    """Evaluation prompts to look others up in. near: Jaccard similarity from which a prompt counts as near.

    Raises UserError when ``near`` is not in (0, 1].
    """

    def __init__(self, records: Sequence[PromptRecord], near: float = NEAR) -> None:
        self._records, self._near = records, check_near(near)
        self._exact: dict[str, int] = {}
        self._holders: dict[str, list[int]] = {}
        self._sizes: list[int] = []
        for place, record in enumerate(records):
            plain = normalise(user_text(record.prompt))
            self._exact.setdefault(plain, place)
            pieces = shingles(plain)
            self._sizes.append(len(pieces))
            for piece in pieces:
                self._holders.setdefault(piece, []).append(place)

    def find(self, text: str) -> Match | None:
        """The evaluation prompt that ``text`` is, or is nearest to; None if none is near. The first one of equals."""
        plain = normalise(text)
        if not plain:
            return None
        if plain in self._exact:
            return self._match(self._exact[plain], "exact", 1.0)
        if not self._may_be_near(plain):
            return None
        pieces = shingles(plain)
        shared = Counter(place for piece in pieces for place in self._holders.get(piece, ()))
        alike = ((count / (len(pieces) + self._sizes[place] - count), -place) for place, count in shared.items())
        similarity, place = max(alike, default=(0.0, 0))
        return self._match(-place, "near", similarity) if similarity >= self._near - _ROUNDING else None

    def _match(self, place: int, kind: Literal["exact", "near"], similarity: float) -> Match:
        return Match(place, self._records[place], kind, similarity)

    def _may_be_near(self, plain: str) -> bool:
        """Whether enough of the text's shingles stand in evaluation prompts at all.

        Jaccard's similarity is at most the share of the text's shingles that the other text has. So the text is out
        once its strangers exceed a share of 1 - near of the shingles it can have.
        """
        size = shingle_size(plain)
        places = max(1, len(plain) - size + 1)
        spare = (1 - self._near) * places + _ROUNDING
        strangers: set[str] = set()
        for start in range(places):
            piece = plain[start : start + size]
            if piece not in self._holders:
                strangers.add(piece)
                if len(strangers) > spare:
                    return False
        return True


def contamination(
    train: Iterable[PromptRecord], evaluation: Sequence[PromptRecord], *, near: float = NEAR
) -> dict[str, Any]:
    """How many of the training prompts are evaluation prompts, as JSON values.

    Returns:
        train, evaluation: prompts compared; exact, near: training prompts that are an evaluation prompt, or near one;
        evaluation_hit: different evaluation prompts among those; threshold: ``near``; pairs: for each of them (the
        first 1,000) kind, similarity, and id, place and text of both.

    Raises:
        UserError: when ``near`` is not in (0, 1].
    """
    index = EvaluationIndex(evaluation, near)
    counts: Counter[str] = Counter()
    hit: set[int] = set()
    pairs: list[dict[str, Any]] = []
    for record in train:
        counts["train"] += 1
        match = index.find(user_text(record.prompt))
        if match is None:
            continue
        counts[match.kind] += 1
        hit.add(match.place)  # records of several files share their index
        if len(pairs) < LISTED:
            pairs.append(_pair(record, match))
    return {
        "train": counts["train"],
        "evaluation": len(evaluation),
        "exact": counts["exact"],
        "near": counts["near"],
        "evaluation_hit": len(hit),
        "threshold": near,
        "pairs": pairs,
    }


def told(found: dict[str, Any]) -> str:
    """What `contamination` returned, in one line."""
    both = f"{found['train']} training and {found['evaluation']} evaluation prompts"
    if not found["exact"] and not found["near"]:
        return f"no contamination: of {both} no two are alike (Jaccard similarity below {found['threshold']:g})"
    return (
        f"contamination: of {both}, {found['exact']} training prompts are evaluation prompts and {found['near']} are "
        f"near one; {found['evaluation_hit']} evaluation prompts are affected"
    )


def _pair(record: PromptRecord, match: Match) -> dict[str, Any]:
    return {
        "kind": match.kind,
        "similarity": round(match.similarity, 4),
        "train": _named(record),
        "evaluation": _named(match.record),
    }


def _named(record: PromptRecord) -> dict[str, Any]:
    return {"id": record.id, "where": record.where, "language": record.language, "prompt": user_text(record.prompt)}
