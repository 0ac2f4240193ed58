"""The options of an evaluation: one dataclass for the command line, YAML files and Python."""

# ruff: noqa: RUF009  (_option is dataclasses.field)
from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlpo.data.encoding import chat_options
from tlpo.data.instructions import Shot, load_shots
from tlpo.data.templates import with_newlines
from tlpo.errors import UserError, did_you_mean
from tlpo.evaluation.settings import AuditSettings
from tlpo.languages import get_language
from tlpo.loop.origin import origin_of
from tlpo.metrics import PROFILES

SUITES = ("consistency", "capability")


def _option(default: Any, text: str) -> Any:
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata={"help": text})
    return field(default=default, metadata={"help": text})


@dataclass
class EvaluationConfig:
    """What is evaluated, on what, and how. Lists take several words or one with commas: ``ko ja`` or ``ko,ja``.

    Raises UserError when values are unknown or out of range, all of them named in one message.
    """

    model: str = field(metadata={"help": "Hub id, local folder, gemma-3-270m or smollm2-135m-instruct."})
    output: str = field(metadata={"help": "Folder for the results; an interrupted evaluation goes on in it."})
    adapter: str | None = _option(None, "A LoRA adapter to put on the model: folder or hub id.")
    suite: list[str] = _option(list(SUITES[:1]), "What to measure: consistency, capability or both. [consistency]")
    language: list[str] | None = _option(None, "Codes of the answers' languages. Default: as the prompts say.")
    # consistency
    prompts: str | None = _option(
        None,
        "test_sets.zip of the Language Confusion Benchmark (or its folder), any prompt file, or a data set of the hub. "
        "Default: the bundled held-out prompts.",
    )
    prompts_split: str | None = _option(
        None, "Which split, of a data set that has several; train, eval or all of a file whose records name one (eval)."
    )
    prompts_subset: str | None = _option(None, "Which configuration, of a data set that has several.")
    sources: list[str] | None = _option(None, "Only these settings or sources: monolingual, okapi, crosslingual/okapi.")
    num_prompts: int | None = _option(None, "Only the first so many of each setting, source and language.")
    num_samples: int = _option(1, "Responses to each prompt at temperatures above 0.")
    temperature: list[str] = _option(["0", "1"], "Sampling temperatures; 0 is greedy. [0,1]")
    top_p: float = _option(1.0, "Nucleus mass, in (0, 1].")
    max_new_tokens: int = _option(100, "Longest response, in tokens; 100 as in the benchmark.")
    template: str | None = _option(
        None, "For base models: text with {prompt} in it, few-shot examples included. Default: one of the language."
    )
    chat_template_kwargs: str | None = _option(None, "JSON object with options of the chat template.")
    gate: bool = _option(False, "Sample with a gate: tokens with letters of a wrong script get no probability.")
    instruction: str | None = _option(None, "Text before each prompt, e.g. 'Answer in {language}.' (its English name).")
    few_shot: str | None = _option(None, "Examples before each prompt: a file of prompts with answers, by language.")
    profiles: list[str] = _option(list(PROFILES), "Definitions of confusion: lcb, tlpo, default. [all three]")
    english: str = _option("neutral", "English words in other languages, for tlpo and default: neutral or confusion.")
    word_list: str | None = _option(None, "English words for lcb, one a line. Default: those of pyspellchecker.")
    # capability
    tasks: list[str] | None = _option(
        None, "Tasks of lm-eval, groups and tags too. Default: those shipped here whose files --capability_data has."
    )
    capability_data: str | None = _option(None, "Folder with the files of the shipped tasks (docs/evaluation.md).")
    limit: int | None = _option(None, "Only the first so many questions of each task.")
    num_fewshot: int | None = _option(None, "Examples before each question. Default: as the task says.")
    apply_chat_template: bool = _option(False, "Ask the tasks' questions through the model's chat template.")
    capability_batch_size: int = _option(8, "Questions scored together.")
    # text
    clean_text: list[str] | None = _option(
        None, "Clean sentences as LANGUAGE=FILE, for the likelihood. Default: bundled prompts of the languages and en."
    )
    base: str | None = _option(None, "The model before training: adds the KL divergence from it on the clean text.")
    # everything
    baseline: str | None = _option(None, "Folder of an earlier evaluation: adds paired intervals of the differences.")
    method: str | None = _option(
        None,
        "How the model was made: tlpo, sft, ... Default: as its run says, or base for a model as it is.",
    )
    label: str | None = _option(None, "What to call it in reports. Default: the model's name, or its run's.")
    seed: int = _option(0, "Seed of sampling and bootstrap.")
    resamples: int = _option(2000, "Bootstrap draws for the 95 % intervals.")
    batch_size: int = _option(64, "Responses sampled together.")
    dtype: str = _option("auto", "float32, bfloat16, float16 or auto: as the file has it.")
    device: str | None = _option(None, "Where to run, e.g. cuda or cpu. Default: CUDA if there is any.")
    cache: str | None = _option(None, "Folder of results kept by content. Default: $TLPO_CACHE/evaluations.")
    revision: str | None = _option(
        None, "Revision of a model on the hub; of the base model, where the model is a folder."
    )
    trust_remote_code: bool = _option(False, "Run code that comes with the model.")

    def __post_init__(self) -> None:
        self.suite, self.profiles = _split(self.suite), _split(self.profiles)
        self.temperature = [format(_number(value), "g") for value in _split(self.temperature)]
        self.language = [get_language(code).code for code in _split(self.language)] or None
        self.sources, self.tasks = _split(self.sources) or None, _split(self.tasks) or None
        self.template = with_newlines(self.template)
        problems = [*_unknown("suite", self.suite, SUITES), *_unknown("profile", self.profiles, PROFILES)]
        for name in ("num_prompts", "limit", "capability_batch_size", "resamples"):
            value = getattr(self, name)
            if value is not None and value < 1:
                problems.append(f"{name} is {value}: give at least 1")
        problems += [
            f"{name} is {getattr(self, name)}: give 0 or more"
            for name in ("num_fewshot", "seed")
            if (getattr(self, name) or 0) < 0
        ]
        if "consistency" in self.suite and not self.temperature:
            problems.append("no temperature given: give numbers, for example 0,1, or leave 'consistency' out of suite")
        if self.dtype not in ("float32", "bfloat16", "float16", "auto"):
            problems.append(f"dtype is '{self.dtype}': choose float32, bfloat16, float16 or auto")
        if "capability" in self.suite and self.tasks is None and self.capability_data is None:
            problems.append("the suite 'capability' needs --capability_data DIR, or --tasks with names of lm-eval")
        problems += self._sampling_problems()
        if problems:
            raise UserError("; ".join(problems))

    @property
    def temperatures(self) -> list[float]:
        """The temperatures as numbers, each once, in the order given."""
        return list(dict.fromkeys(float(value) for value in self.temperature))

    @property
    def prompts_table(self) -> tuple[str | None, str | None]:
        """Which split and which configuration of ``prompts``, if that is a data set that has several."""
        return self.prompts_split, self.prompts_subset

    @property
    def shown_label(self) -> str:
        """The label, or else the adapter's or the model's last name; of a run's model the run's name."""
        return self.label or _name_of(self.adapter or self.model)

    @property
    def origin(self) -> dict[str, Any] | None:
        """The run that the model or the adapter is from (`tlpo.loop.origin.origin_of`)."""
        return origin_of(self.adapter or self.model)

    @property
    def shown_method(self) -> str | None:
        """The method, or else that of the run; of a model without a run that is sampled from as it is, "base"."""
        if self.method is not None or self.origin is not None:
            return self.method or (self.origin or {}).get("method")
        is_adapter = (Path(self.model) / "adapter_config.json").is_file()
        changed = self.adapter or is_adapter or self.gate or self.instruction or self.few_shot
        return None if changed else "base"

    def sampling(self, temperature: float, model: str) -> AuditSettings:
        """How responses are sampled at a temperature. model: what the settings call it."""
        return AuditSettings(
            model=model,
            english=self.english if self.gate else "neutral",  # of no matter to the sampling but for the gate
            num_samples=self.num_samples if temperature > 0 else 1,
            temperature=temperature,
            top_p=self.top_p,
            max_new_tokens=self.max_new_tokens,
            template=self.template,
            chat_template_kwargs=chat_options(self.chat_template_kwargs),
            seed=self.seed,
            batch_size=self.batch_size,
            gate=self.gate,
            instruction=self.instruction,
            few_shot=self._shots(),
        )

    def _shots(self) -> tuple[Shot, ...]:
        return () if self.few_shot is None else load_shots(self.few_shot, language=self.language)

    def _sampling_problems(self) -> list[str]:
        if self.english not in ("neutral", "confusion"):
            return [f"english is '{self.english}': choose 'neutral' or 'confusion'"]
        try:
            for temperature in self.temperatures:
                self.sampling(temperature, self.model)
        except UserError as error:
            return [str(error)]
        return []


def _name_of(model: str) -> str:
    """Such as "tlpo" for runs/tlpo and runs/tlpo/final, and "tlpo checkpoint-20" for runs/tlpo/checkpoint-20."""
    place = Path(os.path.abspath(model))
    if place.is_dir() and place.name == "final":
        return place.parent.name
    if place.is_dir() and re.fullmatch(r"checkpoint-\d+", place.name):
        return f"{place.parent.name} {place.name}"
    return place.name


def _split(values: Iterable[Any] | str | None) -> list[str]:
    """The entries of a list, those with commas taken apart."""
    given = [values] if isinstance(values, str) else list(values or ())
    return [part.strip() for value in given for part in str(value).split(",") if part.strip()]


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise UserError(f"temperature is '{value}': give numbers, for example 0,1") from None


def _unknown(what: str, values: list[str], known: Iterable[str]) -> list[str]:
    known = list(known)
    wrong = [value for value in values if value not in known]
    if not values:
        return [f"no {what} given: choose from {', '.join(known)}"]
    return [f"no such {what}: '{value}'{did_you_mean(value, known)}; choose from {', '.join(known)}" for value in wrong]
