"""The options that all methods share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tlpo.baselines.config import SFTArguments
from tlpo.errors import UserError
from tlpo.loop.config import MethodConfig, RunConfig
from tlpo.training.config import TLPOConfig


@pytest.mark.parametrize("kind", [TLPOConfig, SFTArguments])
def test_a_line_break_in_a_template_can_be_spelt_on_the_command_line(kind: type[MethodConfig], tmp_path: Path) -> None:
    """A shell passes backslash and n on as they stand; every other command takes them for a line break, too."""
    template = "질문: {prompt}\\n\\n답변:\n"
    args = kind(output_dir=str(tmp_path), use_cpu=True, prompt_template=template)
    assert args.prompt_template == "질문: {prompt}\n\n답변:\n"
    assert kind(output_dir=str(tmp_path), use_cpu=True).prompt_template is None


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("learning_rate", float("inf"), "give a finite number of at least 0.0"),
        ("learning_rate", float("nan"), "give a finite number"),
        ("weight_decay", float("nan"), "give a finite number"),
        ("weight_decay", -0.1, "give at least 0"),
        ("max_grad_norm", float("inf"), "give a finite number"),
        ("adam_epsilon", -1e-8, "give at least 0"),
        ("adam_beta1", 1.0, r"give a number in \[0, 1\)"),
        ("adam_beta2", float("nan"), r"give a number in \[0, 1\)"),
        ("warmup_steps", float("inf"), "give a finite number"),
        ("num_train_epochs", 0.0, "give a finite number above 0"),
        ("num_train_epochs", float("nan"), "give a finite number above 0"),
        ("max_steps", 0, "give at least 1, or -1"),
        ("max_steps", -5, "give at least 1, or -1"),
        ("save_steps", 0, "give a finite number above 0"),
        ("dataloader_num_workers", -1, "give at least 0"),
        ("report_to", "foo", "choose from none, all, "),
        ("report_to", ["wnadb"], r"\(did you mean 'wandb'\?\): choose from"),
        ("torch_compile_backend", "inducter", r"\(did you mean 'inductor'\?\): choose one of"),
        ("torch_compile_mode", "fast", "should be one of: default"),
        ("optim_args", "eps", "write NAME=VALUE"),
        ("resume_from_checkpoint", "runs/a/checkpoint-3", "leave it out and give the same command again"),
    ],
)
def test_what_transformers_would_take_or_fail_at_later_is_told_at_once(
    name: str, value: Any, remedy: str, tmp_path: Path
) -> None:
    shown = value[0] if isinstance(value, list) else value
    with pytest.raises(UserError, match=f"^{name} is '?{shown}'?.*{remedy}") as told:
        SFTArguments(output_dir=str(tmp_path), use_cpu=True, **{name: value})
    assert "\n" not in str(told.value)


def test_the_ends_of_the_ranges_are_taken(tmp_path: Path) -> None:
    least = {"learning_rate": 0.0, "max_grad_norm": 0.0, "adam_beta1": 0.0, "max_steps": -1, "max_nonfinite_steps": 0}
    args = SFTArguments(
        output_dir=str(tmp_path), use_cpu=True, report_to="none", torch_compile_backend="eager",
        resume_from_checkpoint="True", save_strategy="no", save_steps=0, **least,
    )  # fmt: skip
    assert {name: getattr(args, name) for name in least} == least


def test_a_report_whose_package_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = "transformers.integrations.integration_utils.get_available_reporting_integrations"
    monkeypatch.setattr(place, lambda: ["tensorboard"])
    with pytest.raises(UserError, match="report_to is 'wandb', which is not installed: install its package"):
        SFTArguments(output_dir=str(tmp_path), use_cpu=True, report_to=["tensorboard", "wandb"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"lora_r": 4, "lora_target_modules": ["q"]},
            "^lora_r, lora_target_modules is given, but without",
        ),
        ({"lora": True, "lora_alpha": 0}, "^lora_alpha is 0: give at least 1$"),
        ({"lora": True, "lora_r": 0, "lora_dropout": 1.0}, "^lora_r is 0: give at least 1; lora_dropout is 1.0: give"),
    ],
)
def test_options_of_an_adapter(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        RunConfig(model="m", **given)


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        ("linear", {"foo": 1}, "unexpected keyword argument 'foo'"),
        ("cosine_with_min_lr", None, "min_lr"),
        ("warmup_stable_decay", '{"num_decay_step": 3}', "num_decay_step"),
    ],
)
def test_a_schedule_without_its_options_or_with_others(kind: str, given: Any, reason: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"with lr_scheduler_type '{kind}' .*{reason}.*: give the options that this"):
        SFTArguments(output_dir=str(tmp_path), use_cpu=True, lr_scheduler_type=kind, lr_scheduler_kwargs=given)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("cosine_with_min_lr", {"min_lr": 1e-7}), ("warmup_stable_decay", '{"num_decay_steps": 3}'),
        ("cosine_with_restarts", {"num_cycles": 2}), ("polynomial", None), ("constant", None),
        ("inverse_sqrt", None),
    ],
)  # fmt: skip
def test_schedules_with_their_options(kind: str, given: Any, tmp_path: Path) -> None:
    args = SFTArguments(output_dir=str(tmp_path), use_cpu=True, lr_scheduler_type=kind, lr_scheduler_kwargs=given)
    assert (args.lr_scheduler_type, args.lr_scheduler_kwargs) == (
        kind,
        json.loads(given) if isinstance(given, str) else given,
    )
