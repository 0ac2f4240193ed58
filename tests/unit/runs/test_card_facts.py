"""What the model card is told about a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tlpo.loop.config import RunConfig
from tlpo.reports.model_card import render_model_card
from tlpo.runs.train import _facts
from tlpo.training.config import TLPOConfig


@pytest.mark.parametrize(
    ("model", "license_"), [("gemma-3-270m", "gemma"), ("smollm2-135m-instruct", "apache-2.0"), ("some/model", None)]
)
def test_the_license_of_the_models_with_short_names(model: str, license_: str | None, tmp_path: Path) -> None:
    args = TLPOConfig(output_dir=str(tmp_path), use_cpu=True, temperature=1.3, audit_temperature=0.7)
    facts = _facts(RunConfig(model=model, language=["ko"]), args, None, {}, "tlpo train")
    card = render_model_card(facts)
    assert (f"license: {license_}" in card) == (license_ is not None)
    assert ("license" in card) == (license_ is not None)
    assert facts["sampling"]["temperature"] == 0.7  # of the audits
    assert "points_per_prompt" in card


def recipe(tmp_path: Path, lora: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    args = TLPOConfig(output_dir=str(tmp_path), use_cpu=True, **options)
    told: dict[str, Any] = _facts(RunConfig(model="m", language=["ko"], **(lora or {})), args, None, {}, None)["recipe"]
    return told


def test_the_card_states_the_optimizer_where_it_is_not_that_of_transformers(tmp_path: Path) -> None:
    told = recipe(tmp_path)
    assert (told["confused_share"], told["ref_model_sync_steps"], told["lr_scheduler_type"]) == (0.125, 0, "linear")
    assert (told["adam_beta2"], told["adam_epsilon"]) == (0.95, 1e-6)  # this package's own defaults
    silent = {"adam_beta1", "weight_decay", "max_grad_norm", "optim", "bf16", "lr_scheduler_kwargs"}
    assert not silent & set(told)
    changed = {"adam_beta1": 0.8, "adam_epsilon": 1e-7, "weight_decay": 0.1, "max_grad_norm": 0.5, "bf16": True}
    changed |= {"optim": "sgd", "ref_model_sync_steps": 2, "rollout_budget": 1000, "prompt_template": "{prompt}:"}
    told = recipe(tmp_path, per_device_train_batch_size=4, **changed)
    assert {name: told[name] for name in changed} == changed
    assert not {"adam_beta2", "adam_epsilon"} & set(recipe(tmp_path, adam_beta2=0.999, adam_epsilon=1e-8))


def test_the_card_states_the_adapter_of_an_adapter_alone(tmp_path: Path) -> None:
    assert not [name for name in recipe(tmp_path) if name.startswith("lora")]
    told = recipe(tmp_path, {"lora": True, "lora_r": 8})
    assert {name: value for name, value in told.items() if name.startswith("lora")} == {
        "lora_r": 8, "lora_alpha": 32, "lora_dropout": 0.0, "lora_target_modules": "all-linear",
    }  # fmt: skip
    assert recipe(tmp_path, {"lora": True, "lora_target_modules": ["q_proj"]})["lora_target_modules"] == ["q_proj"]


def test_the_card_states_the_processes_of_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "processes" not in recipe(tmp_path)
    monkeypatch.setattr(TLPOConfig, "world_size", 4)
    assert recipe(tmp_path)["processes"] == 4


@pytest.mark.parametrize(("path", "which"), [(None, "bundled"), ("somewhere/else/test.jsonl", "test.jsonl")])
def test_the_card_says_what_was_trained_and_evaluated_on(path: str | None, which: str, tmp_path: Path) -> None:
    args = TLPOConfig(output_dir=str(tmp_path), use_cpu=True)
    run = RunConfig(model="m", language=["ko"], eval_prompts=path)
    found = {"train": 100, "evaluation": 60, "exact": 2, "near": 1}
    card = render_model_card(_facts(run, args, None, {}, None, found))
    told = f"of 100 training prompts 2 are among the 60 held-out ones ({which}) and 1 are near one"
    assert f"| contamination | `{told}` |" in card
    assert "contamination" not in render_model_card(_facts(run, args, None, {}, None))


@pytest.mark.parametrize(
    ("evaluation", "told"),
    [
        (0, "not checked: no held-out prompts for sw, hu"),
        (
            60,
            "of 9 training prompts 0 are among the 60 held-out ones (bundled) and 0 are near one; not checked: no "
            "held-out prompts for sw, hu",
        ),
    ],
)
def test_the_card_says_what_was_not_checked(evaluation: int, told: str, tmp_path: Path) -> None:
    args = TLPOConfig(output_dir=str(tmp_path), use_cpu=True)
    found = {"train": 9, "evaluation": evaluation, "exact": 0, "near": 0, "not_checked": ["sw", "hu"]}
    card = render_model_card(_facts(RunConfig(model="m", language=["ko"]), args, None, {}, None, found))
    assert f"| contamination | `{told}` |" in card
