"""The LoRA baseline: its loss, its training, and that it leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.models import tiny_model, tokenizer
from torch.nn import functional
from transformers import SmolLM3Config, SmolLM3ForCausalLM

from tlpo.errors import UserError
from tlpo.head_selection.generation import answer
from tlpo.head_selection.tasks import load_task
from tlpo.head_selection.templates import Template
from tlpo.runs.heads.lora import LoraOptions, answer_loss, lora_fitted

TASK, TEMPLATE = load_task("next_letter"), Template()
BATCH = [([5, 6, 7, 8], [9, 10]), ([11, 12], [13, 14, 15]), ([16, 17, 18], [19])]


def fitted(model: Any, **options: Any) -> Any:
    settings = LoraOptions(**{"rank": 4, "steps": 30, "batch_size": 4, "learning_rate": 0.02, **options})
    return lora_fitted(model, tokenizer(), TASK, TEMPLATE, settings)


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_the_loss_is_that_of_rows_alone(architecture: str) -> None:
    """Mean over all answer tokens of -log p, each row forwarded by itself without padding."""
    model = tiny_model(architecture)
    losses = []
    with torch.no_grad():
        for prompt, ids in BATCH:
            logits = model(input_ids=torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
            losses.append(functional.cross_entropy(logits, torch.tensor(ids), reduction="none"))
        found = answer_loss(model, BATCH, pad=0)
    assert found.item() == pytest.approx(torch.cat(losses).mean().item(), abs=1e-5)


def test_training_learns_and_leaves_no_trace() -> None:
    model = tiny_model()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    prompts = [TEMPLATE.zero_shot(item.input) for item in TASK.valid]
    plain = answer(model, tokenizer(), prompts, max_new_tokens=4)
    pairs = [
        (tokenizer()(prompt).input_ids, tokenizer()(f" {item.output}\n", add_special_tokens=False).input_ids)
        for prompt, item in zip(prompts, TASK.valid, strict=True)
    ]
    with torch.no_grad():
        untrained = answer_loss(model, pairs, pad=0).item()
    with fitted(model) as fit, torch.no_grad():
        assert answer_loss(fit.model, pairs, pad=0).item() < untrained - 1
        assert fit.parameters == 2 * 4 * (16 + 16 + 16 + 8)  # queries 16 to 16 and values 16 to 8, in two layers
        assert answer(fit.model, tokenizer(), prompts, max_new_tokens=4) != plain
    assert list(model.state_dict()) == list(before)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(weight.requires_grad for weight in model.parameters())
    assert not model.training
    assert answer(model, tokenizer(), prompts, max_new_tokens=4) == plain


def test_query_and_value_projections_are_found_in_models_that_peft_does_not_know() -> None:
    torch.manual_seed(0)
    small = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = SmolLM3ForCausalLM(
        SmolLM3Config(**small, num_key_value_heads=1, vocab_size=480, pad_token_id=0, eos_token_id=2)
    ).eval()
    with fitted(model, steps=1) as fit:
        assert fit.parameters == 2 * 4 * (16 + 16 + 16 + 8)  # as above: no layer of the MLPs


def test_examples_longer_than_the_context() -> None:
    with pytest.raises(UserError, match="does not fit the model's context of 6"), fitted(tiny_model("gpt2", context=6)):
        pass


def test_the_seed_decides() -> None:
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(len(found))  # whatever was drawn before
        with fitted(tiny_model(), steps=3, seed=seed) as fit:
            found.append([weight.detach().clone() for weight in fit.model.parameters() if weight.requires_grad])
    same, other = ([torch.equal(a, b) for a, b in zip(found[0], found[place], strict=True)] for place in (1, 2))
    assert all(same)
    assert not all(other)


def test_a_seed_larger_than_torch_takes() -> None:
    with fitted(tiny_model(), steps=1, seed=10**30) as fit:
        assert fit.parameters > 0


def test_an_error_inside_leaves_the_model_clean() -> None:
    model = tiny_model()
    names = list(model.state_dict())
    with pytest.raises(RuntimeError, match="inside"), fitted(model, steps=1):
        raise RuntimeError("inside")
    assert list(model.state_dict()) == names


def test_the_best_validation_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A learning rate that destroys the model: what was best, before it did, is what comes out."""
    from tlpo.runs.heads import lora

    states: list[tuple[float, list[torch.Tensor]]] = []
    real = lora._validation_loss

    def watched(model: Any, *args: Any) -> float:
        loss = real(model, *args)
        states.append((loss, [w.detach().clone() for w in model.parameters() if w.requires_grad]))
        return loss

    monkeypatch.setattr(lora, "_validation_loss", watched)
    with fitted(tiny_model(), steps=16, validate_every=2, learning_rate=3.0) as fit:
        last = [weight for weight in fit.model.parameters() if weight.requires_grad]
        best = min(states, key=lambda state: state[0])[1]
        assert len(states) == 8
        assert all(torch.equal(a, b) for a, b in zip(last, best, strict=True))
