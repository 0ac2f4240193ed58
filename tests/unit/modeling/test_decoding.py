"""Models that cannot be decoded are told in one line; the size of the cache is the one that it has."""

from __future__ import annotations

import pytest
import torch
from tests.models import ARCHITECTURES, tiny_model, tokenizer
from transformers import MambaConfig, MambaForCausalLM

from tlpo.errors import UserError
from tlpo.modeling.cache_size import bytes_a_token
from tlpo.modeling.generation import GenerationSettings, generate
from tlpo.training.candidates import ExplorationSettings
from tlpo.training.exploration import explore


def test_a_model_without_keys_and_values_is_refused() -> None:
    model = MambaForCausalLM(MambaConfig(vocab_size=480, hidden_size=16, num_hidden_layers=1, state_size=4)).eval()
    with pytest.raises(UserError, match="gives no cache of keys and values back"):
        generate(model, tokenizer(), [[5, 6, 7]], GenerationSettings(max_new_tokens=2))
    with pytest.raises(UserError, match="gives no cache of keys and values back"):
        explore(model, [[5, 6, 7]], [8], ExplorationSettings(num_candidates=4), eos_ids=frozenset(), pad_id=0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_token_takes_as_many_bytes_as_in_the_cache(architecture: str) -> None:
    model = tiny_model(architecture)
    with torch.no_grad():
        layers = model(torch.tensor([[5, 6, 7, 8]]), use_cache=True).past_key_values.layers
    kept = sum(part.numel() * part.element_size() for layer in layers for part in (layer.keys, layer.values))
    assert bytes_a_token(model) == kept / 4
