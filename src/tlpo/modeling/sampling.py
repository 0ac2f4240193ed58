"""Sampling the next token, one uniform draw a row, never dearer than the model's own step.

``torch.multinomial`` over a vocabulary of 262k entries costs several times a small model's decode step. Here one pass
turns logits into unnormalised probabilities, block sums narrow the search to one block a row, and the inverse of the
cumulative distribution is read off inside that block. Because the uniform draw is given from outside, a row's sample
does not depend on the batch it sits in.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor


def uniform_draws(seed: int, step: int, row: tuple[int, ...], count: int) -> Tensor:
    """``count`` uniform numbers in [0, 1) for one row, the same on every machine and in every batch.

    The stream is a pure function of (seed, step, row), so a resumed run draws what the unbroken run would have drawn,
    and so does a run with another number of processes.
    """
    sequence = np.random.SeedSequence([seed, step, *row])
    return torch.from_numpy(np.random.Generator(np.random.Philox(sequence)).random(count))


def sample(logits: Tensor, uniform: Tensor, temperature: float, top_p: float = 1.0) -> Tensor:
    """Sample one token a row.

    Args:
        logits: (B, V) float.
        uniform: (B,) draws in [0, 1).
        temperature: >= 0; 0 is greedy.
        top_p: in (0, 1]; the smallest set of most likely tokens whose mass reaches ``top_p`` is kept, and with its last
            token all that are exactly as likely.

    Returns:
        (B,) int64 token ids.
    """
    if temperature == 0:
        return logits.argmax(dim=-1)
    weights = _weights(logits, temperature)
    if top_p < 1:
        return _nucleus(weights, uniform, top_p)
    return _inverse_cdf(weights, uniform)


def _weights(logits: Tensor, temperature: float) -> Tensor:
    """exp((logits - max) / T), zero-padded to a whole number of square-root-sized blocks: (B, blocks * size)."""
    rows, vocabulary = logits.shape
    size = math.isqrt(vocabulary - 1) + 1
    blocks = -(-vocabulary // size)
    buffer = torch.zeros if blocks * size > vocabulary else torch.empty
    weights = buffer((rows, blocks * size), dtype=torch.float32, device=logits.device)
    view = weights[:, :vocabulary]
    torch.sub(logits, logits.amax(dim=-1, keepdim=True), out=view)
    if temperature != 1:
        view.div_(temperature)
    view.exp_()
    return weights.view(rows, blocks, size)


def _inverse_cdf(weights: Tensor, uniform: Tensor) -> Tensor:
    rows, _, size = weights.shape
    cumulative = weights.sum(dim=-1).double().cumsum(dim=-1)
    target = uniform.to(cumulative).unsqueeze(-1) * cumulative[:, -1:]
    block = torch.searchsorted(cumulative, target, right=True).clamp_max(cumulative.shape[1] - 1)
    before = torch.where(block > 0, cumulative.gather(1, (block - 1).clamp_min(0)), 0.0)
    inside = weights[torch.arange(rows, device=weights.device), block.squeeze(-1)]
    place = torch.searchsorted(inside.double().cumsum(dim=-1), target - before, right=True)
    # Rounding can leave the target a hair beyond the block's own sum: then its likeliest token stands in.
    place = torch.where(place < size, place, inside.argmax(dim=-1, keepdim=True))
    return (block * size + place).squeeze(-1)


def _nucleus(weights: Tensor, uniform: Tensor, top_p: float) -> Tensor:
    ascending = _sorted(weights.flatten(1))
    mass = ascending.cumsum(dim=-1, dtype=torch.float64)
    # A token stays while the mass of those above it is short of top_p: while it and those below it exceed the rest.
    first = torch.searchsorted(mass, (1 - top_p) * mass[:, -1:], right=True).clamp_max(mass.shape[1] - 1)
    least = ascending.gather(1, first).unsqueeze(-1)
    return _inverse_cdf(torch.where(weights >= least, weights, 0.0), uniform)


def _sorted(values: Tensor) -> Tensor:
    """Each row in ascending order. On the CPU numpy sorts a vocabulary an order of magnitude faster than torch."""
    if values.device.type == "cpu":
        return torch.from_numpy(np.sort(values.numpy(), axis=-1))
    return values.sort(dim=-1).values
