"""Next-token logits at one position of many prefixes: the only forward pass TLPO's update needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from torch import nn


def next_token_logits(model: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
    """Logits after the last position of each left-padded prefix.

    The language-model head is applied at that one position, so that the logits take (P, V) and not (P, L, V), and no
    cache is kept.

    Args:
        model: a causal LM, wrapped for data parallelism or not.
        inputs: ``input_ids``, ``attention_mask`` and ``position_ids``, each (P, L), padded on the left.

    Returns:
        (P, V).
    """
    return last_logits(model, inputs, 1)[:, -1]


def last_logits(model: nn.Module, inputs: dict[str, Tensor], count: int) -> Tensor:
    """Logits after the last ``count`` positions of each left-padded prefix, padding included where a prefix is shorter.

    Args:
        model, inputs: as for :func:`next_token_logits`.
        count: positions, >= 1.

    Returns:
        (P, min(count, L), V), the last position last.
    """
    logits: Tensor = model(**inputs, use_cache=False, logits_to_keep=count).logits
    return logits[:, -count:]
