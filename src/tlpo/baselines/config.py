"""The arguments of each method: the common ones, and those that TRL's trainer of the method adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from tlpo.loop.config import MethodConfig

_HELD = "Examples in one forward and backward pass; bounds the memory of the update."


@dataclass
class SFTArguments(MethodConfig):
    """Supervised fine-tuning on clean responses: the mean negative log-likelihood of their tokens.

    ``per_device_train_batch_size`` counts responses.
    """

    learning_rate: float = field(default=2e-5, metadata={"help": "The initial learning rate of AdamW (TRL's default)."})
    update_batch_size: int = field(default=8, metadata={"help": _HELD})


@dataclass
class DPOArguments(MethodConfig):
    """Direct Preference Optimization (arXiv 2305.18290) on pairs of a clean and a confused response.

    ``per_device_train_batch_size`` counts pairs.
    """

    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType(
        {**MethodConfig.CHOICES, "loss_type": ("sigmoid", "hinge", "ipo", "sigmoid_norm")}
    )
    AT_LEAST: ClassVar[Mapping[str, float]] = MappingProxyType({**MethodConfig.AT_LEAST, "beta": 0.0})

    beta: float = field(default=0.1, metadata={"help": "How strongly the policy is held to the reference model."})
    loss_type: str = field(default="sigmoid", metadata={"help": "The loss: sigmoid (the paper), hinge, ipo ..."})
    learning_rate: float = field(default=1e-6, metadata={"help": "The initial learning rate of AdamW (TRL's default)."})
    update_batch_size: int = field(default=8, metadata={"help": _HELD})


@dataclass
class ORPOArguments(MethodConfig):
    """Odds Ratio Preference Optimization (arXiv 2403.07691) on pairs; it needs no reference model.

    ``per_device_train_batch_size`` counts pairs.
    """

    AT_LEAST: ClassVar[Mapping[str, float]] = MappingProxyType({**MethodConfig.AT_LEAST, "beta": 0.0})

    beta: float = field(default=0.1, metadata={"help": "Weight of the odds-ratio term (the paper's lambda)."})
    learning_rate: float = field(default=1e-6, metadata={"help": "The initial learning rate of AdamW (TRL's default)."})
    # TRL's ORPO holds the logits of both responses over the whole vocabulary.
    update_batch_size: int = field(default=1, metadata={"help": _HELD})


@dataclass
class GRPOArguments(MethodConfig):
    """Group Relative Policy Optimization (arXiv 2402.03300) with the language-consistency reward.

    ``per_device_train_batch_size`` counts prompts, as for TLPO; each has ``num_generations`` responses.
    """

    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType(
        {
            **MethodConfig.CHOICES,
            "loss_type": ("grpo", "bnpo", "dr_grpo", "dapo"),
            "scale_rewards": ("group", "batch", "none"),
            "reward": ("fraction", "binary"),
        }
    )
    AT_LEAST: ClassVar[Mapping[str, float]] = MappingProxyType(
        {**MethodConfig.AT_LEAST, "num_generations": 2, "beta": 0.0}
    )
    SAMPLES: ClassVar[bool] = True

    num_generations: int | None = field(default=4, metadata={"help": "G: responses sampled for each prompt."})
    beta: float = field(default=0.04, metadata={"help": "Weight of the KL term; 0 needs no reference model."})
    epsilon: float = field(default=0.2, metadata={"help": "Clipping range of the probability ratio."})
    loss_type: str = field(
        default="dapo", metadata={"help": "How token losses are averaged: grpo, bnpo, dr_grpo or dapo (TRL's default)."}
    )
    scale_rewards: str = field(
        default="group", metadata={"help": "Rewards are divided by their deviation in the group, the batch, or not."}
    )
    reward: str = field(
        default="fraction",
        metadata={"help": "'fraction': share of words without confusion; 'binary': 1 for a response without any."},
    )
    learning_rate: float = field(default=1e-6, metadata={"help": "The initial learning rate of AdamW (TRL's default)."})
    update_batch_size: int = field(default=8, metadata={"help": "Responses in one forward and backward pass."})

    def further_problems(self) -> list[str]:
        """What is wrong with the options of GRPO alone."""
        problems = []
        if not 0 < self.epsilon < 1:
            problems.append(f"epsilon is {self.epsilon}: give a number in (0, 1)")
        if self.temperature == 0:
            problems.append("temperature is 0, but greedy responses to one prompt are all alike: give more than 0")
        return problems


ARGUMENTS: Mapping[str, type[MethodConfig]] = MappingProxyType(
    {"sft": SFTArguments, "dpo": DPOArguments, "orpo": ORPOArguments, "grpo": GRPOArguments}
)
