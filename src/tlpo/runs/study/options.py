"""Whether the commands of a study take the options that its file gives them: told before any of them runs for hours.

Every option goes through what its command reads it with. Those of a training are fields of the library's own classes,
so the check loads torch.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tlpo.config import describe, parse_config
from tlpo.errors import UserError
from tlpo.evaluation.options import EvaluationConfig
from tlpo.evaluation.settings import AuditSettings
from tlpo.runs.sample_options import SampleOptions
from tlpo.runs.study.config import MethodSpec, Options, StudyConfig
from tlpo.runs.study.plan import Plan
from tlpo.runs.study.prompts import PromptFiles

# Names for what is made later; nothing is read of it here.
_FILES = PromptFiles(Path("train.jsonl"), Path("validation.jsonl"), {"en": Path("validation.en.txt")})
# What asks the machine for something: whether it is there is the training's to find out, where it runs.
_OF_THE_MACHINE = ("deepspeed", "fsdp", "fsdp_config", "tf32", "torch_compile")
_NAMED = 3  # rows that a problem names


@dataclass
class PairsOptions:
    """The options of `tlpo data pairs`, under the command's own names. Raises UserError as `SampleOptions`."""

    samples: str
    output: str
    seed: int = 0
    english: str | None = None
    strictness: str | None = None
    finished: bool = False

    def __post_init__(self) -> None:
        AuditSettings("", english=self.english or "neutral", strictness=self.strictness or "default")


def option_problems(study: StudyConfig) -> list[str]:
    """What the commands would refuse, in words: each problem once, with the labels of the rows that have it.

    Rows are not named where all rows of that kind have the problem, as it then lies in the shared options.
    """
    plan = Plan(replace(study, languages=study.languages or ("en",)), _FILES)  # that there is none is told elsewhere
    told = [
        *_refusals("sample", (SampleOptions,), plan.sample(0).options),
        *_refusals("pairs", (PairsOptions,), plan.pairs(0).options),
    ]
    concerned: dict[str, list[str]] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for method in study.methods:
        for name, problems in _checks(plan, method):
            concerned.setdefault(name, []).append(method.label)
            for problem in problems:
                found.setdefault((name, problem), []).append(method.label)
    return told + [
        problem if labels == concerned[name] else f"{_joined(labels)}: {problem}"
        for (name, problem), labels in found.items()
    ]


def _checks(plan: Plan, method: MethodSpec) -> Iterator[tuple[str, list[str]]]:
    """(what was checked, what is wrong with it) of one row."""
    if method.trained:
        # Others of its rates and seeds are read from the same options.
        rate, seed = (*method.learning_rates, 1e-6)[0], (*method.seeds, 0)[0]
        yield "train", list(_training_refusals(method.kind, plan.train(method, rate, seed).options))
    evaluation = list(_refusals("evaluate", (EvaluationConfig,), plan.evaluate(method).options))
    yield "evaluate", evaluation
    if method.trained or method.kind == "base":
        shared = {problem.removeprefix("evaluate: ") for problem in evaluation}
        problems = _refusals("validate", (EvaluationConfig,), plan.validate(method, None).options)
        yield "validate", [problem for problem in problems if problem.removeprefix("validate: ") not in shared]


def _training_refusals(kind: str, options: Options) -> Iterator[str]:
    from tlpo.loop.config import RunConfig
    from tlpo.runs.methods import method

    checked = {name: value for name, value in options.items() if name not in _OF_THE_MACHINE}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the training will say it
        yield from _refusals(
            "train", (RunConfig, method(kind).config), {**checked, "use_cpu": True}, partial(_of_other_methods, kind)
        )


def _of_other_methods(kind: str, unknown: list[str]) -> str:
    """What to say about options that another method knows; nothing if there is none among them."""
    from tlpo.loop.config import METHODS
    from tlpo.runs.methods import method

    theirs = {option for other in METHODS for option, _, _ in describe(method(other).config, own=False)}
    wrong = [option for option in unknown if option in theirs]
    told = ", ".join(map(repr, wrong))
    return f"method {kind} does not know {told}: give it to the rows of methods that do" if wrong else ""


def _refusals(
    name: str, kinds: Sequence[type], options: Options, elsewhere: Callable[[list[str]], str] | None = None
) -> Iterator[str]:
    """What is wrong with the options of one command, written and read as they will be."""
    place = "output_dir" if name == "train" else "output"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "options.yaml"
        path.write_text(yaml.safe_dump({**options, place: "output"}, allow_unicode=True), encoding="utf-8")
        try:
            parse_config(kinds, ["--config", str(path)], elsewhere=elsewhere)
        except UserError as error:
            yield f"{name}: " + str(error).replace(f" (in {path})", "")


def _joined(labels: Sequence[str]) -> str:
    rest = len(labels) - _NAMED
    return ", ".join(labels[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
