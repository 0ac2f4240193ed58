"""Prompts whose keys and values are computed once.

Injection changes the last prompt token alone, and attention looks back only: the keys and values of all tokens before
it are the same for every alpha. They are computed once for every item; a training step then passes the last prompt
token and the answer through the model, a handful of tokens whatever the length of the prompt.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from tlpo.modeling.batching import PaddedBatch, left_pad, length_buckets

logger = logging.getLogger(__name__)

_PREFILL_ROWS = 32
_PREFILL_PADDING = 256


class PrefixCache:
    """Keys and values of many prefixes, kept without padding: for each layer one tensor of all tokens.

    Plain caches are used for sliding-window layers, too: they keep every token, and the model's own mask says which of
    them a window reaches. Row 0 of every tensor is zeros and stands for padding.

    Args:
        model: the causal LM, in evaluation mode.
        prefixes: N lists of token ids; empty ones are allowed.
        pad_id: any token id.
    """

    def __init__(self, model: Any, prefixes: Sequence[Sequence[int]], pad_id: int) -> None:
        self._device = model.device
        self._lengths = torch.tensor([len(prefix) for prefix in prefixes])
        self._starts = torch.ones(len(prefixes), dtype=torch.long)
        self._keys: list[Tensor | None] = []
        self._values: list[Tensor | None] = []
        filled = [index for index, prefix in enumerate(prefixes) if prefix]
        parts: list[list[tuple[Tensor, Tensor] | None]] = []
        tokens = 1
        for bucket in length_buckets([len(prefixes[index]) for index in filled], _PREFILL_ROWS, _PREFILL_PADDING):
            rows = [filled[place] for place in bucket]
            parts.append(_prefill(model, left_pad([prefixes[row] for row in rows], pad_id, self._device)))
            for row in rows:
                self._starts[row] = tokens
                tokens += len(prefixes[row])
        for layer in zip(*parts, strict=True):
            self._keys.append(_joined([pair and pair[0] for pair in layer]))
            self._values.append(_joined([pair and pair[1] for pair in layer]))

    def rows(self, indices: Sequence[int]) -> tuple[DynamicCache | None, Tensor, Tensor]:
        """The prefixes at ``indices``, left-padded to the longest of them.

        Returns:
            their cache (None if all are empty), its attention mask (B, P), and their true lengths (B,).
        """
        index = torch.as_tensor(indices)
        lengths = self._lengths[index]
        longest = int(lengths.max())
        # (B, P): place of every token in the kept tensors, 0 for padding.
        offset = torch.arange(longest) - (longest - lengths)[:, None]
        mask = offset >= 0
        places = torch.where(mask, self._starts[index][:, None] + offset, 0).to(self._device)
        mask, lengths = mask.long().to(self._device), lengths.to(self._device)
        if longest == 0:
            return None, mask, lengths
        pairs = [
            (None, None)
            if keys is None or values is None
            else (keys[places].transpose(1, 2), values[places].transpose(1, 2))
            for keys, values in zip(self._keys, self._values, strict=True)
        ]
        return DynamicCache(pairs), mask, lengths


@torch.no_grad()
def _prefill(model: Any, batch: PaddedBatch) -> list[tuple[Tensor, Tensor] | None]:
    """For each layer the keys and values of the batch's real tokens, row by row: each (tokens, kv heads, width)."""
    cache: Any = DynamicCache()
    model(**batch.as_inputs(), past_key_values=cache, use_cache=True, logits_to_keep=1)
    real = batch.attention_mask.bool()
    pairs: list[tuple[Tensor, Tensor] | None] = []
    for layer in cache.layers:
        kept = layer.keys is not None and layer.keys.numel() > 0
        pairs.append((layer.keys.transpose(1, 2)[real], layer.values.transpose(1, 2)[real]) if kept else None)
    return pairs


def _joined(parts: Sequence[Tensor | None]) -> Tensor | None:
    """One layer's tensors of all buckets behind a row of zeros; None for a layer that keeps nothing of its own."""
    present = [part for part in parts if part is not None]
    return torch.cat([torch.zeros_like(present[0][:1]), *present]) if present else None
