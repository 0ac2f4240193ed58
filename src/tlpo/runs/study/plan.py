"""The stages of a study: what each is made of, what it needs, and where its results lie.

A stage is one `tlpo` command. Its folder is named by a hash of its options, of the contents of the files they name, and
of the stages it needs, so that a changed setting never meets the results of another, and an unchanged one finds its
own wherever the study's folder has been moved to.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from tlpo import __version__
from tlpo.provenance import content_digest
from tlpo.runs.study.config import TRAINED, MethodSpec, Options, StudyConfig
from tlpo.runs.study.prompts import PromptFiles

VERBS = {
    "sample": ("data", "sample"), "pairs": ("data", "pairs"), "train": ("train",), "validate": ("evaluate",),
    "evaluate": ("evaluate",),
}  # fmt: skip
"""What a stage of each kind runs."""
_OUTPUTS = {
    "sample": ("output", "samples.jsonl"), "pairs": ("output", "pairs.jsonl"), "train": ("output_dir", "run"),
    "validate": ("output", "evaluation"), "evaluate": ("output", "evaluation"),
}  # fmt: skip
EVALUATIONS = ("validate", "evaluate")
"""Kinds whose results are read to the end; of others, what is left over may be cleared away."""
_WORDS = ("language", "method", "label", "suite", "profiles")  # even if a file of that name lies about
# What is said of the evaluation's own prompts and tasks says nothing of the validation.
_NOT_FOR_VALIDATION = (
    "tasks", "capability_data", "limit", "num_fewshot", "apply_chat_template", "capability_batch_size", "sources",
    "num_prompts", "prompts_split", "prompts_subset", "baseline",
)  # fmt: skip
# A training that is killed, as for want of memory, goes on from its last third.
_SAVING = {"save_strategy": "steps", "save_steps": 0.34, "save_total_limit": 1}
# Trainings load the model in it and save it so: in another one the rows would differ by more than the method.
_PRECISION = {"dtype": "float32"}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Stage:
    """One command of a study.

    kind: a key of `VERBS`. label: for people. options: may name inputs in braces, as in "{samples}". inputs: other
    stages, whose results then stand there. places: options that decide nothing, such as a cache.
    """

    kind: str
    label: str
    options: Options
    inputs: Mapping[str, Stage] = field(default_factory=dict)
    places: Options = field(default_factory=dict)

    @property
    def needs(self) -> tuple[Stage, ...]:
        """The stages whose results its options name."""
        text = json.dumps(self.options)
        return tuple(stage for name, stage in self.inputs.items() if f"{{{name}}}" in text)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything that decides the results, as JSON values."""
        return {
            "tlpo": __version__,
            "command": list(VERBS[self.kind]),
            **({"defaults": _defaults_digest(self.options.get("method", "tlpo"))} if self.kind == "train" else {}),
            "options": {
                name: value if name in _WORDS else _identity(value, self.inputs)
                for name, value in sorted(self.options.items())
            },
        }

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits of the identity's SHA-256."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()[:12]

    def folder(self, root: Path) -> Path:
        """Where it works."""
        name = re.sub(r"[^\w.-]+", "-", f"{self.label}-{self.kind}").strip("-")
        return root / "cells" / f"{name}-{self.digest}"

    def result(self, root: Path) -> Path:
        """What other stages read of it."""
        folder = self.folder(root) / _OUTPUTS[self.kind][1]
        return folder / "final" if self.kind == "train" else folder

    def resolved(self, root: Path) -> Options:
        """The options with every place filled in, as the command gets them."""
        option, name = _OUTPUTS[self.kind]
        own = {option: str(self.folder(root) / name)}
        return {name: _filled(value, self.inputs, root) for name, value in self.options.items()} | self.places | own


@cache
def _defaults_digest(method: str) -> str:
    """What a training does where its options say nothing may change from one version to the next."""
    from tlpo.runs.methods import defaults  # loads torch

    return hashlib.sha256(json.dumps(defaults(method), sort_keys=True, default=repr).encode()).hexdigest()[:12]


class Plan:
    """All stages that a study may come to, made on demand. files: the split prompts."""

    def __init__(self, study: StudyConfig, files: PromptFiles) -> None:
        self.study, self.files = study, files
        shared = {"model": study.model, "language": ",".join(study.languages)}
        budget = {} if study.rollout_budget is None else {"rollout_budget": study.rollout_budget}
        self._shared, self._budget = shared, budget

    def sample(self, seed: int) -> Stage:
        """The responses that the trainings of one seed learn from, if they learn from a file."""
        options = {**_PRECISION, **self._shared, "prompts": str(self.files.train), "seed": seed, **self.study.sample}
        return Stage("sample", f"data, seed {seed}", options)

    def pairs(self, seed: int) -> Stage:
        """The preference pairs made of them."""
        options = {"samples": "{samples}", "seed": seed, **self.study.pairs}
        return Stage("pairs", f"data, seed {seed}", options, {"samples": self.sample(seed)})

    def train(self, method: MethodSpec, rate: float, seed: int) -> Stage:
        """The training of one cell. Its audits are left out: the study evaluates."""
        data = TRAINED[method.kind]
        options = {
            "audit_prompts": 0, **_SAVING, **self._shared, **self._budget, "method": method.kind,
            "prompts": str(self.files.train), **({"data": data} if data else {}), **method.train,
            "language": list(self.study.languages), "learning_rate": rate, "seed": seed,
        }  # fmt: skip
        inputs = {"samples": self.sample(seed), "pairs": self.pairs(seed)}
        return Stage("train", cell_name(method, rate, seed), options, inputs)

    def validate(self, method: MethodSpec, rate: float | None) -> Stage:
        """The small evaluation that a learning rate is chosen by; of the base model for None."""
        texts = [f"{code}={path}" for code, path in self.files.validation_texts.items()]
        given = {"suite": "consistency", "prompts": str(self.files.validation), "clean_text": texts}
        shared = {name: value for name, value in method.evaluate.items() if name not in _NOT_FOR_VALIDATION}
        options = shared | given | method.validate
        return self._evaluation("validate", method, rate, method.seeds[0] if method.seeds else None, options)

    def evaluate(self, method: MethodSpec, rate: float | None = None, seed: int | None = None) -> Stage:
        """The evaluation that is compared; of the model itself for a method that is not trained."""
        return self._evaluation("evaluate", method, rate, seed, method.evaluate)

    def _evaluation(
        self, kind: str, method: MethodSpec, rate: float | None, seed: int | None, options: Options
    ) -> Stage:
        options = {**_PRECISION, **options}
        named = {**self._shared, "method": method.kind, "label": method.label}
        places = {"cache": str(self.study.output / "cache")}
        if rate is None or seed is None:
            return Stage(kind, method.label, {**options, **named}, places=places)
        trained = {"adapter": "{trained}"} if method.train.get("lora") else {"model": "{trained}"}
        compared = {"base": self.study.model} if kind == "evaluate" else {}  # the divergence from it takes time
        named = {**compared, **options, **named, **trained}
        return Stage(kind, cell_name(method, rate, seed), named, {"trained": self.train(method, rate, seed)}, places)


def cell_name(method: MethodSpec, rate: float, seed: int) -> str:
    """Such as "TLPO, 5e-06, seed 0"."""
    return f"{method.label}, {rate:g}, seed {seed}"


def _identity(value: Any, inputs: Mapping[str, Stage]) -> Any:
    """The value, with the digest of a stage or of a file's content in the place of its name."""
    if isinstance(value, Mapping):
        return {str(name): _identity(entry, inputs) for name, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_identity(entry, inputs) for entry in value]
    if not isinstance(value, str):
        return value
    head, equals, path = value.rpartition("=")
    if path and "\n" not in path and len(path) < 1000 and (found := content_digest(Path(path))):
        return f"{head}{equals}content:{found}"
    return _PLACEHOLDER.sub(lambda match: f"stage:{inputs[match[1]].digest}" if match[1] in inputs else match[0], value)


def _filled(value: Any, inputs: Mapping[str, Stage], root: Path) -> Any:
    """The value with the paths of the stages it names; braces that name none stay."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_filled(entry, inputs, root) for entry in value]
    if not isinstance(value, str):
        return value
    return _PLACEHOLDER.sub(lambda match: str(inputs[match[1]].result(root)) if match[1] in inputs else match[0], value)
