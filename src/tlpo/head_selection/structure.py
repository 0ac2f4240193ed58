"""Where the heads of a model are: the output projection of every softmax attention, found by structure, not by name.

The input of that projection is all heads' outputs side by side, whatever the number of key-value heads, the window, the
bias or the storage of the weights. Nothing here reads a weight.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from torch import nn

from tlpo.errors import UserError

logger = logging.getLogger(__name__)

_OUTPUT = ("o_proj", "out_proj", "dense", "c_proj", "wo", "Wo", "output.dense")
_QUERY = re.compile(r"(q|wq|qkv|wqkv|query|c_attn|w_pack|att_proj)(_|\b)", re.IGNORECASE)
_LINEAR = re.compile(r"LinearAtt|Lightning|Delta|Mamba|SSM|ShortConv|Rwkv|Retention|LSTM")
_LINEAR_LAYER_TYPES = ("linear", "conv", "mamba", "recurrent")
_ELSEWHERE = re.compile(r"cross|encoder_att|vision|visual|image|audio|speech", re.IGNORECASE)
_HEADS = ("num_heads", "num_attention_heads", "num_query_heads", "n_heads", "n_head", "num_q_heads", "h")
_noticed: WeakSet[nn.Module] = WeakSet()
_WIDTHS = ("in_features", "infeatures", "nx", "input_size", "in_dim")


@dataclass(frozen=True)
class AttentionOutput:
    """One attention's output projection.

    Attributes:
        layer: index of the decoder layer it stands in, from 0.
        name: the projection's path in the model, e.g. ``model.layers.0.self_attn.o_proj``.
        module: the projection; its input is (batch, positions, num_heads * head_dim).
        num_heads: H, query heads.
        head_dim: d, the width of one head in the projection's input.
    """

    layer: int
    name: str
    module: nn.Module
    num_heads: int
    head_dim: int


def attention_outputs(model: nn.Module) -> list[AttentionOutput]:
    """The output projections of a causal LM's softmax attentions, first layer first.

    A module counts as an attention if it holds a query (or joint) projection and an output projection. Layers of linear
    attention, state spaces or convolution keep a running state instead of attending to positions; they are skipped with
    one notice a model. Cross-attention and the encoders of other modalities are left out.

    Raises:
        UserError: the model has none, or the number of heads of one cannot be told.
    """
    found: list[AttentionOutput] = []
    for path, attention in _attentions(model):
        layer = _layer_of(path, attention)
        if _is_linear(attention, layer, model):
            continue
        name, module = _output_of(attention)
        heads, width = _heads_of(attention, model), _width_of(module)
        if not heads or not width or width % heads:
            raise UserError(
                f"cannot tell the heads of '{path}' ({type(attention).__name__}): its output projection '{name}' takes "
                f"{width or 'unknown'} values, and the number of heads is {heads or 'unknown'}"
            )
        found.append(AttentionOutput(layer, f"{path}.{name}", module, heads, width // heads))
    if not found:
        raise UserError(
            f"{type(model).__name__} has no softmax attention with an output projection, which head selection needs: "
            "take another model"
        )
    if model not in _noticed:
        _noticed.add(model)
        for stack, layers in _without_attention(model, found).items():
            logger.warning("%s: layers %s have no softmax attention and are left as they are", stack, layers)
    return found


def _without_attention(model: nn.Module, found: list[AttentionOutput]) -> dict[str, str]:
    """For every stack of layers that has attention the numbers of the layers that have none, as text."""
    stacks: dict[str, set[int]] = {}
    for output in found:
        if numbered := re.match(r"(.*?)\.\d+\.", output.name):
            stacks.setdefault(numbered[1], set()).add(output.layer)
    bare = {name: set(range(len(list(model.get_submodule(name).children())))) - with_ for name, with_ in stacks.items()}
    return {name: ", ".join(map(str, sorted(layers))) for name, layers in bare.items() if layers}


def _attentions(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Modules of the text decoder that hold both a query and an output projection, outermost first."""
    decoder: nn.Module = getattr(model, "get_decoder", lambda: model)()
    if not any(_is_attention(module) for module in decoder.modules()):
        decoder = model  # some models call their output layer the decoder
    inside = {id(module) for module in decoder.modules()}
    taken: list[str] = []
    for path, module in model.named_modules():
        if id(module) not in inside or any(path.startswith(f"{other}.") for other in taken):
            continue
        if path and _ELSEWHERE.search(f"{path.rsplit('.', 1)[-1]} {type(module).__name__}"):
            taken.append(path)
        elif _is_attention(module):
            taken.append(path)
            yield path, module


def _is_attention(module: nn.Module) -> bool:
    inner = getattr(module, "self", None)  # BERT's kin: attention.self.query and attention.output.dense
    names = [name for part in (module, inner) if isinstance(part, nn.Module) for name, _ in part.named_children()]
    return any(_QUERY.match(name) for name in names) and _output_of(module)[1] is not None


def _output_of(attention: nn.Module) -> tuple[str, Any]:
    for name in _OUTPUT:
        module: Any = attention
        for part in name.split("."):
            module = getattr(module, part, None)
        if isinstance(module, nn.Module):
            return name, module
    return "", None


def _layer_of(path: str, attention: nn.Module) -> int:
    numbers = re.findall(r"\.(\d+)(?=\.)", f".{path}.")
    own = getattr(attention, "layer_idx", None)
    return int(numbers[0]) if numbers else int(own or 0)


def _is_linear(attention: nn.Module, layer: int, model: nn.Module) -> bool:
    types = getattr(_text_config(model), "layer_types", None) or ()
    kind = str(types[layer]) if layer < len(types) else ""
    if kind:  # the configuration knows; a class may carry "linear" in the name of its model
        return kind.startswith(_LINEAR_LAYER_TYPES)
    return bool(_LINEAR.search(type(attention).__name__)) or hasattr(attention, "A_log")


def _heads_of(attention: nn.Module, model: nn.Module) -> int | None:
    """Query heads, as the attention itself says, its configuration, or the model's."""
    inner = getattr(attention, "self", None)
    for source in (attention, inner, getattr(attention, "config", None), _text_config(model)):
        for name in _HEADS if source is not None else ():
            value = getattr(source, name, None)
            if isinstance(value, int) and value > 0:
                return value
    return None


def _width_of(module: nn.Module) -> int | None:
    widths = (getattr(module, name, None) for name in _WIDTHS)
    return next((width for width in widths if isinstance(width, int)), None)


def _text_config(model: nn.Module) -> Any:
    config: Any = getattr(model, "config", None)
    return config.get_text_config() if hasattr(config, "get_text_config") else config
