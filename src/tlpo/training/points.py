"""Confusion points: where a sampled response went wrong, and the group of candidates tried there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from tlpo.modeling.alignment import TokenText, confusion_token
from tlpo.modeling.batching import left_pad

if TYPE_CHECKING:
    from torch import Tensor

    from tlpo.data.encoded import EncodedPrompt
    from tlpo.modeling.generation import Completion
    from tlpo.training.exploration import Candidate
    from tlpo.training.rewards import Judged


@dataclass
class ConfusionPoint:
    """One place where a response left its language.

    Attributes:
        prompt_index: the prompt's place in the data set.
        sample: which of the prompt's samples.
        language: the response's language code.
        prefix_ids: prompt and response tokens before the one to explore.
        prefix_text: text of the response's part of them, complete characters only.
        prefix_pending: the bytes of a character that they leave unfinished.
        sampled_id: the token to explore, as it was sampled: the confusion token, the first one that carries part of the
            first confused character, unless the point was moved.
        later_ids: the tokens of the response after it.
        shift: how many tokens after the confusion token it lies (see :mod:`tlpo.training.decisive`).
        response: the sampled text, for logs.
        char_offset: the first confused character in it.
        candidates: filled in by exploration.
        judged: one for each candidate.
        old_logps: log-probabilities of the candidates when they were explored.
        advantages: one for each candidate; all zero if the group has no signal.
    """

    prompt_index: int
    sample: int
    language: str
    prefix_ids: list[int]
    prefix_text: str
    sampled_id: int
    response: str
    char_offset: int
    prefix_pending: bytes = b""
    later_ids: list[int] = field(default_factory=list)
    shift: int = 0
    candidates: list[Candidate] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    old_logps: list[float] = field(default_factory=list)
    advantages: list[float] = field(default_factory=list)

    @classmethod
    def at(
        cls, offset: int, completion: Completion, prompt: EncodedPrompt, sample: int, table: Sequence[bytes]
    ) -> ConfusionPoint:
        """The point at a character of a sampled response. table: bytes of each token id."""
        token = confusion_token(completion.token_of_char, offset)
        before = TokenText(table, completion.ids[:token])
        return cls(
            prompt_index=prompt.index,
            sample=sample,
            language=prompt.language,
            prefix_ids=prompt.ids + completion.ids[:token],
            prefix_text=before.text,
            prefix_pending=before.pending,
            sampled_id=completion.ids[token],
            later_ids=completion.ids[token + 1 :],
            response=completion.text,
            char_offset=offset,
        )

    def move_to(self, place: ConfusionPoint) -> None:
        """Explore at another token of the same response."""
        self.prefix_ids, self.sampled_id, self.later_ids = place.prefix_ids, place.sampled_id, place.later_ids
        self.prefix_text, self.prefix_pending, self.shift = place.prefix_text, place.prefix_pending, place.shift

    @property
    def has_signal(self) -> bool:
        """Whether its group says anything: not all rewards are equal."""
        return any(advantage != 0 for advantage in self.advantages)

    @property
    def mass_correct(self) -> float:
        """The candidates' probability that lies on clean ones, in [0, 1]."""
        total = sum(candidate.prob for candidate in self.candidates)
        clean = sum(c.prob for c, j in zip(self.candidates, self.judged, strict=True) if j.outcome == "clean")
        return clean / total if total > 0 else 0.0


def first_points(points: Sequence[ConfusionPoint], per_prompt: int) -> list[ConfusionPoint]:
    """The first ``per_prompt`` points of each prompt, in order; 0 keeps all."""
    seen: Counter[int] = Counter()
    kept = []
    for point in points:
        seen[point.prompt_index] += 1
        if not per_prompt or seen[point.prompt_index] <= per_prompt:
            kept.append(point)
    return kept


@dataclass(frozen=True)
class Rollout:
    """What a step sampled, for its logs.

    Attributes:
        prompts: of this process.
        completions: for each prompt its responses.
        found: every confusion point in them.
        explored: those of them that candidates were tried at.
    """

    prompts: Sequence[EncodedPrompt]
    completions: Sequence[Sequence[Completion]]
    found: Sequence[ConfusionPoint]
    explored: Sequence[ConfusionPoint]


@dataclass(frozen=True)
class PointRow:
    """What the update needs of one point: one prefix row, one position, N candidates. Serialisable."""

    input_ids: list[int]
    candidate_ids: list[int]
    members: list[bool]
    advantages: list[float]
    old_logps: list[float]
    weight: float = 1.0
    language: str = ""

    @classmethod
    def of(cls, point: ConfusionPoint) -> PointRow:
        """The row of a point that was explored and weighed."""
        return cls(
            input_ids=point.prefix_ids,
            candidate_ids=[candidate.token for candidate in point.candidates],
            members=[judged.member for judged in point.judged],
            advantages=point.advantages,
            old_logps=point.old_logps,
            language=point.language,
        )

    @classmethod
    def empty(cls, token_id: int, width: int) -> PointRow:
        """A row of weight zero, by which a process without points takes part in the backward pass."""
        zeros = [0.0] * width
        return cls([token_id], [token_id] * width, [False] * width, zeros, zeros, weight=0.0)


@dataclass(frozen=True)
class Pending:
    """The rows that the last roll-outs found. waiting: no update has used them, as they are too few."""

    rows: list[PointRow] = field(default_factory=list)
    waiting: bool = False

    def with_found(self, rows: list[PointRow]) -> Pending:
        """After further roll-outs: rows that wait are joined by the new ones, others have had their updates."""
        return Pending(self.rows + rows if self.waiting else rows)

    def chunks(self, size: int, count: int, empty: PointRow) -> list[list[PointRow]]:
        """The rows in ``count`` chunks of at most ``size``; an ``empty`` row where there are not so many."""
        return [self.rows[start * size : (start + 1) * size] or [empty] for start in range(count)]


def collate(rows: Sequence[PointRow], pad_id: int, device: torch.device | str) -> dict[str, Tensor]:
    """Rows as tensors: the left-padded prefix (P, L) three times and, (P, N) each, the candidates' columns."""

    def tensor(values: list[Any], dtype: torch.dtype) -> Tensor:
        return torch.tensor(values, dtype=dtype, device=device)

    return left_pad([row.input_ids for row in rows], pad_id, device).as_inputs() | {
        "candidate_ids": tensor([row.candidate_ids for row in rows], torch.long),
        "members": tensor([row.members for row in rows], torch.bool),
        "advantages": tensor([row.advantages for row in rows], torch.float32),
        "old_logps": tensor([row.old_logps for row in rows], torch.float32),
        "weights": tensor([row.weight for row in rows], torch.float32),
    }
