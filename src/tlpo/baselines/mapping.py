"""The common options as TRL's: a table for each method (docs/baselines.md shows it), and what is derived."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from transformers import TrainingArguments

from tlpo.loop.config import MethodConfig

RENAMED: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "sft": {},
        "dpo": {"beta": "beta", "loss_type": "loss_type"},
        "orpo": {"beta": "beta"},
        "grpo": {
            "num_generations": "num_generations",
            "max_new_tokens": "max_completion_length",
            "temperature": "temperature",
            "top_p": "top_p",
            "beta": "beta",
            "epsilon": "epsilon",
            "loss_type": "loss_type",
            "scale_rewards": "scale_rewards",
        },
    }
)
"""{option: TRL's name of it}, for each method. The options of ``TrainingArguments`` keep their names."""

FIXED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # Rows come as token ids with labels, cut to length.
        "sft": {"max_length": None, "dataset_kwargs": {"skip_prepare_dataset": True}},
        "dpo": {"max_length": None},
        "orpo": {"max_length": sys.maxsize},
        # Rows come in the order of the steps, for the whole run.
        "grpo": {"shuffle_dataset": False, "num_train_epochs": 1},
    }
)
"""{TRL's option: value} that are not the user's, for each method."""


def trl_options(method: str, args: MethodConfig) -> dict[str, Any]:
    """The keyword arguments of TRL's configuration for a method.

    What the common options set is passed on, whatever TRL's own defaults are (bf16 and gradient checkpointing are on
    there, on CPUs too). TRL's batch holds what goes through the model at once; ours counts the prompts, responses or
    pairs of a step.
    """
    options = {entry.name: getattr(args, entry.name) for entry in fields(TrainingArguments) if entry.init}
    options |= {theirs: getattr(args, ours) for ours, theirs in RENAMED[method].items()}
    rows = args.per_device_train_batch_size * args.gradient_accumulation_steps
    rows *= (args.num_generations or 1) if args.SAMPLES else 1
    held = largest_divisor(rows, args.update_batch_size)
    batch = {"per_device_train_batch_size": held, "gradient_accumulation_steps": rows // held}
    return options | batch | {"remove_unused_columns": False} | dict(FIXED[method])


def largest_divisor(number: int, limit: int) -> int:
    """The largest divisor of ``number`` that is at most ``limit``; both at least 1."""
    return max(divisor for divisor in range(1, min(number, limit) + 1) if number % divisor == 0)
