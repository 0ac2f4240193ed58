"""Logits of answers under injection: from cached prefixes where the model allows it, otherwise from whole prompts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tlpo.head_selection.embedding import embedding_shape
from tlpo.head_selection.injection import Injection
from tlpo.head_selection.items import Item, Suffixes
from tlpo.head_selection.output_layer import only_places
from tlpo.head_selection.prefix import PrefixCache
from tlpo.head_selection.structure import AttentionOutput
from tlpo.modeling.batching import left_pad

logger = logging.getLogger(__name__)

_TOLERANCE, _TOLERANCE_16_BITS = 1e-3, 0.5
"""Largest difference of log-probabilities between cached and whole prompts."""
_UNUSABLE = (AttributeError, IndexError, KeyError, NotImplementedError, RuntimeError, TypeError, ValueError)
"""What models raise that cannot go on from a plain cache."""


class AnswerLogits:
    """Logits at the answers' places for batches of a fixed list of items.

    Keys and values before the last prompt tokens are computed once, on construction. First two items are compared with
    whole forward passes: a model whose cache cannot be used so (state spaces, linear attention, caches of its own) is
    passed whole prompts, with a notice.

    Args:
        model: the causal LM, in evaluation mode.
        outputs: ``attention_outputs(model)``.
        items: all items that will be asked for.
        pad_id: any token id.
        use_cache: False passes whole prompts.
    """

    def __init__(
        self, model: Any, outputs: Sequence[AttentionOutput], items: Sequence[Item], pad_id: int, use_cache: bool = True
    ) -> None:
        self._model, self._outputs, self._items, self._pad_id = model, outputs, items, pad_id
        self._prefixes: PrefixCache | None = None
        if use_cache and self._cache_works():
            self._prefixes = PrefixCache(model, [item.prompt[:-1] for item in items])

    @property
    def cached(self) -> bool:
        """Whether the prefixes are cached."""
        return self._prefixes is not None

    def __call__(self, suffixes: Suffixes, indices: Sequence[int], embedding: Tensor, alpha: Tensor) -> Tensor:
        """(n, V) logits at the places of ``suffixes``, which are those of the items at ``indices``.

        embedding: (B or 1, L, H, d). alpha: (B or 1, L, H), which may require gradients.
        """
        if self._prefixes is not None:
            return self._from_cache(self._prefixes, suffixes, indices, embedding, alpha)
        return self._from_whole([self._items[index] for index in indices], suffixes, embedding, alpha)

    def _from_cache(
        self, prefixes: PrefixCache, suffixes: Suffixes, indices: Sequence[int], embedding: Tensor, alpha: Tensor
    ) -> Tensor:
        cache, mask, lengths = prefixes.rows(indices)
        device, size = mask.device, suffixes.ids.shape[1]
        inputs = {
            "input_ids": suffixes.ids.to(device),
            "attention_mask": torch.cat([mask, suffixes.mask.to(device)], dim=1),
            "position_ids": lengths[:, None] + torch.arange(size, device=device),
            "past_key_values": cache,
            "use_cache": cache is not None,
        }
        ends = torch.full((len(indices),), mask.shape[1])
        return self._run(inputs, suffixes.rows, suffixes.columns, embedding, alpha, ends)

    def _from_whole(self, items: Sequence[Item], suffixes: Suffixes, embedding: Tensor, alpha: Tensor) -> Tensor:
        """Prompt and answer in one row, left-padded up to the last prompt token and right-padded after the answer."""
        device = self._model.device
        before = left_pad([item.prompt for item in items], self._pad_id)
        ids = torch.cat([before.input_ids, suffixes.ids[:, 1:]], dim=1)
        mask = torch.cat([before.attention_mask, suffixes.mask[:, 1:]], dim=1)
        positions = (mask.cumsum(dim=-1) - 1).clamp_min(0)
        last = before.input_ids.shape[1] - 1
        inputs = {"input_ids": ids.to(device), "attention_mask": mask.to(device), "position_ids": positions.to(device)}
        ends = torch.full((len(items),), last)
        return self._run(inputs | {"use_cache": False}, suffixes.rows, suffixes.columns + last, embedding, alpha, ends)

    def _run(
        self, inputs: dict[str, Any], rows: Tensor, columns: Tensor, embedding: Tensor, alpha: Tensor, ends: Tensor
    ) -> Tensor:
        with Injection(self._model, self._outputs, embedding, alpha, ends), only_places(self._model, rows, columns):
            logits: Tensor = self._model(**inputs).logits
        return logits[0] if logits.shape[:2] == (1, len(rows)) else logits[rows, columns]

    def _cache_works(self) -> bool:
        """Compare the longest and the shortest prompt with whole forward passes."""
        by_length = sorted(self._items, key=lambda item: len(item.prompt))
        pair = [by_length[-1], by_length[0]]
        suffixes = Suffixes.of(pair, whole_answer=True, pad_id=self._pad_id)
        shape = (1, *embedding_shape(self._outputs))
        probe = torch.zeros(shape), torch.full(shape[:3], 0.5)
        try:
            with torch.no_grad():
                prefixes = PrefixCache(self._model, [item.prompt[:-1] for item in pair])
                cached = self._from_cache(prefixes, suffixes, (0, 1), *probe).float().log_softmax(-1)
                whole = self._from_whole(pair, suffixes, *probe).float().log_softmax(-1)
        except torch.OutOfMemoryError:
            raise
        except _UNUSABLE as error:
            reason = f"its cache cannot be kept ({' '.join(str(error).split())[:100]})"
        else:
            gap = float((cached - whole).abs().max())
            if gap < (_TOLERANCE if self._model.dtype.itemsize >= 4 else _TOLERANCE_16_BITS):
                return True
            reason = f"its cached log-probabilities are off by {gap:.2g}"
        logger.warning("%s passes whole prompts at every step: %s", type(self._model).__name__, reason)
        return False
