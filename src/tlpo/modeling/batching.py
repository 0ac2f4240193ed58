"""Rows of unequal length as one left-padded batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PaddedBatch:
    """Left-padded token rows: ``input_ids``, ``attention_mask`` and ``position_ids``, each (B, L) int64.

    Positions are explicit and count real tokens only: some architectures (GPT-2) number the padding otherwise.
    """

    input_ids: Tensor
    attention_mask: Tensor
    position_ids: Tensor

    def as_inputs(self) -> dict[str, Tensor]:
        """The tensors by the names of a model's arguments."""
        return {
            "input_ids": self.input_ids,
            "attention_mask": self.attention_mask,
            "position_ids": self.position_ids,
        }


def left_pad(rows: Sequence[Sequence[int]], pad_id: int, device: torch.device | str | None = None) -> PaddedBatch:
    """Pad ``rows`` (non-empty lists of token ids) on the left to the longest of them."""
    length = max(len(row) for row in rows)
    ids = torch.full((len(rows), length), pad_id, dtype=torch.long)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for place, row in enumerate(rows):
        ids[place, length - len(row) :] = torch.tensor(row, dtype=torch.long)
        mask[place, length - len(row) :] = 1
    positions = (mask.cumsum(dim=-1) - 1).clamp_min(0)
    return PaddedBatch(ids.to(device), mask.to(device), positions.to(device))


def length_buckets(lengths: Sequence[int], max_rows: int, max_padding: int) -> list[list[int]]:
    """Group rows of similar length: indices sorted by length, cut into buckets.

    A bucket ends when it holds ``max_rows`` rows, or when the next row would bring its padding above ``max_padding``
    tokens. Longest first, so that a batch too large for the memory shows itself at once.
    """
    buckets: list[list[int]] = []
    padding = 0
    for index in sorted(range(len(lengths)), key=lambda place: (-lengths[place], place)):
        gap = lengths[buckets[-1][0]] - lengths[index] if buckets else 0
        if not buckets or len(buckets[-1]) == max_rows or padding + gap > max_padding:
            buckets.append([])
            padding = gap = 0
        buckets[-1].append(index)
        padding += gap
    return buckets
