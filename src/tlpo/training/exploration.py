"""Exploration: what else could the policy have said at the confusion point, and where would it have led?

One batched prefill serves all points, as far as the bound on the rows that are decoded together allows: its last
position gives the candidates, its cache, repeated once per candidate, gives their greedy continuations.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from tlpo.modeling.batching import PaddedBatch, left_pad
from tlpo.modeling.decoding import DecodingRows, cache_of
from tlpo.training.candidates import ExplorationSettings, choose_candidates

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import Cache, PreTrainedModel


@dataclass
class Candidate:
    """One token tried at a confusion point.

    Attributes:
        token: its id.
        prob: its probability under the policy at temperature 1.
        continuation: the candidate and the greedy tokens after it, up to and including an end of sequence: 1 to k + 1.
    """

    token: int
    prob: float
    continuation: list[int]


@torch.no_grad()
def explore(
    model: PreTrainedModel,
    prefixes: Sequence[Sequence[int]],
    sampled: Sequence[int],
    settings: ExplorationSettings,
    *,
    eos_ids: frozenset[int],
    pad_id: int,
    draw_keys: Sequence[tuple[int, ...]] | None = None,
    confused: Tensor | None = None,
) -> list[list[Candidate]]:
    """Candidates and continuations for each confusion point.

    Args:
        model: the policy.
        prefixes: for each point the prompt's and the response's token ids before the confusion token.
        sampled: for each point the confusion token itself.
        settings: see :class:`ExplorationSettings`.
        eos_ids: ids that end a response.
        pad_id: any valid id.
        draw_keys: (seed, step, ...) of each point; needed with ``source="sample"`` and ``settings.confused``.
        confused: (P, V) bool, the tokens that are wrong by themselves; needed with ``settings.confused`` alone.

    Returns:
        For each point its N candidates in the order of :func:`tlpo.training.candidates.choose_candidates`.

    Raises:
        UserError: if N exceeds the vocabulary.
    """
    candidates: list[list[Candidate]] = [[] for _ in prefixes]
    was_training = model.training
    model.train(False)
    try:
        for chunk in _chunks(prefixes, max(1, settings.batch_size // settings.num_candidates)):
            keys = [draw_keys[place] for place in chunk] if draw_keys is not None else None
            wrong = confused[chunk] if confused is not None else None
            found = _explore_chunk(
                model,
                [prefixes[place] for place in chunk],
                [sampled[place] for place in chunk],
                settings,
                eos_ids,
                pad_id,
                keys,
                wrong,
            )
            for place, group in zip(chunk, found, strict=True):
                candidates[place] = group
    finally:
        model.train(was_training)
    return candidates


def _chunks(prefixes: Sequence[Sequence[int]], size: int) -> Iterator[list[int]]:
    order = sorted(range(len(prefixes)), key=lambda place: (-len(prefixes[place]), place))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _explore_chunk(
    model: PreTrainedModel,
    prefixes: list[Sequence[int]],
    sampled: list[int],
    settings: ExplorationSettings,
    eos_ids: frozenset[int],
    pad_id: int,
    keys: list[tuple[int, ...]] | None,
    confused: Tensor | None,
) -> list[list[Candidate]]:
    batch = left_pad(prefixes, pad_id, model.device)
    output = model(**batch.as_inputs(), use_cache=settings.look_ahead > 0, logits_to_keep=1)
    probs = torch.softmax(output.logits[:, -1].float(), dim=-1)
    tokens = choose_candidates(probs, torch.tensor(sampled, device=probs.device), settings, keys, confused)
    if settings.look_ahead > 0:
        cache = cache_of(output)
        del output
        width = max(1, settings.batch_size // len(tokens))  # below N where a single point is more than may be decoded
        pieces = torch.split(tokens, width, dim=1)
        found = [
            _continue(model, copy.deepcopy(cache) if len(pieces) > 1 else cache, batch, piece, settings.look_ahead)
            for piece in pieces
        ]
        continuations = torch.cat(found, dim=1).tolist()
    else:
        continuations = tokens[..., None].tolist()
    chosen_probs = probs.gather(-1, tokens).tolist()
    return [
        [
            Candidate(ids[0], prob, _until_end(ids, eos_ids))
            for ids, prob in zip(continuations[point], chosen_probs[point], strict=True)
        ]
        for point in range(len(prefixes))
    ]


def _continue(model: PreTrainedModel, cache: Cache, prefixes: PaddedBatch, tokens: Tensor, count: int) -> Tensor:
    """``count`` greedy tokens after each of a prefix's candidates: (P, W) -> (P, W, 1 + count). Uses the cache up."""
    rows = DecodingRows(model, cache, prefixes, tokens.shape[1])
    steps = [tokens]
    for _ in range(count):
        steps.append(rows.step(steps[-1].reshape(-1)).argmax(dim=-1).view_as(tokens))
    return torch.stack(steps, dim=-1)


def _until_end(ids: list[int], eos_ids: frozenset[int]) -> list[int]:
    for place, token in enumerate(ids):
        if token in eos_ids:
            return ids[: place + 1]
    return ids
