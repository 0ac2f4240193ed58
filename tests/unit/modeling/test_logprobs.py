"""Logits at one position of padded prefixes against plain forward passes of each prefix alone."""

from __future__ import annotations

import pytest
import torch
from tests.models import ARCHITECTURES, MIXED, SLIDING_WINDOW, ragged_prompts, tiny_model

from tlpo.modeling.batching import left_pad
from tlpo.modeling.logprobs import last_logits, next_token_logits


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, *MIXED])
def test_padded_rows_give_the_logits_of_each_row_alone(architecture: str) -> None:
    model = tiny_model(architecture, dtype=torch.float64)
    prefixes = [*ragged_prompts(5), list(range(10, 10 + 3 * SLIDING_WINDOW))]
    with torch.no_grad():
        found = next_token_logits(model, left_pad(prefixes, 0).as_inputs())
        alone = torch.stack([model(torch.tensor([p]), use_cache=False).logits[0, -1] for p in prefixes])
    assert found.shape == (len(prefixes), model.config.vocab_size)
    # The states of these two are in float32 whatever the weights are.
    tolerance = 1e-5 if architecture in ("qwen3_5_text", "falcon_h1") else 1e-9
    torch.testing.assert_close(found, alone, rtol=tolerance, atol=tolerance)


def test_the_head_is_applied_at_one_position_only() -> None:
    model = tiny_model("llama")
    seen: list[tuple[int, ...]] = []
    model.lm_head.register_forward_hook(lambda module, args, output: seen.append(tuple(output.shape)))
    next_token_logits(model, left_pad([[5] * 30, [6] * 12], 0).as_inputs())
    assert seen == [(2, 1, model.config.vocab_size)]


@pytest.mark.parametrize("architecture", ["llama", "gemma3"])
def test_the_last_positions_are_those_of_each_row_alone(architecture: str) -> None:
    model = tiny_model(architecture, dtype=torch.float64)
    prefixes = [[5, 6, 7, 8, 9, 10], [11, 12]]
    with torch.no_grad():
        found = last_logits(model, left_pad(prefixes, 0).as_inputs(), 3)
        alone = [model(torch.tensor([p]), use_cache=False).logits[0, -3:] for p in prefixes]
    assert found.shape == (2, 3, model.config.vocab_size)
    torch.testing.assert_close(found[0], alone[0], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(found[1, -2:], alone[1], rtol=1e-9, atol=1e-9)  # before them lies padding
    assert last_logits(model, left_pad([[5, 6]], 0).as_inputs(), 9).shape[1] == 2
