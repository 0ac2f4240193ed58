"""Decoding after a prefill: rows that go on from a cache, a token at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tlpo.errors import UserError

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel
    from transformers.utils.generic import ModelOutput

    from tlpo.modeling.batching import PaddedBatch


class DecodingRows:
    """Copies of prefilled rows that are continued together.

    Args:
        model: what prefilled them.
        cache: of that prefill; used up.
        batch: the B rows that were prefilled.
        copies: of each row, standing side by side: R = B x copies rows.
    """

    def __init__(self, model: PreTrainedModel, cache: Cache, batch: PaddedBatch, copies: int) -> None:
        self._model, self._cache = model, cache
        self._mask, self._positions = batch.attention_mask, batch.position_ids[:, -1:]
        if copies > 1:
            self.select(torch.arange(len(self._mask), device=self._mask.device).repeat_interleave(copies))

    def select(self, index: Tensor) -> None:
        """Keep the rows at these places, int64, alone; a place may come more than once."""
        # The beam search's method, which layers of every kind have: those of linear attention have no other.
        self._cache.reorder_cache(index)  # type: ignore[arg-type]  # LongTensor is how it calls a Tensor
        self._mask, self._positions = self._mask[index], self._positions[index]

    def step(self, tokens: Tensor) -> Tensor:
        """Append a token to each row: (R,) -> (R, V), the logits after it. Raises UserError where they are NaN."""
        self._mask = torch.cat([self._mask, self._mask.new_ones(len(self._mask), 1)], dim=1)
        self._positions = self._positions + 1
        logits: Tensor = self._model(
            input_ids=tokens[:, None],
            attention_mask=self._mask,
            position_ids=self._positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits
        return refuse_nan(logits[:, -1])


def cache_of(output: ModelOutput) -> Cache:
    """What a prefill leaves behind. Raises UserError for a model that leaves nothing which it would take back."""
    cache: Cache | None = getattr(output, "past_key_values", None)
    if cache is None:
        raise UserError(
            "the model gives no cache of keys and values back (past_key_values), as models without attention do not: "
            "only models that do can be sampled from here"
        )
    return cache


def refuse_nan(logits: Tensor) -> Tensor:
    """The logits, of any shape. Raises UserError where one is NaN: sampling from them would mean nothing."""
    if logits.isnan().any():
        raise UserError(
            "the model's logits are not numbers: its weights are damaged, its dtype is too narrow, or a training at "
            "too high a learning rate has broken it"
        )
    return logits
