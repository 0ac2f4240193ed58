"""What the trainer does to a model before the first step."""

from __future__ import annotations

import logging

import pytest
import torch
from peft import LoraConfig, get_peft_model
from tests.models import tiny_model

from tlpo.errors import UserError
from tlpo.loop.setup import check_adapter, refuse_frozen, with_master_weights

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
