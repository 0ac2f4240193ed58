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
    logits: Tensor = model(**inputs, use_cache=False, logits_to_keep=1).logits
    return logits[:, -1]
