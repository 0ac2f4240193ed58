"""Candidates: which tokens are tried at a confusion point.

The likeliest ones are what the policy should say instead, and nearly all of them are clean: the group would hold little
of what it should not say. So a few of its places go to tokens that are wrong already by themselves, drawn by their
probability. Mostly each of them is unlikely and all together are not; and lowering drawn ones lowers them all, as the
gradient of log P(wrong) is the mean of the gradients of log p(w) over w drawn from the wrong ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

import torch
from torch import Tensor

from tlpo.errors import UserError
from tlpo.modeling.sampling import uniform_draws

CandidateSource = Literal["top", "sample"]


@dataclass(frozen=True)
class ExplorationSettings:
    """Size and source of the candidate group.

    Attributes:
        num_candidates: N, the tokens tried at each point.
        look_ahead: k, the greedy tokens that follow each candidate before it is judged.
        source: ``top`` takes the N likeliest tokens (the paper); ``sample`` draws N different ones.
        temperature: at which ``sample`` draws; 1 is the paper's multinomial ablation. Above it more of the group are
            unlikely tokens.
        include_sampled: put the token that was sampled into the group, in place of the last candidate, if it is not
            among them already. Sampled at temperature 1 or above it often lies outside the top N, every candidate is
            then clean and the point teaches nothing.
        confused: of the N, how many places go to further tokens that are wrong by themselves, drawn without replacement
            by their probability; the likeliest others stand in where there are too few. 0 is the paper's.
        batch_size: candidate rows decoded together (points x N); bounds the memory.
    """

    num_candidates: int = 16
    look_ahead: int = 3
    source: CandidateSource = "top"
    include_sampled: bool = True
    batch_size: int = 256
    temperature: float = 1.0
    confused: int = 0


def sampled_alone(settings: ExplorationSettings) -> ExplorationSettings:
    """The settings that follow nothing but the sampled token, and prefill as many prefixes together as before."""
    together = max(1, settings.batch_size // settings.num_candidates)
    return replace(settings, num_candidates=1, confused=0, source="top", include_sampled=True, batch_size=together)


def choose_candidates(
    probs: Tensor,
    sampled: Tensor,
    settings: ExplorationSettings,
    keys: Sequence[tuple[int, ...]] | None = None,
    confused: Tensor | None = None,
) -> Tensor:
    """The tokens of each group.

    Args:
        probs: (P, V), the policy's at temperature 1.
        sampled: (P,), the confusion tokens.
        settings: see :class:`ExplorationSettings`.
        keys: (seed, step, ...) of each point, for ``source="sample"`` and ``settings.confused``.
        confused: (P, V) bool, the tokens that are wrong by themselves, for ``settings.confused``.

    Returns:
        (P, N) different ids a row: likeliest first, or as they were drawn; before the last one those that are wrong by
        themselves; the sampled token last, if it had to be put in.

    Raises:
        UserError: if N exceeds the vocabulary.
    """
    if settings.num_candidates > probs.shape[-1]:
        raise UserError(
            f"num_candidates is {settings.num_candidates}, but the model's vocabulary has {probs.shape[-1]} tokens: "
            "choose a smaller number"
        )
    if not settings.confused:
        return _by_probability(probs, sampled, settings, keys)
    if confused is None or keys is None:
        raise ValueError("settings.confused needs keys and the confused tokens")
    others = replace(settings, num_candidates=settings.num_candidates - settings.confused)
    tokens = _by_probability(probs, sampled, others, keys)
    races = _races(probs, 1.0, [(*key, 1) for key in keys]).masked_fill(~confused, -torch.inf)
    scores, drawn = races.topk(settings.num_candidates, dim=-1)
    likeliest = probs.topk(settings.num_candidates, dim=-1).indices
    further = [
        _further(set(taken), wrong[possible].tolist(), ranked, settings.confused)
        for taken, wrong, possible, ranked in zip(
            tokens.tolist(), drawn, scores > -torch.inf, likeliest.tolist(), strict=True
        )
    ]
    return torch.cat([tokens[:, :-1], torch.tensor(further, device=tokens.device), tokens[:, -1:]], dim=-1)


def _by_probability(
    probs: Tensor, sampled: Tensor, settings: ExplorationSettings, keys: Sequence[tuple[int, ...]] | None
) -> Tensor:
    scores = probs
    if settings.source == "sample":
        if keys is None:
            raise ValueError("source='sample' needs keys")
        scores = _races(probs, settings.temperature, keys)
    tokens = scores.topk(settings.num_candidates, dim=-1).indices
    if settings.include_sampled:
        missing = (tokens != sampled[:, None]).all(dim=-1)
        tokens[:, -1] = torch.where(missing, sampled, tokens[:, -1])
    return tokens


def _races(probs: Tensor, temperature: float, keys: Sequence[tuple[int, ...]]) -> Tensor:
    """Scores (P, V) whose N largest are a sample of N tokens without replacement, at that temperature.

    The N largest of q / Exp(1) draws are one from q (exponential races); here q is p ** (1 / temperature), and
    everything is a logarithm.
    """
    draws = torch.stack([uniform_draws(key[0], key[1], key[2:], probs.shape[-1]) for key in keys])
    races = (-torch.log1p(-draws.to(probs.device))).clamp_min(1e-30)
    return probs.log() / temperature - races.log()


def _further(taken: set[int], wrong: Iterable[int], ranked: Iterable[int], count: int) -> list[int]:
    """``count`` tokens that are not taken: the first wrong ones, and the likeliest if there are too few."""
    found: list[int] = []
    for token in chain(wrong, ranked):
        if len(found) == count:
            break
        if token not in taken:
            found.append(token)
            taken.add(token)
    return found
