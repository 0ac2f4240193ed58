"""Ways to take the same step: adapter, checkpointing, accumulation, bf16, clipping, and the reference it is held to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from tests.models import tiny_model
from tests.runs import Remembering, history, largest_difference, same, trainer, weights

LORA = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM")

# transformers renames the option in version 6; both names mean the same.
old_name = pytest.mark.filterwarnings("ignore:`gradient_checkpointing` is deprecated:FutureWarning")


@old_name
@pytest.mark.parametrize("checkpointing", [False, True])
def test_lora_trains_the_adapter_alone_and_the_reference_is_the_base(tmp_path: Path, checkpointing: bool) -> None:
    base = tiny_model()
    run = trainer(tmp_path, model=tiny_model(), peft_config=LORA, gradient_checkpointing=checkpointing, max_steps=3)
    before = weights(run.model)
    run.train()
    after = weights(run.model)
    for name, value in after.items():
        if "lora_" not in name:
            assert torch.equal(value, before[name]), name
    assert any(not torch.equal(value, before[name]) for name, value in after.items() if "lora_B" in name)
    kl = [entry["kl"] for entry in history(run)[:3]]
    assert kl[0] == 0
    assert kl[2] > 0
    probe = torch.tensor([[5, 9, 30, 77]])
    with torch.no_grad(), run.reference.model() as reference:  # type: ignore[union-attr]
        assert torch.equal(reference(probe).logits, base(probe).logits)
    with torch.no_grad():
        assert not torch.equal(run.model(probe).logits, base(probe).logits)
    run.save_model(str(tmp_path / "adapter"))
    assert (tmp_path / "adapter" / "adapter_model.safetensors").is_file()


@old_name
@pytest.mark.parametrize("options", [{}, {"peft_config": LORA}], ids=["full", "lora"])
def test_gradient_checkpointing_changes_nothing(tmp_path: Path, options: dict[str, Any]) -> None:
    plain = trainer(tmp_path / "a", max_steps=2, **options)
    plain.train()
    thrifty = trainer(tmp_path / "b", max_steps=2, gradient_checkpointing=True, **options)
    thrifty.train()
    assert largest_difference(weights(plain.model), weights(thrifty.model)) < 1e-6


@old_name
@pytest.mark.parametrize("architecture", ["qwen3", "mistral", "gemma3"])
def test_every_family_with_adapter_checkpointing_and_the_clean_divergence(tmp_path: Path, architecture: str) -> None:
    """Checkpointing changes nothing, in bf16 the adapter learns too, and the base stays what it was."""
    options: dict[str, Any] = {
        "peft_config": LORA, "kl_estimator": "clean", "beta": 0.5, "prefix_beta": 0.5, "max_steps": 2,
    }  # fmt: skip
    found = {}
    for name, more in (("plain", {}), ("thrifty", {"gradient_checkpointing": True}),
                       ("half", {"gradient_checkpointing": True, "bf16": True})):  # fmt: skip
        run = trainer(tmp_path / name, model=tiny_model(architecture), **options, **more)
        before = weights(run.model)
        run.train()
        found[name] = weights(run.model)
        moved = [part for part, value in found[name].items() if not torch.equal(value, before[part])]
        assert moved
        assert all("lora_" in part for part in moved), name
        assert all(value.isfinite().all() for value in found[name].values())
        first, second = (entry["kl_prefix"] for entry in history(run)[:2])
        assert abs(first) < 1e-6 < second or name == "half"
    assert largest_difference(found["plain"], found["thrifty"]) < 1e-6
    assert {value.dtype for part, value in found["half"].items() if "lora_" in part} == {torch.float32}


def test_accumulation_and_update_batches_change_nothing(tmp_path: Path) -> None:
    """1 x 4 prompts, 4 x 1 and 2 x 2 make the same step, and so do few or many points a forward pass."""
    shapes = [
        {"per_device_train_batch_size": 4},
        {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 4},
        {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "update_batch_size": 3},
        {"per_device_train_batch_size": 4, "update_batch_size": 1, "rollout_batch_size": 2},
        {"per_device_train_batch_size": 4, "exploration_batch_size": 8},
    ]
    results = []
    for place, shape in enumerate(shapes):
        run = trainer(tmp_path / str(place), optim="sgd", learning_rate=0.1, **shape)
        run.train()
        results.append((weights(run.model), [entry["confusion/points_used"] for entry in history(run)[:3]]))
    start = weights(tiny_model())
    for found, points in results[1:]:
        assert points == results[0][1]
        assert largest_difference(found, results[0][0]) < 1e-5 * largest_difference(found, start)


def test_bf16_autocast_over_float32_master_weights(tmp_path: Path) -> None:
    kinds: set[torch.dtype] = set()
    model = tiny_model()
    model.model.layers[0].mlp.up_proj.register_forward_hook(lambda module, args, output: kinds.add(output.dtype))
    run = trainer(tmp_path / "a", model=model, bf16=True)
    before = weights(run.model)
    run.train()
    assert kinds == {torch.bfloat16}
    assert {parameter.dtype for parameter in run.model.parameters()} == {torch.float32}
    assert not same(before, weights(run.model))
    # A step far below bf16's resolution survives in the master weights.
    small = trainer(tmp_path / "b", bf16=True, optim="sgd", learning_rate=1e-6, max_steps=1)
    small.train()
    assert 0 < largest_difference(before, weights(small.model)) < 1e-5


def test_clipping_acts_on_the_second_iteration(tmp_path: Path) -> None:
    run = trainer(tmp_path, num_iterations=2, max_steps=4, learning_rate=0.05, kind=Remembering)
    run.train()
    entries = history(run)[:4]
    assert len(run.rounds) == 2
    assert [entry["rollout/tokens"] > 0 for entry in entries] == [True, False, True, False]
    assert entries[0]["ratio/clip_fraction"] == entries[2]["ratio/clip_fraction"] == 0
    assert entries[1]["ratio/clip_fraction"] > 0


@pytest.mark.parametrize(("every", "expected"), [(1, [0, 0, 0, 0]), (2, [0, 1, 0, 1]), (0, [0, 1, 1, 1])])
def test_the_reference_is_refreshed_every_n_steps(tmp_path: Path, every: int, expected: list[int]) -> None:
    run = trainer(tmp_path, ref_model_sync_steps=every, max_steps=4, beta=0.1)
    start = weights(run.model)
    run.train()
    assert [int(entry["kl"] > 1e-9) for entry in history(run)[:4]] == expected
    copy = run.reference.copy  # type: ignore[union-attr]
    assert same(weights(copy), weights(run.model) if every else start)  # type: ignore[arg-type]


def test_the_reference_is_the_model_in_memory(tmp_path: Path) -> None:
    """Not the one on disk that it was loaded from, and none at all without a KL term."""
    tiny_model().save_pretrained(tmp_path / "model")
    edited = type(tiny_model()).from_pretrained(tmp_path / "model")
    with torch.no_grad():
        edited.lm_head.weight.mul_(2)
    run = trainer(tmp_path / "run", model=edited)
    assert same(weights(run.reference.copy), weights(edited))  # type: ignore[arg-type, union-attr]
    assert trainer(tmp_path / "none", beta=0.0).reference is None
