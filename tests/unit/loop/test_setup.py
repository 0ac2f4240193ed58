"""What the trainer does to a model before the first step."""

from __future__ import annotations

import logging

import pytest
import torch
from peft import LoraConfig, get_peft_model
from tests.models import tiny_model
from transformers import Gemma3Config, Gemma3ForConditionalGeneration

from tlpo.errors import UserError
from tlpo.loop.setup import check_adapter, refuse_frozen, with_master_weights, without_dropout

LORA = LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")


def test_16_bit_weights_that_are_trained_become_float32(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        model = with_master_weights(tiny_model().to(torch.bfloat16))
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    assert "are trained in float32" in caplog.text


def test_the_frozen_base_of_an_adapter_keeps_its_type() -> None:
    model = with_master_weights(get_peft_model(tiny_model().to(torch.bfloat16), LORA))
    kinds = {(weight.requires_grad, weight.dtype) for weight in model.parameters()}
    assert kinds == {(True, torch.float32), (False, torch.bfloat16)}


def test_a_model_without_weights_to_train_is_refused() -> None:
    with pytest.raises(UserError, match=r"no weight to train.*is_trainable=True"):
        with_master_weights(tiny_model().requires_grad_(False))
    with pytest.raises(UserError, match="no weight to train"):
        refuse_frozen(tiny_model().requires_grad_(False))


@pytest.fixture
def images() -> Gemma3ForConditionalGeneration:
    """A tiny Gemma 3 that reads images as well."""
    own = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    return Gemma3ForConditionalGeneration(
        Gemma3Config(
            text_config={**own, "vocab_size": 64, "num_hidden_layers": 1, "num_key_value_heads": 1, "head_dim": 8},
            vision_config={**own, "num_hidden_layers": 1, "image_size": 28, "patch_size": 14},
            mm_tokens_per_image=4,
        )
    )


@pytest.mark.parametrize("adapter", [False, True])
def test_of_a_model_that_reads_images_the_text_model_is_trained(
    images: Gemma3ForConditionalGeneration, adapter: bool
) -> None:
    """All that is trained has a gradient: processes that share the work wait for every one of them."""
    config = LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM")
    model = with_master_weights(get_peft_model(images, config) if adapter else images)
    model(input_ids=torch.tensor([[5, 6, 7]])).logits.sum().backward()
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert trained == {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert any("language_model" in name for name in trained)


def test_no_dropout_but_the_adapters_own() -> None:
    ids = torch.tensor([[5, 6, 7, 8]])
    model = tiny_model("gpt2").train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.3  # as if the model's configuration said so; 0.1 is GPT-2's own
    assert not torch.equal(model(ids).logits, model(ids).logits)
    assert torch.equal(without_dropout(model)(ids).logits, model(ids).logits)
    config = LoraConfig(r=2, target_modules=["c_attn"], lora_dropout=0.3, task_type="CAUSAL_LM", fan_in_fan_out=True)
    adapted = without_dropout(get_peft_model(tiny_model("gpt2"), config))
    rates = {module.p for module in adapted.modules() if isinstance(module, torch.nn.Dropout)}
    assert rates == {0.0, 0.3}


def test_an_adapter_is_tried_before_anything_is_computed() -> None:
    model = tiny_model()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    check_adapter(model, None)
    check_adapter(model, LORA)
    check_adapter(model, LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM"))
    with pytest.raises(UserError, match=r"does not fit the model: Target modules .*wq.* not found"):
        check_adapter(model, LoraConfig(r=2, target_modules=["wq"], task_type="CAUSAL_LM"))
    assert model.state_dict().keys() == before.keys()  # the trial was another's
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(weight.device.type == "cpu" and weight.requires_grad for weight in model.parameters())


def test_an_adapter_on_an_adapter_is_refused() -> None:
    with pytest.raises(UserError, match="is an adapter already"):
        check_adapter(get_peft_model(tiny_model(), LORA), LORA)
