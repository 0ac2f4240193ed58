"""``TLPOConfig``: every knob of a TLPO run, on top of the options that all methods share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from tlpo.loop.config import MethodConfig
from tlpo.training.candidates import ExplorationSettings
from tlpo.training.rewards import RewardSettings

RECIPES: dict[str, dict[str, Any]] = {
    "default": {
        "include_sampled_token": True,
        "sampled_reward": "look_ahead",
        "reward_in_context": True,
        "neutral_reward": "drop",
        "end_reward": "drop",
        "look_ahead": 3,
        "temperature": 1.2,
        "num_generations": 4,
        "num_candidates": 64,
        "confused_share": 0.125,
        "advantage": "centered",
        "kl_estimator": "clean",
        "beta": 1.0,
        "prefix_beta": 32.0,
        "min_points": 4,
        "points_per_prompt": 1,
        "max_point_shift": 4,
    },
    "paper": {
        "include_sampled_token": False,
        "sampled_reward": "look_ahead",
        "reward_in_context": False,
        "neutral_reward": "clean",
        "end_reward": "clean",
        "look_ahead": 3,
        "temperature": 0.6,
        "num_generations": 8,
        "num_candidates": 16,
        "confused_share": 0.0,
        "advantage": "probability",
        "kl_estimator": "k3",
        "beta": 0.04,
        "prefix_beta": 0.0,
        "min_points": 1,
        "points_per_prompt": 0,
        "max_point_shift": 0,
    },
}
"""Options that a recipe decides unless the user does. ``paper`` is the published method (arXiv 2604.26553)."""


def _help(text: str, option: str) -> dict[str, str]:
    """The help of an option that the recipe decides, with what each recipe says."""
    told = ", ".join(
        f"{name}: {str(values[option]).lower() if isinstance(values[option], bool) else values[option]}"
        for name, values in RECIPES.items()
    )
    return {"help": f"{text} Decided by the recipe ({told})."}


@dataclass
class TLPOConfig(MethodConfig):
    """Arguments of :class:`tlpo.TLPOTrainer`.

    ``per_device_train_batch_size`` counts prompts; an optimizer step samples ``num_generations`` responses to
    ``per_device_train_batch_size x gradient_accumulation_steps x processes`` prompts and updates at the confusion
    points found in them, at most ``points_per_prompt`` each. Options left at ``None`` are filled in from the recipe.

    Raises:
        UserError: when values are out of range; all of them are named in one message.
    """

    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType(
        {
            **MethodConfig.CHOICES,
            "recipe": tuple(RECIPES),
            "neutral_reward": ("clean", "zero", "drop"),
            "end_reward": ("clean", "zero", "drop"),
            "sampled_reward": ("response", "look_ahead"),
            "advantage": ("probability", "centered", "normalized"),
            "candidate_source": ("top", "sample"),
            "kl_estimator": ("k3", "exact", "clean"),
        }
    )
    AT_LEAST: ClassVar[Mapping[str, float]] = MappingProxyType(
        {
            **MethodConfig.AT_LEAST,
            "num_candidates": 2,
            "look_ahead": 0,
            "exploration_batch_size": 1,
            "num_iterations": 1,
            "ref_model_sync_steps": 0,
            "log_completions": 0,
            "beta": 0.0,
            "prefix_beta": 0.0,
            "prefix_positions": 1,
            "min_points": 1,
            "points_per_prompt": 0,
            "max_point_shift": 0,
        }
    )
    SAMPLES: ClassVar[bool] = True

    recipe: str = field(
        default="default",
        metadata={"help": "Roll-out, reward and objective: 'default', this project's, or 'paper', the published ones."},
    )
    num_generations: int | None = field(
        default=None, metadata=_help("G: responses sampled for each prompt.", "num_generations")
    )
    temperature: float | None = field(
        default=None, metadata=_help("Sampling temperature of the roll-out.", "temperature")
    )
    early_stop: bool = field(default=True, metadata={"help": "Stop a response once its confusion point is certain."})

    points_per_prompt: int | None = field(
        default=None,
        metadata=_help(
            "Confusion points explored for each prompt, those of its first samples that have one; 0 explores all. It "
            "bounds a step's time while most responses still go wrong.",
            "points_per_prompt",
        ),
    )
    max_point_shift: int | None = field(
        default=None,
        metadata=_help(
            "A point whose sampled token's own look-ahead is clean moves on along the response to the first token "
            "whose look-ahead is confused, at most so many tokens; 0 moves none. The first token of a phrase in the "
            "target's own script often decides nothing.",
            "max_point_shift",
        ),
    )
    num_candidates: int | None = field(
        default=None, metadata=_help("N: tokens tried at each confusion point.", "num_candidates")
    )
    confused_share: float | None = field(
        default=None,
        metadata=_help(
            "Share of the N that goes to tokens that leave the language by themselves, or begin a foreign word, drawn "
            "by their probability; rounded down.",
            "confused_share",
        ),
    )
    candidate_source: str = field(
        default="top", metadata={"help": "'top': the N likeliest tokens; 'sample': N different tokens drawn."}
    )
    candidate_temperature: float = field(
        default=1.0,
        metadata={
            "help": "Temperature at which candidate_source 'sample' draws. Above 1 more unlikely tokens are tried, and "
            "more of wrong languages among them."
        },
    )
    include_sampled_token: bool | None = field(
        default=None,
        metadata=_help(
            "If the sampled token is not among the N, let it take the last candidate's place.", "include_sampled_token"
        ),
    )
    sampled_reward: str | None = field(
        default=None,
        metadata=_help(
            "What judges the sampled token: 'response', the one that it led into confusion, or 'look_ahead', its "
            "greedy continuation, as with the others.",
            "sampled_reward",
        ),
    )
    look_ahead: int | None = field(default=None, metadata=_help("k: greedy tokens after each candidate.", "look_ahead"))
    exploration_batch_size: int = field(
        default=256, metadata={"help": "Candidate rows decoded together; bounds the memory of exploration."}
    )
    reward_in_context: bool | None = field(
        default=None,
        metadata=_help("Judge a candidate together with the response before it.", "reward_in_context"),
    )
    neutral_reward: str | None = field(
        default=None,
        metadata=_help(
            "Worth of a continuation without a letter of the language: 'clean', 'zero' or 'drop'.", "neutral_reward"
        ),
    )
    end_reward: str | None = field(
        default=None,
        metadata=_help(
            "Worth of a continuation that ends the response before any letter of the language: 'clean', 'zero' or "
            "'drop'.",
            "end_reward",
        ),
    )

    advantage: str | None = field(
        default=None, metadata=_help("'probability' (the paper), 'centered' or 'normalized'.", "advantage")
    )
    epsilon: float = field(default=0.2, metadata={"help": "Clipping range of the probability ratio."})
    beta: float | None = field(
        default=None,
        metadata=_help("Weight of the KL term; 0, and prefix_beta 0, need no reference model.", "beta"),
    )
    kl_estimator: str | None = field(
        default=None,
        metadata=_help(
            "'k3' at the candidates, 'exact' over the vocabulary, or 'clean' over its tokens that do not leave the "
            "language by themselves, from the reference to the policy: lowering wrong tokens is then free.",
            "kl_estimator",
        ),
    )
    prefix_beta: float | None = field(
        default=None,
        metadata=_help(
            "Weight of a second KL term at positions before the confusion point: it holds the policy where nothing was "
            "wrong. Over the vocabulary, or what kl_estimator 'clean' leaves of it.",
            "prefix_beta",
        ),
    )
    prefix_positions: int = field(
        default=16, metadata={"help": "Positions before each confusion point that prefix_beta holds, at most."}
    )
    min_points: int | None = field(
        default=None,
        metadata=_help(
            "Wait with an update until so many confusion points with a signal were found; the last step takes what "
            "there is.",
            "min_points",
        ),
    )
    learning_rate: float = field(default=2e-5, metadata={"help": "The highest learning rate of AdamW."})
    adam_epsilon: float = field(
        default=1e-6,
        metadata={
            "help": "Epsilon of AdamW. At the usual 1e-8 weights of hardly any gradient move as far as the others."
        },
    )
    warmup_steps: float = field(
        default=0.3,
        metadata={
            "help": "Steps, or below 1 the share of all steps, in which the learning rate rises, from above 0 on. "
            "Adam's first steps have the size of the learning rate whatever the gradient."
        },
    )
    num_iterations: int = field(default=1, metadata={"help": "Optimizer steps taken on each roll-out."})
    ref_model_sync_steps: int = field(
        default=0, metadata={"help": "Copy the policy into the reference model every n steps; 0 keeps it frozen."}
    )
    update_batch_size: int = field(default=16, metadata={"help": "Confusion points in one forward and backward pass."})
    log_completions: int = field(
        default=4, metadata={"help": "Responses, and confusion points, written out at each logging step."}
    )

    def __post_init__(self) -> None:
        for name, value in RECIPES.get(self.recipe, {}).items():
            if getattr(self, name) is None:
                setattr(self, name, value)
        if self.load_best_model_at_end and self.metric_for_best_model is None:
            self.metric_for_best_model, self.greater_is_better = "confusion/rate", False
        super().__post_init__()

    def to_dict(self) -> dict[str, Any]:
        """Every option by name. The library masks what ends in _token, as access tokens do; one here is no secret."""
        options: dict[str, Any] = super().to_dict()  # type: ignore[no-untyped-call]
        return options | {"include_sampled_token": self.include_sampled_token}

    def further_problems(self) -> list[str]:
        """What is wrong with the options of TLPO alone."""
        problems = []
        if not 0 < self.epsilon < 1:
            problems.append(f"epsilon is {self.epsilon}: give a number in (0, 1)")
        if not 0 < self.candidate_temperature < math.inf:
            problems.append(f"candidate_temperature is {self.candidate_temperature}: give a number above 0")
        if not 0 <= (self.confused_share or 0) <= 0.5:
            problems.append(f"confused_share is {self.confused_share}: give a number in [0, 0.5]")
        if self.temperature == 0 and (self.num_generations or 1) > 1:
            problems.append(
                f"temperature is 0 with num_generations {self.num_generations}: all samples of a prompt would be the "
                "same; raise it, or sample once"
            )
        if self.ref_model_sync_steps and not self.needs_reference:
            problems.append(
                f"ref_model_sync_steps is {self.ref_model_sync_steps}, but with beta 0 and prefix_beta 0 there is no "
                "reference model: set one of them"
            )
        return problems

    @property
    def needs_reference(self) -> bool:
        """Whether a KL term asks for a reference model."""
        return bool(self.beta or self.prefix_beta)

    @property
    def holds_clean(self) -> bool:
        """Whether the KL terms leave out the tokens of wrong languages."""
        return self.needs_reference and self.kl_estimator == "clean"

    @property
    def exploration(self) -> ExplorationSettings:
        """The part that exploration needs."""
        return ExplorationSettings(
            num_candidates=int(self.num_candidates or 0),
            look_ahead=self.look_ahead or 0,
            source=self.candidate_source,  # type: ignore[arg-type]  # checked in __post_init__
            include_sampled=bool(self.include_sampled_token),
            batch_size=self.exploration_batch_size,
            temperature=self.candidate_temperature,
            confused=int((self.confused_share or 0) * (self.num_candidates or 0)),
        )

    @property
    def rewards(self) -> RewardSettings:
        """The part that judging candidates needs."""
        return RewardSettings(
            in_context=bool(self.reward_in_context),
            neutral=self.neutral_reward,  # type: ignore[arg-type]
            end=self.end_reward,  # type: ignore[arg-type]
            sampled=self.sampled_reward,  # type: ignore[arg-type]
        )
