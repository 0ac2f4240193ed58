"""Training from cached prefixes gives what whole forward passes give: logits, gradients, and the fitted selection."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from tests.models import ARCHITECTURES, ragged_prompts, tiny_model
from torch import Tensor
from transformers import AutoModelForCausalLM, Lfm2Config, Qwen3NextConfig

from tlpo.head_selection.embedding import embedding_shape
from tlpo.head_selection.forward import AnswerLogits
from tlpo.head_selection.injection import Injection
from tlpo.head_selection.items import Item, Suffixes
from tlpo.head_selection.structure import attention_outputs


def ragged_items(count: int = 9, begin: tuple[int, ...] = ()) -> list[Item]:
    """Prompts of 1 to 24 tokens (longer than the tiny Gemma's window) after ``begin``, and answers of 1 to 4."""
    prompts = [[33], *ragged_prompts(count - 1)]
    return [Item((*begin, *prompt), tuple(range(50 + n, 51 + n + n % 4))) for n, prompt in enumerate(prompts)]


def whole(model: Any, item: Item, embedding: Tensor, alpha: Tensor) -> Tensor:
    """Logits at one item's places from one unpadded forward pass: (answer + 1, V)."""
    end = len(item.prompt) - 1
    with Injection(model, attention_outputs(model), embedding, alpha, torch.tensor([end])):
        logits: Tensor = model(torch.tensor([[*item.prompt, *item.answer]]), use_cache=False).logits[0, end:]
    return logits


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("begin", [(), tuple(range(200, 211))], ids=["nothing shared", "a shared beginning"])
def test_cached_logits_and_gradients_equal_whole_passes(architecture: str, begin: tuple[int, ...]) -> None:
    model, items = tiny_model(architecture).requires_grad_(False), ragged_items(begin=begin)
    outputs = attention_outputs(model)
    answers = AnswerLogits(model, outputs, items, pad_id=0)
    assert answers.cached
    generator = torch.Generator().manual_seed(0)
    embedding = torch.randn(len(items), *embedding_shape(outputs), generator=generator)
    alpha = torch.rand(embedding.shape[:3], generator=generator)
    for indices in (list(range(len(items))), [4, 0, 7], [0], [0, 0]):
        chosen = [items[index] for index in indices]
        suffixes = Suffixes.of(chosen, whole_answer=True, pad_id=0)
        one, two = (alpha.clone().requires_grad_() for _ in range(2))
        found = answers(suffixes, indices, embedding[indices], one[indices])
        expected = torch.cat([whole(model, items[n], embedding[n : n + 1], two[n : n + 1]) for n in indices])
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
        for logits in (found, expected):
            logits.log_softmax(-1)[torch.arange(len(logits)), suffixes.targets].sum().backward()
        torch.testing.assert_close(one.grad, two.grad, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["linear attention", "convolution"])
def test_models_that_keep_a_running_state_are_passed_whole_prompts(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    small: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 480}
    small |= {"num_key_value_heads": 1, "intermediate_size": 24, "initializer_range": 0.35, "pad_token_id": 0}
    torch.manual_seed(0)
    if kind == "convolution":
        config: Any = Lfm2Config(**small, layer_types=["conv", "full_attention"])
    else:
        linear = {"linear_num_value_heads": 2, "linear_num_key_heads": 2, "linear_key_head_dim": 8}
        experts = {"num_experts": 2, "num_experts_per_tok": 1, "moe_intermediate_size": 8}
        experts |= {"shared_expert_intermediate_size": 8, "head_dim": 8, "linear_value_head_dim": 8}
        config = Qwen3NextConfig(**small, **linear, **experts, layer_types=["linear_attention", "full_attention"])
    model = AutoModelForCausalLM.from_config(config).eval().requires_grad_(False)
    outputs, items = attention_outputs(model), ragged_items()
    with caplog.at_level(logging.WARNING):
        answers = AnswerLogits(model, outputs, items, pad_id=0)
    assert not answers.cached
    assert "passes whole prompts at every step" in caplog.text
    embedding, alpha = torch.randn(1, *embedding_shape(outputs)), torch.full((1, 1, 2), 0.7, requires_grad=True)
    suffixes = Suffixes.of(items, whole_answer=True, pad_id=0)
    found = answers(suffixes, range(len(items)), embedding, alpha)
    expected = torch.cat([whole(model, item, embedding, alpha) for item in items])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
    found.sum().backward()
    assert alpha.grad is not None
    assert alpha.grad.abs().min() > 0
