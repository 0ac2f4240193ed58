"""What is wrong with options that transformers takes without a look: told before the first step, all at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from transformers import TrainingArguments, get_scheduler

from tlpo.errors import UserError, did_you_mean

AT_LEAST: Mapping[str, float] = {
    "learning_rate": 0.0,
    "weight_decay": 0.0,
    "max_grad_norm": 0.0,
    "adam_epsilon": 0.0,
    "warmup_steps": 0.0,
    "dataloader_num_workers": 0,
}
"""The lower bounds of options that are the library's own."""
# Reports that need a program rather than a package, or whose package stands for another's, too.
_NO_PACKAGE = ("azure_ml", "flyte", "kubeflow")


def low(args: Any, least: Mapping[str, float]) -> list[str]:
    """The options below their bound, and those that are no finite number. least: {option: its bound}."""
    problems = []
    for name, bound in least.items():
        value = getattr(args, name)
        if value is not None and not bound <= value < math.inf:  # NaN is no number
            finite = "" if -math.inf < value < math.inf else "a finite number of "
            problems.append(f"{name} is {value}: give {finite}at least {bound}")
    return problems


def unusable_steps(args: TrainingArguments) -> list[str]:
    """What is wrong with how long a run is, how often it saves, and the optimizer's betas."""
    problems = []
    if args.max_steps != -1 and args.max_steps < 1:
        problems.append(f"max_steps is {args.max_steps}: give at least 1, or -1 to go by num_train_epochs")
    above = ["num_train_epochs"]
    above += [f"{kind}_steps" for kind in ("save", "eval", "logging") if getattr(args, f"{kind}_strategy") == "steps"]
    for name in above:
        value = getattr(args, name)
        if value is not None and not 0 < value < math.inf:
            problems.append(f"{name} is {value}: give a finite number above 0")
    problems += [
        f"{name} is {getattr(args, name)}: give a number in [0, 1)"
        for name in ("adam_beta1", "adam_beta2")
        if not 0 <= getattr(args, name) < 1
    ]
    return problems


def unknown_to_libraries(args: TrainingArguments) -> list[str]:
    """What only a library knows, and would refuse once the trainer is made."""
    problems = [*_unknown_reports(args.report_to), *_unknown_backend(args.torch_compile_backend)]
    if args.torch_compile_mode is not None and args.torch_compile_backend in (None, "inductor"):
        try:
            torch.compile(torch.nn.Identity(), mode=args.torch_compile_mode)  # which compiles nothing before a call
        except RuntimeError as error:
            problems.append(f"torch_compile_mode is '{args.torch_compile_mode}': {' '.join(str(error).split())}")
    pairs = args.optim_args.split(",") if args.optim_args else []
    if any(pair.count("=") != 1 for pair in pairs):
        problems.append(f"optim_args is '{args.optim_args}': write NAME=VALUE, several with commas between")
    return problems


def refuse_unusable_schedule(args: TrainingArguments) -> None:
    """Raises UserError for options of the learning rate's schedule that it lacks or does not take.

    To be called once the library has read the options.
    """
    optimizer = torch.optim.SGD([torch.zeros(1)])
    kind = args.lr_scheduler_type
    given: Any = args.lr_scheduler_kwargs  # a mapping by now
    try:
        # No step is taken: the numbers stand for any.
        get_scheduler(kind, optimizer, num_warmup_steps=1, num_training_steps=10, scheduler_specific_kwargs=given)
    except (TypeError, ValueError) as error:
        name = getattr(kind, "value", kind)
        raise UserError(
            f"lr_scheduler_kwargs {given} cannot be used with lr_scheduler_type '{name}' ({error}): give the options "
            "that this schedule takes, or choose another"
        ) from None


def _unknown_reports(given: str | list[str] | None) -> list[str]:
    from transformers.integrations.integration_utils import (
        INTEGRATION_TO_CALLBACK,
        get_available_reporting_integrations,
    )

    names = [given] if isinstance(given, str) else given or []
    if names in ([], ["none"], ["all"]):
        return []
    there = {*get_available_reporting_integrations(), *_NO_PACKAGE}  # type: ignore[no-untyped-call]
    known = list(INTEGRATION_TO_CALLBACK)
    told = ", ".join(["none", "all", *known])
    return [
        f"report_to is '{name}', which is not installed: install its package, or leave report_to out"
        if name in known
        else f"report_to is '{name}'{did_you_mean(name, known)}: choose from {told}"
        for name in names
        if name not in there
    ]


def _unknown_backend(given: str | None) -> list[str]:
    from accelerate.utils import DynamoBackend

    known = [str(backend.value).lower() for backend in DynamoBackend]
    if given is None or given.lower() in known:
        return []
    return [f"torch_compile_backend is '{given}'{did_you_mean(given, known)}: choose one of {', '.join(known)}"]
