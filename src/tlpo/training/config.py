"""``TLPOConfig``: every knob of a TLPO run, on top of ``transformers.TrainingArguments``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from transformers import TrainingArguments
from transformers.trainer_utils import SchedulerType

from tlpo.data.encoding import chat_options
from tlpo.errors import UserError, did_you_mean
from tlpo.training.exploration import ExplorationSettings
from tlpo.training.rewards import RewardSettings

RECIPES: dict[str, dict[str, Any]] = {
    "default": {
        "include_sampled_token": True,
        "reward_in_context": True,
        "neutral_reward": "drop",
        "end_reward": "drop",
        "look_ahead": 3,
        "temperature": 1.0,
        "num_generations": 4,
    },
    "paper": {
        "include_sampled_token": False,
        "reward_in_context": False,
        "neutral_reward": "clean",
        "end_reward": "clean",
        "look_ahead": 3,
        "temperature": 0.6,
        "num_generations": 8,
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


_CHOICES = {
    "recipe": tuple(RECIPES),
    "english": ("neutral", "confusion"),
    "strictness": ("default", "strict"),
    "neutral_reward": ("clean", "zero", "drop"),
    "end_reward": ("clean", "zero", "drop"),
    "advantage": ("probability", "centered", "normalized"),
    "candidate_source": ("top", "sample"),
    "kl_estimator": ("k3", "exact"),
}
_AT_LEAST = {
    "num_generations": 1,
    "max_new_tokens": 1,
    "num_candidates": 2,
    "look_ahead": 0,
    "rollout_batch_size": 1,
    "exploration_batch_size": 1,
    "update_batch_size": 1,
    "num_iterations": 1,
    "ref_model_sync_steps": 0,
    "max_nonfinite_steps": 0,
    "log_completions": 0,
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 1,
    "seed": 0,
    "beta": 0.0,
    "temperature": 0.0,
    "learning_rate": 0.0,
}


@dataclass
class TLPOConfig(TrainingArguments):
    """Arguments of :class:`tlpo.TLPOTrainer`.

    ``per_device_train_batch_size`` counts prompts; an optimizer step samples ``num_generations`` responses to
    ``per_device_train_batch_size x gradient_accumulation_steps x processes`` prompts and updates at every confusion
    point found in them. Options left at ``None`` are filled in from the recipe.

    Raises:
        UserError: when values are out of range; all of them are named in one message.
    """

    recipe: str = field(
        default="default",
        metadata={"help": "Rules of roll-out and reward: 'default', this project's, or 'paper', the published ones."},
    )
    english: str = field(
        default="neutral",
        metadata={"help": "Whether English words in another language's text are 'neutral' or 'confusion'."},
    )
    strictness: str = field(
        default="default",
        metadata={"help": "'strict' also counts names, acronyms and single foreign words as confusion."},
    )
    num_generations: int | None = field(
        default=None, metadata=_help("G: responses sampled for each prompt.", "num_generations")
    )
    max_new_tokens: int = field(default=256, metadata={"help": "Longest response, in tokens."})
    temperature: float | None = field(
        default=None, metadata=_help("Sampling temperature of the roll-out.", "temperature")
    )
    top_p: float = field(default=1.0, metadata={"help": "Nucleus mass of the roll-out, in (0, 1]."})
    prompt_template: str | None = field(
        default=None,
        metadata={"help": "For base models: text with {prompt} in it. Default: one of the prompt's language."},
    )
    chat_template_kwargs: dict[str, Any] | str | None = field(
        default=None,
        metadata={"help": 'JSON object with options of the model\'s chat template, e.g. {"enable_thinking": false}.'},
    )
    early_stop: bool = field(default=True, metadata={"help": "Stop a response once its confusion point is certain."})
    rollout_batch_size: int = field(default=64, metadata={"help": "Rows decoded together in the roll-out."})

    num_candidates: int = field(default=16, metadata={"help": "N: tokens tried at each confusion point."})
    candidate_source: str = field(
        default="top", metadata={"help": "'top': the N likeliest tokens; 'sample': N different tokens drawn."}
    )
    include_sampled_token: bool | None = field(
        default=None,
        metadata=_help(
            "If the sampled token is not among the N, let it take the last candidate's place.", "include_sampled_token"
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

    advantage: str = field(
        default="probability", metadata={"help": "'probability' (the paper), 'centered' or 'normalized'."}
    )
    epsilon: float = field(default=0.2, metadata={"help": "Clipping range of the probability ratio."})
    beta: float = field(default=0.04, metadata={"help": "Weight of the KL term; 0 needs no reference model."})
    kl_estimator: str = field(
        default="k3", metadata={"help": "'k3' at the candidates, or 'exact' over the whole vocabulary."}
    )
    num_iterations: int = field(default=1, metadata={"help": "Optimizer steps taken on each roll-out."})
    ref_model_sync_steps: int = field(
        default=0, metadata={"help": "Copy the policy into the reference model every n steps; 0 keeps it frozen."}
    )
    update_batch_size: int = field(default=16, metadata={"help": "Confusion points in one forward and backward pass."})
    max_nonfinite_steps: int = field(
        default=5, metadata={"help": "Steps in a row whose loss may be not finite before the run ends."}
    )
    log_completions: int = field(default=4, metadata={"help": "Confusion points written out at each logging step."})

    learning_rate: float = field(default=5e-6, metadata={"help": "The initial learning rate of AdamW."})
    lr_scheduler_type: SchedulerType | str = field(
        default="constant", metadata={"help": "How the learning rate changes over the run."}
    )
    adam_beta2: float = field(default=0.95, metadata={"help": "Beta2 of AdamW (the paper: 0.95)."})
    weight_decay: float = field(default=0.0, metadata={"help": "Weight decay of AdamW."})
    logging_steps: float = field(default=1, metadata={"help": "Log every so many steps."})
    bf16: bool = field(default=False, metadata={"help": "bf16 autocast over fp32 master weights."})
    remove_unused_columns: bool = field(default=False, metadata={"help": "Kept off: prompts are not model inputs."})
    dataloader_pin_memory: bool = field(default=False, metadata={"help": "Kept off: prompts are not tensors."})

    def __post_init__(self) -> None:
        for name, value in RECIPES.get(self.recipe, {}).items():
            if getattr(self, name) is None:
                setattr(self, name, value)
        problems = [self._bad_choice(name, known) for name, known in _CHOICES.items()]
        problems += [
            f"{name} is {getattr(self, name)}: give at least {least}"
            for name, least in _AT_LEAST.items()
            if getattr(self, name) is not None and not getattr(self, name) >= least  # NaN is no number
        ]
        if not 0 < self.top_p <= 1:
            problems.append(f"top_p is {self.top_p}: give a number in (0, 1]")
        if not 0 < self.epsilon < 1:
            problems.append(f"epsilon is {self.epsilon}: give a number in (0, 1)")
        if self.prompt_template is not None and "{prompt}" not in self.prompt_template:
            problems.append(f"prompt_template {self.prompt_template!r} lacks the placeholder {{prompt}}: add it")
        if self.ref_model_sync_steps and self.beta == 0:
            problems.append(
                f"ref_model_sync_steps is {self.ref_model_sync_steps}, but with beta 0 there is no reference model: "
                "set one of them"
            )
        try:
            self.chat_template_kwargs = chat_options(self.chat_template_kwargs)
        except UserError as error:
            problems.append(str(error))
        if self.save_only_model:
            problems.append("save_only_model is set, but a run then could not go on exactly: leave it out")
        if self.fp16:
            problems.append("fp16 is set, but gradients are not scaled here, as it needs: use bf16")
        if problems := [problem for problem in problems if problem]:
            raise UserError("; ".join(problems))
        super().__post_init__()  # type: ignore[no-untyped-call]

    def _bad_choice(self, name: str, known: tuple[str, ...]) -> str:
        value = getattr(self, name)
        if value in known or value is None:
            return ""
        return f"{name} is '{value}'{did_you_mean(str(value), known)}: choose one of {', '.join(known)}"

    @property
    def template_options(self) -> dict[str, Any] | None:
        """``chat_template_kwargs`` as a mapping."""
        return chat_options(self.chat_template_kwargs)

    @property
    def exploration(self) -> ExplorationSettings:
        """The part that exploration needs."""
        return ExplorationSettings(
            num_candidates=self.num_candidates,
            look_ahead=self.look_ahead or 0,
            source=self.candidate_source,  # type: ignore[arg-type]  # checked in __post_init__
            include_sampled=bool(self.include_sampled_token),
            batch_size=self.exploration_batch_size,
        )

    @property
    def rewards(self) -> RewardSettings:
        """The part that judging candidates needs."""
        return RewardSettings(
            in_context=bool(self.reward_in_context),
            neutral=self.neutral_reward,  # type: ignore[arg-type]
            end=self.end_reward,  # type: ignore[arg-type]
        )
