"""A response depends on its prompt, its key and its number, never on the batch it is decoded in."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tests.models import SLIDING_WINDOW, ragged_prompts, tiny_model, tokenizer

from tlpo.modeling.generation import GenerationSettings, generate

SETTINGS = GenerationSettings(max_new_tokens=10, temperature=0.9, top_p=0.95, num_generations=8, seed=11)


@pytest.mark.parametrize("architecture", ["llama", "gemma3", "gpt2"])
def test_one_batch_of_eight_equals_eight_batches_of_one(architecture: str) -> None:
    """Padded and unpadded, together and alone, G samples at once and each by itself."""
    model = tiny_model(architecture, dtype=torch.float64)
    model.generation_config.eos_token_id = [2, *range(100, 115)]
    prompts = ragged_prompts(8, longest=3 * SLIDING_WINDOW, seed=5)
    together = generate(model, tokenizer(), prompts, replace(SETTINGS, batch_size=64))
    assert len({len(c.ids) for group in together for c in group}) > 3
    in_small_batches = generate(model, tokenizer(), prompts, replace(SETTINGS, batch_size=1))
    assert together == in_small_batches
    backwards = generate(model, tokenizer(), prompts[::-1], SETTINGS, keys=list(range(8))[::-1])
    assert together == backwards[::-1]
    for key, prompt in enumerate(prompts):
        alone = generate(model, tokenizer(), [prompt], SETTINGS, keys=[key])
        assert together[key] == alone[0]
    fewer = generate(model, tokenizer(), prompts, replace(SETTINGS, num_generations=1))
    assert [group[:1] for group in together] == fewer
