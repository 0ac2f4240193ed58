"""The output projections are found by structure: sizes by hand, on models that are never given weights."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from tests.models import ARCHITECTURES, tiny_model
from torch import nn
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    FalconConfig,
    GPTNeoConfig,
    Lfm2Config,
    MambaConfig,
    OPTConfig,
    PhiConfig,
    Qwen3NextConfig,
)

from tlpo.errors import UserError
from tlpo.head_selection.structure import attention_outputs

_SMALL: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 50}


def empty(config: Any) -> Any:
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_tiny_models(architecture: str) -> None:
    outputs = attention_outputs(tiny_model(architecture))
    name = "transformer.h.{}.attn.c_proj" if architecture == "gpt2" else "model.layers.{}.self_attn.o_proj"
    assert [(out.layer, out.name, out.num_heads, out.head_dim) for out in outputs] == [
        (layer, name.format(layer), 2, 8) for layer in range(2)
    ]


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (OPTConfig(**_SMALL, ffn_dim=8, word_embed_proj_dim=16), "model.decoder.layers.1.self_attn.out_proj"),
        (PhiConfig(**_SMALL, intermediate_size=8), "model.layers.1.self_attn.dense"),
        (BloomConfig(hidden_size=16, n_layer=2, n_head=4, vocab_size=50), "transformer.h.1.self_attention.dense"),
        (FalconConfig(**_SMALL), "transformer.h.1.self_attention.dense"),
        (
            GPTNeoConfig(hidden_size=16, num_layers=2, num_heads=4, attention_types=[[["global"], 2]], vocab_size=50),
            "transformer.h.1.attn.attention.out_proj",
        ),
    ],
)
def test_other_names_and_joint_projections(config: Any, name: str) -> None:
    outputs = attention_outputs(empty(config))
    assert [(out.num_heads, out.head_dim) for out in outputs] == [(4, 4)] * 2
    assert outputs[1].name == name


def test_linear_attention_is_skipped_with_a_notice(caplog: pytest.LogCaptureFixture) -> None:
    kinds = ["linear_attention", "full_attention", "linear_attention", "full_attention"]
    config = Qwen3NextConfig(
        **{**_SMALL, "num_hidden_layers": 4}, layer_types=kinds, head_dim=8, num_experts=2, num_experts_per_tok=1
    )
    with caplog.at_level(logging.WARNING):
        outputs = attention_outputs(empty(config))
    assert [(out.layer, out.num_heads, out.head_dim) for out in outputs] == [(1, 4, 8), (3, 4, 8)]
    assert "model.layers: layers 0, 2 have no softmax attention" in caplog.text


def test_layers_of_convolution_have_no_heads() -> None:
    config = Lfm2Config(**_SMALL, num_key_value_heads=2, intermediate_size=16, layer_types=["conv", "full_attention"])
    assert [out.layer for out in attention_outputs(empty(config))] == [1]


def test_a_model_without_attention() -> None:
    with pytest.raises(UserError, match="MambaForCausalLM has no softmax attention"):
        attention_outputs(empty(MambaConfig(hidden_size=16, num_hidden_layers=1, vocab_size=50)))


class _Packed(nn.Module):
    """A quantised layer as some libraries store it: no ``weight``, only its sizes."""

    def __init__(self, inner: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = inner.in_features, inner.out_features


def test_a_quantised_projection_needs_no_weight() -> None:
    model = tiny_model("llama")
    for layer in model.model.layers:
        layer.self_attn.o_proj = _Packed(layer.self_attn.o_proj)
    assert [(out.num_heads, out.head_dim) for out in attention_outputs(model)] == [(2, 8)] * 2


def test_sizes_that_do_not_fit_are_an_error() -> None:
    model = tiny_model("llama")
    model.config.num_attention_heads = 3
    with pytest.raises(UserError, match="takes 16 values, and the number of heads is 3"):
        attention_outputs(model)


def test_a_model_wrapped_by_peft() -> None:
    from peft import LoraConfig, get_peft_model

    adapted = get_peft_model(tiny_model("llama"), LoraConfig(target_modules=["o_proj", "q_proj"], r=2))
    outputs = attention_outputs(adapted)
    assert [out.name.endswith("layers.0.self_attn.o_proj") for out in outputs] == [True, False]
    assert (outputs[0].num_heads, outputs[0].head_dim) == (2, 8)
