"""The options that every training method understands: what a run trains on, and how.

One schema for all methods: a file written for one works for another, but for the options that are the method's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from transformers import TrainingArguments
from transformers.trainer_utils import SchedulerType

from tlpo.data.encoding import chat_options
from tlpo.data.templates import with_newlines
from tlpo.errors import UserError, did_you_mean
from tlpo.loop import option_checks

if TYPE_CHECKING:
    from tlpo.modeling.generation import GenerationSettings

METHODS = ("tlpo", "sft", "dpo", "orpo", "grpo")
_SAMPLING = ("tlpo", "grpo")  # the methods that learn from no file of responses


@dataclass
class RunConfig:
    """What a run trains on: everything that is not an argument of the trainer.

    Raises:
        UserError: when the method is unknown or does not learn from data, or an option of the audits or of LoRA is out
            of range.
    """

    model: str = field(metadata={"help": "Hub id, local folder, gemma-3-270m or smollm2-135m-instruct."})
    method: str = field(
        default="tlpo", metadata={"help": "tlpo, or what to compare it with: sft, dpo, orpo or grpo (trained by TRL)."}
    )
    language: list[str] | None = field(
        default=None,
        metadata={"help": "Codes of the answers' languages. Default: as the prompts say."},
    )
    prompts: str | None = field(
        default=None,
        metadata={"help": "Training prompts (JSONL, JSON, CSV, TXT, Parquet). Default: the bundled ones."},
    )
    data: str | None = field(
        default=None,
        metadata={
            "help": "For sft, dpo and orpo: responses to the prompts, as 'tlpo data sample' or 'tlpo data pairs' "
            "writes them. With --prompts, only records with one of those prompts count."
        },
    )
    eval_prompts: str | None = field(
        default=None,
        metadata={"help": "Held-out prompts for the audits before and after. Default: the bundled held-out ones."},
    )
    audit_prompts: int = field(
        default=60, metadata={"help": "Held-out prompts of each language in the audits; 0 leaves the audits out."}
    )
    audit_samples: int = field(default=1, metadata={"help": "Responses to each of them."})
    clean_text: list[str] | None = field(
        default=None,
        metadata={"help": "Clean sentences as LANGUAGE=FILE or LANGUAGE=bundled; their likelihood is compared."},
    )
    lora: bool = field(default=False, metadata={"help": "Train a LoRA adapter instead of the full model."})
    lora_r: int = field(default=16, metadata={"help": "Rank of the adapter."})
    lora_alpha: int = field(default=32, metadata={"help": "Scale of the adapter."})
    lora_dropout: float = field(default=0.0, metadata={"help": "Dropout of the adapter."})
    lora_target_modules: list[str] | None = field(
        default=None, metadata={"help": "Modules to adapt. Default: all linear layers."}
    )
    revision: str | None = field(default=None, metadata={"help": "Revision of a model on the hub."})
    trust_remote_code: bool = field(default=False, metadata={"help": "Run code that comes with the model."})

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UserError(unknown_method(self.method))
        if self.data is not None and self.method in _SAMPLING:
            raise UserError(
                f"data is '{self.data}', but method {self.method} samples its own responses: leave data out"
            )
        if self.language is not None:
            self.language = [code for given in self.language for code in given.split(",") if code]
        if problems := self._adapter_problems():
            raise UserError("; ".join(problems))
        if self.audit_prompts < 0 or self.audit_samples < 1:
            raise UserError(
                f"audit_prompts is {self.audit_prompts} and audit_samples {self.audit_samples}: give at least 0 and 1"
            )

    def _adapter_problems(self) -> list[str]:
        """What is wrong with the options of LoRA; without `lora` nothing would take them."""
        problems = option_checks.low(self, {"lora_r": 1, "lora_alpha": 1})
        if not 0 <= self.lora_dropout < 1:
            problems.append(f"lora_dropout is {self.lora_dropout}: give a number in [0, 1)")
        of_adapters = [option for option in fields(self) if option.name.startswith("lora_")]
        given = [option.name for option in of_adapters if getattr(self, option.name) != option.default]
        if given and not self.lora:
            problems.append(
                f"{', '.join(given)} is given, but without lora nothing takes it: set lora, or leave it out"
            )
        return problems

    def peft_config(self) -> Any:
        """The LoRA configuration, or None for full fine-tuning."""
        if not self.lora:
            return None
        from peft import LoraConfig

        return LoraConfig(
            r=self.lora_r,
            lora_alpha=self.lora_alpha,
            lora_dropout=self.lora_dropout,
            target_modules=self.lora_target_modules or "all-linear",
            task_type="CAUSAL_LM",
            revision=self.revision,  # of the base, which whoever loads the adapter needs again
        )


@dataclass
class MethodConfig(TrainingArguments):
    """The arguments that all methods share, on top of ``transformers.TrainingArguments``.

    A method derives its own configuration from it, with further options and other defaults. It may extend `CHOICES`
    and `AT_LEAST`, the values and the lower bounds that are checked.

    Raises:
        UserError: when values are out of range; all of them are named in one message.
    """

    CHOICES: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType(
        {"english": ("neutral", "confusion"), "strictness": ("default", "strict")}
    )
    AT_LEAST: ClassVar[Mapping[str, float]] = MappingProxyType(
        {
            "num_generations": 1,
            "max_new_tokens": 1,
            "rollout_batch_size": 1,
            "rollout_budget": 1,
            "update_batch_size": 1,
            "max_nonfinite_steps": 0,
            "per_device_train_batch_size": 1,
            "gradient_accumulation_steps": 1,
            "seed": 0,
            "temperature": 0.0,
            "audit_temperature": 0.0,
            **option_checks.AT_LEAST,
        }
    )
    SAMPLES: ClassVar[bool] = False
    """Whether the method samples its own responses while it trains."""

    english: str = field(
        default="neutral",
        metadata={"help": "Whether English words in another language's text are 'neutral' or 'confusion'."},
    )
    strictness: str = field(
        default="default",
        metadata={"help": "'strict' also counts names, acronyms and single foreign words as confusion."},
    )
    num_generations: int | None = field(
        default=4, metadata={"help": "Responses sampled for each prompt; for sft, dpo and orpo the data file decides."}
    )
    max_new_tokens: int = field(default=256, metadata={"help": "Longest response, in tokens."})
    temperature: float | None = field(
        default=1.0,
        metadata={"help": "Sampling temperature of the roll-out; for sft, dpo and orpo the data file decides."},
    )
    top_p: float = field(
        default=1.0,
        metadata={"help": "Nucleus mass of the roll-out, in (0, 1]; for sft, dpo and orpo the data file decides."},
    )
    audit_temperature: float = field(
        default=1.0,
        metadata={
            "help": "Sampling temperature of the audits and of evaluations, whatever the roll-out's; 0 is greedy."
        },
    )
    audit_top_p: float = field(default=1.0, metadata={"help": "Nucleus mass of the audits and evaluations."})
    prompt_template: str | None = field(
        default=None,
        metadata={"help": "For base models: text with {prompt} in it. Default: one of the prompt's language."},
    )
    chat_template_kwargs: dict[str, Any] | str | None = field(
        default=None,
        metadata={"help": 'JSON object with options of the model\'s chat template, e.g. {"enable_thinking": false}.'},
    )
    rollout_batch_size: int = field(default=64, metadata={"help": "Rows decoded together when sampling."})
    rollout_budget: int | None = field(
        default=None,
        metadata={
            "help": "The most sampled responses that the run may use: it decides max_steps where that is not given "
            "(tlpo, grpo), or which prompts of the data file are paid for, in an order that seed decides (sft, dpo, "
            "orpo)."
        },
    )
    update_batch_size: int = field(default=8, metadata={"help": "Examples in one forward and backward pass."})
    ddp_timeout: int = field(
        default=86_400,
        metadata={"help": "Seconds that processes wait for each other: the first one audits alone, which takes long."},
    )
    max_nonfinite_steps: int = field(
        default=5, metadata={"help": "Steps in a row whose loss may be not finite before the run ends."}
    )

    lr_scheduler_type: SchedulerType | str = field(
        default="linear", metadata={"help": "How the learning rate changes over the run."}
    )
    adam_beta2: float = field(default=0.95, metadata={"help": "Beta2 of AdamW (the paper: 0.95)."})
    weight_decay: float = field(default=0.0, metadata={"help": "Weight decay of AdamW."})
    logging_steps: float = field(default=1, metadata={"help": "Log every so many steps."})
    bf16: bool = field(default=False, metadata={"help": "bf16 autocast over fp32 master weights."})
    remove_unused_columns: bool = field(default=False, metadata={"help": "Kept off: prompts are not model inputs."})
    dataloader_pin_memory: bool = field(default=False, metadata={"help": "Kept off: prompts are not tensors."})

    def __post_init__(self) -> None:
        self.prompt_template = with_newlines(self.prompt_template)
        problems = [self._bad_choice(name, known) for name, known in self.CHOICES.items()]
        problems += [*option_checks.low(self, self.AT_LEAST), *option_checks.unusable_steps(self)]
        problems += [*option_checks.unknown_to_libraries(self), *self.further_problems()]
        problems += [
            f"{name} is {getattr(self, name)}: give a number in (0, 1]"
            for name in ("top_p", "audit_top_p")
            if not 0 < getattr(self, name) <= 1
        ]
        if self.prompt_template is not None and "{prompt}" not in self.prompt_template:
            problems.append(f"prompt_template {self.prompt_template!r} lacks the placeholder {{prompt}}: add it")
        try:
            self.chat_template_kwargs = chat_options(self.chat_template_kwargs)
        except UserError as error:
            problems.append(str(error))
        if self.save_only_model:
            problems.append("save_only_model is set, but a run then could not go on exactly: leave it out")
        if str(self.resume_from_checkpoint).lower() not in ("none", "true"):
            problems.append(
                f"resume_from_checkpoint is '{self.resume_from_checkpoint}': leave it out and give the same command "
                "again, as a run goes on from its last checkpoint by itself"
            )
        if self.fp16:
            problems.append("fp16 is set, but gradients are not scaled here, as it needs: use bf16")
        if problems := [problem for problem in problems if problem]:
            raise UserError("; ".join(problems))
        super().__post_init__()  # type: ignore[no-untyped-call]
        option_checks.refuse_unusable_schedule(self)
        if self.SAMPLES and self.rollout_budget is not None:
            self.max_steps = self._steps_within(self.rollout_budget)

    def further_problems(self) -> list[str]:
        """What is wrong with the method's own options: one line each."""
        return []

    def _bad_choice(self, name: str, known: tuple[str, ...]) -> str:
        value = getattr(self, name)
        if value in known or value is None:
            return ""
        return f"{name} is '{value}'{did_you_mean(str(value), known)}: choose one of {', '.join(known)}"

    def _steps_within(self, budget: int) -> int:
        """``max_steps``, or as many steps as the budget of responses allows if that is not given."""
        each = self.prompts_per_step * (self.num_generations or 1)
        reuse = getattr(self, "num_iterations", 1)  # optimizer steps on the same responses
        allowed = budget // each * reuse
        if max(self.max_steps, 1) > allowed:
            raise UserError(
                f"rollout_budget is {budget} responses, but {max(self.max_steps, 1)} steps sample "
                f"{-(-max(self.max_steps, 1) // reuse) * each}: raise it, or lower max_steps, num_generations or "
                "per_device_train_batch_size"
            )
        return self.max_steps if self.max_steps > 0 else allowed

    @property
    def prompts_per_step(self) -> int:
        """Prompts (sft: examples; dpo, orpo: pairs) of one optimizer step, over all processes."""
        return int(self.per_device_train_batch_size * self.gradient_accumulation_steps * self.world_size)

    def sampling(self, *, samples: int, step: int) -> GenerationSettings:
        """How a roll-out samples ``samples`` responses to each prompt at an optimizer step."""
        from tlpo.modeling.generation import GenerationSettings

        return GenerationSettings(
            max_new_tokens=self.max_new_tokens,
            temperature=float(self.temperature or 0),
            top_p=self.top_p,
            num_generations=samples,
            batch_size=self.rollout_batch_size,
            seed=self.seed,
            step=step,
        )

    @property
    def audit_seed(self) -> int:
        """Not the seed of the training samples: held-out prompts may share their numbers with training prompts."""
        return self.seed + 1_000_003

    def evaluation_sampling(self) -> GenerationSettings:
        """How an evaluation samples one response to each prompt: with the same draws whatever the step."""
        settings = self.sampling(samples=1, step=0)
        return replace(settings, temperature=self.audit_temperature, top_p=self.audit_top_p, seed=self.audit_seed)

    @property
    def template_options(self) -> dict[str, Any] | None:
        """``chat_template_kwargs`` as a mapping."""
        return chat_options(self.chat_template_kwargs)


def unknown_method(name: str) -> str:
    """What to say about a method that there is not."""
    return f"method is '{name}'{did_you_mean(name, METHODS)}: choose one of {', '.join(METHODS)}"
