"""How much memory a token takes in a model's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def bytes_a_token(model: PreTrainedModel) -> int:
    """What keys and values of one token take, as far as the model's configuration tells it; 0 if it tells nothing.

    An estimate: every layer counts as one of attention, though some share their keys or keep a state of one size.
    """
    config = model.config.get_text_config()
    queries = _told(config, "num_attention_heads")
    heads = _told(config, "num_key_value_heads") or queries
    width = _told(config, "head_dim") or (_told(config, "hidden_size") // queries if queries else 0)
    return 2 * _told(config, "num_hidden_layers") * heads * width * model.dtype.itemsize


def _told(config: Any, name: str) -> int:
    try:
        value = getattr(config, name, None)
    except RuntimeError:  # transformers' answer where layers differ in it
        return 0
    return value if isinstance(value, int) else 0
