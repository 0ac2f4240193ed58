"""Prompts whose keys and values are computed once.

Injection changes the last prompt token alone, and attention looks back only: the keys and values of all tokens before
it are the same for every alpha. They are computed once for every item; a training step then passes the last prompt
token and the answer through the model, a handful of tokens whatever the length of the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from tlpo.head_selection.output_layer import only_places
from tlpo.modeling.batching import length_buckets

Pair = tuple[Tensor, Tensor]

_PREFILL_ROWS = 32


class PrefixCache:
    """Keys and values of many prefixes, kept without padding: for each layer one tensor of all tokens.

    The beginning that all prefixes share (BOS, the template's first words) is computed and kept once. Plain caches are
    used for sliding-window layers, too: they keep every token, and the model's own mask says which of them a window
    reaches. Row 0 of every tensor is zeros and stands for padding.

    Args:
        model: the causal LM, in evaluation mode.
        prefixes: N lists of token ids; empty ones are allowed.
    """

    def __init__(self, model: Any, prefixes: Sequence[Sequence[int]]) -> None:
        self._device = model.device
        self._lengths = torch.tensor([len(prefix) for prefix in prefixes])
        self._shared = sum(1 for _ in takewhile(lambda tokens: len(set(tokens)) == 1, zip(*prefixes, strict=False)))
        self._starts = torch.zeros(len(prefixes), dtype=torch.long)
        begin = _prefill(model, [prefixes[0][: self._shared]]) if self._shared else []
        parts, tokens = [begin] if begin else [], 1 + self._shared
        longer = [index for index, prefix in enumerate(prefixes) if len(prefix) > self._shared]
        rest = {index: prefixes[index][self._shared :] for index in longer}
        # Rows of one length only: padding behind the shared beginning would push it out of a sliding window.
        for bucket in length_buckets([len(rest[index]) for index in longer], _PREFILL_ROWS, max_padding=0):
            rows = [longer[place] for place in bucket]
            parts.append(_prefill(model, [rest[row] for row in rows], begin))
            for row in rows:
                self._starts[row] = tokens
                tokens += len(rest[row])
        self._layers = [_joined(layer) for layer in zip(*parts, strict=True)]

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
        own = self._starts[index][:, None] + offset - self._shared
        places = torch.where(offset < 0, 0, torch.where(offset < self._shared, 1 + offset, own)).to(self._device)
        mask, lengths = (offset >= 0).long().to(self._device), lengths.to(self._device)
        if longest == 0:
            return None, mask, lengths
        pairs = [pair and tuple(part[places].transpose(1, 2) for part in pair) for pair in self._layers]
        return DynamicCache([pair or (None, None) for pair in pairs]), mask, lengths


@torch.no_grad()
def _prefill(model: Any, rows: Sequence[Sequence[int]], begin: Sequence[Pair | None] = ()) -> list[Pair | None]:
    """For each layer the keys and values of rows of one length, row by row: each (tokens, kv heads, width).

    begin: what ``_prefill`` gave for the tokens that stand before every row.
    """
    ids = torch.tensor(rows, device=model.device)
    before, (size, length) = next((len(pair[0]) for pair in begin if pair), 0), ids.shape
    spread = [pair and tuple(part.transpose(0, 1).expand(size, -1, -1, -1) for part in pair) for pair in begin]
    cache: Any = DynamicCache([pair or (None, None) for pair in spread] or None)
    first = torch.zeros(1, dtype=torch.long)
    with only_places(model, first, first):
        model(
            input_ids=ids,
            attention_mask=ids.new_ones(size, before + length),
            position_ids=torch.arange(before, before + length, device=ids.device).expand(size, -1),
            past_key_values=cache,
            use_cache=True,
        )
    pairs: list[Pair | None] = []
    for layer in cache.layers:
        if layer.keys is None or layer.keys.numel() == 0:
            pairs.append(None)
            continue
        keys, values = (part[:, :, before:].transpose(1, 2).flatten(0, 1) for part in (layer.keys, layer.values))
        pairs.append((keys, values))
    return pairs


def _joined(parts: Sequence[Pair | None]) -> Pair | None:
    """One layer's tensors of all batches behind a row of zeros; None for a layer that keeps nothing of its own."""
    present = [pair for pair in parts if pair]
    if not present:
        return None
    keys, values = (torch.cat([torch.zeros_like(present[0][k][:1]), *(pair[k] for pair in present)]) for k in (0, 1))
    return keys, values
