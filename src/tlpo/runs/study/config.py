"""The file that describes a study. docs/comparison.md explains every entry."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tlpo.config import read_yaml
from tlpo.errors import UserError, did_you_mean
from tlpo.languages import get_language
from tlpo.metrics import PROFILES

TRAINED = {"tlpo": None, "sft": "{samples}", "dpo": "{pairs}", "orpo": "{pairs}", "grpo": None}
"""The methods that train, and the data that each reads."""
_METHOD_KEYS = ("method", "learning_rate", "seeds", "train", "evaluate", "validate")
# Options that the study itself gives to the commands.
_OWN = {
    "train": ("model", "method", "learning_rate", "seed", "output_dir", "language"),
    "evaluate": ("model", "adapter", "method", "label", "output", "language"),
    "sample": ("model", "output", "language"),
    "pairs": ("output",),
}
_LONGEST_LABEL = 200  # bytes: folders are named after it, and their names have 255
Options = dict[str, Any]


@dataclass(frozen=True)
class MethodSpec:
    """One row of the comparison.

    kind: "tlpo", "sft", "dpo", "orpo" or "grpo" for what is trained, any other word for what is not. learning_rates:
    empty for what is not trained. seeds: of its training runs. The options are those of the study with its own on top.
    """

    label: str
    kind: str
    learning_rates: tuple[float, ...] = ()
    seeds: tuple[int, ...] = ()
    train: Options = field(default_factory=dict)
    evaluate: Options = field(default_factory=dict)
    validate: Options = field(default_factory=dict)

    @property
    def trained(self) -> bool:
        """Whether it has to be trained."""
        return self.kind in TRAINED


@dataclass(frozen=True)
class StudyConfig:
    """A study.

    output: its folder. languages: of the answers. prompts: a file, or None for the bundled ones. validation_prompts:
    how many training prompts of each language are kept back to choose learning rates on. max_nll_rise: nats a token
    that clean text may lose at most in that choice. rollout_budget: sampled responses of each training run. jobs: how
    many stages run at a time. keep_weights: "chosen", "all" or "none", after the evaluation. profile: definition of
    confusion for the choice and the picture; None takes the project's own. resamples, nll_margin: as `CompareOptions`
    has them. sample, pairs: options of those commands.
    """

    title: str
    model: str
    languages: tuple[str, ...]
    output: Path
    methods: tuple[MethodSpec, ...]
    prompts: str | None = None
    validation_prompts: int = 30
    max_nll_rise: float = 0.05
    rollout_budget: int | None = None
    jobs: int = 1
    keep_weights: str = "chosen"
    profile: str | None = None
    focus: str | None = None
    resamples: int = 10_000
    nll_margin: float = 0.02
    sample: Options = field(default_factory=dict)
    pairs: Options = field(default_factory=dict)

    @property
    def base(self) -> MethodSpec:
        """The row of the untrained model."""
        return next(method for method in self.methods if method.kind == "base")


def load_study(path: Path, output: Path | None = None, settings: Sequence[str] = ()) -> StudyConfig:
    """Read a study's file.

    output: instead of its folder. settings: "ENTRY=VALUE" or "ENTRY.OPTION=VALUE" instead of what the file says; the
    value is read as YAML.

    Raises UserError naming every entry that is unknown, missing or of the wrong kind, and every option that its command
    would refuse.
    """
    from tlpo.runs.study.options import option_problems  # builds stages of what is read here, and loads torch

    given = _named_after_settings(path, _with_settings(_with_parents(path), settings), settings)
    problems = [
        f"no such entry: '{name}'{did_you_mean(name, _ENTRIES)}" for name in given if name not in (*_ENTRIES, "like")
    ]
    reader = _Reader(given, problems)
    methods = reader.methods()
    config = StudyConfig(
        title=reader.text("title") or path.stem,
        model=str(reader.required("model") and reader.text("model")),
        languages=reader.languages(),
        output=output or Path(reader.text("output") or Path("runs") / "studies" / path.stem),
        methods=methods,
        prompts=reader.text("prompts"),
        validation_prompts=reader.number("validation_prompts", 30, _whole, least=1),
        max_nll_rise=reader.number("max_nll_rise", 0.05, float, least=0),
        rollout_budget=reader.number("rollout_budget", None, _whole, least=1),
        jobs=reader.number("jobs", 1, _whole, least=1),
        keep_weights=reader.choice("keep_weights", ("chosen", "all", "none")) or "chosen",
        profile=reader.choice("profile", PROFILES),
        focus=reader.text("focus"),
        resamples=reader.number("resamples", 10_000, _whole, least=100),
        nll_margin=reader.number("nll_margin", 0.02, float, least=0),
        sample=reader.options("sample"),
        pairs=reader.options("pairs"),
    )
    if config.focus is not None and config.focus not in [method.label for method in methods]:
        problems.append(f"focus '{config.focus}' is none of the methods")
    problems += [*_profile_problems(config), *option_problems(config)]
    if problems:
        raise UserError(f"{path}: " + "; ".join(problems))
    return config


def _profile_problems(study: StudyConfig) -> list[str]:
    """Where the profile that decides is not among those that are scored."""
    lacking = [
        f"{method.label}: {name}.profiles is {options['profiles']!r}, without the profile '{study.profile}'"
        for method in study.methods
        for name, options in (("evaluate", method.evaluate), ("validate", method.evaluate | method.validate))
        if study.profile is not None and "profiles" in options and study.profile not in entries(options["profiles"])
    ]
    return lacking[:3] if study.profile in PROFILES else []


_ENTRIES = (
    "title", "model", "language", "output", "prompts", "validation_prompts", "max_nll_rise", "rollout_budget", "jobs",
    "keep_weights", "profile", "focus", "resamples", "nll_margin", "seeds", "train", "sample", "pairs", "evaluate",
    "validate", "methods",
)  # fmt: skip
_OF_OPTIONS = ("train", "sample", "pairs", "evaluate", "validate", "methods")  # entries that hold further ones


def entries(value: Any) -> list[str]:
    """The words of a list, or of one text with commas."""
    return [str(entry).strip() for entry in (value if isinstance(value, list) else str(value).split(","))]


def _with_parents(path: Path, above: Sequence[Path] = ()) -> Options:
    """The file's entries, on top of those of the file that it is `like`."""
    if path.resolve() in above:
        raise UserError(f"{path} is like itself: take one 'like' out")
    given = read_yaml(path)
    if given.get("like") is None:
        return given
    parent = path.parent / str(given["like"])
    return _with_parents(parent, [*above, path.resolve()]) | given


def _with_settings(given: Options, settings: Sequence[str]) -> Options:
    for setting in settings:
        place, equals, text = setting.partition("=")
        entry, dot, option = place.partition(".")
        if not equals or not entry or (dot and not option):
            raise UserError(f"--set '{setting}': write ENTRY=VALUE or ENTRY.OPTION=VALUE")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            raise UserError(f"--set '{setting}': the value is not valid YAML") from None
        given = given | {entry: _with_option(given, setting, entry, option, value) if dot else value}
    return given


def _named_after_settings(path: Path, given: Options, settings: Sequence[str]) -> Options:
    """With a title and a folder of its own where the settings ask of another model or language what the file asks."""
    said = [setting.partition("=")[0] for setting in settings]
    if not {"model", "language"} & {*said}:
        return given
    try:
        languages = [get_language(code) for code in entries(given.get("language") or "")]
    except UserError:
        return given  # told with everything else that is wrong
    model = str(given.get("model"))
    folder = "-".join([path.stem, Path(model).name, *(language.code for language in languages)])
    own = {
        "title": f"{model} in {', '.join(language.name for language in languages)}, by {path.name}",
        "output": str(Path("runs") / "studies" / folder),
    }
    return given | {name: value for name, value in own.items() if name not in said}


def _with_option(given: Options, setting: str, entry: str, option: str, value: Any) -> Options:
    """The entry's options with one of them set."""
    known = given.get(entry) or {}
    if entry in _ENTRIES and entry not in _OF_OPTIONS:
        raise UserError(f"--set '{setting}': the entry '{entry}' has no options: write {entry}=VALUE")
    if not isinstance(known, Mapping):
        raise UserError(f"--set '{setting}': the file says '{known}' where options of {entry} belong: correct it there")
    if entry == "methods" and value is not None and not isinstance(value, Mapping):
        raise UserError(
            f"--set '{setting}': a row is set as a whole: write methods.LABEL={{method: ..., ...}}, or "
            "methods.LABEL= to leave it out"
        )
    return {**known, option: value}


class _Reader:
    """Takes entries out of a mapping and collects what is wrong with them."""

    def __init__(self, given: Options, problems: list[str]) -> None:
        self.given, self.problems = given, problems

    def required(self, name: str) -> Any:
        if self.given.get(name) is None:
            self.problems.append(f"the entry '{name}' is missing")
        return self.given.get(name)

    def text(self, name: str) -> str | None:
        """An entry that is one text; None where it is not given."""
        value = self.given.get(name)
        if isinstance(value, list | Mapping | bool):  # YAML takes yes, no, on and off for the last
            self.problems.append(f"{name} is {value!r}: give one text, in quotes")
        return None if value is None else str(value)

    def number(self, name: str, default: Any, kind: Callable[[Any], Any], *, least: float) -> Any:
        """kind: makes a number of an entry; raises ValueError for one that cannot be used."""
        value = self.given.get(name)
        try:
            found = default if value is None else kind(value)
        except (TypeError, ValueError, OverflowError):
            found = None
        if (value is not None and found is None) or (found is not None and not found >= least):
            wanted = "a whole number" if kind is _whole else "a number"
            self.problems.append(f"{name} is {value!r}: give {wanted} of at least {least}")
        return found

    def choice(self, name: str, known: Sequence[str]) -> str | None:
        """An entry that is one of these words; None where it is not given."""
        value = self.given.get(name)
        if value is None:
            return None
        value = str(value)
        if value not in known:
            self.problems.append(f"{name} is '{value}'{did_you_mean(value, known)}: choose one of {', '.join(known)}")
        return value

    def languages(self) -> tuple[str, ...]:
        given = self.required("language")
        if given is None:
            return ()
        if not isinstance(given, str | list) or not given:  # YAML reads the code of Norwegian as a boolean
            self.problems.append(f"language is {given!r}: give the code of a language, or several, in quotes")
            return ()
        try:
            return tuple(dict.fromkeys(get_language(code).code for code in entries(given)))
        except UserError as error:
            self.problems.append(str(error))
            return ()

    def options(self, name: str, given: Options | None = None, where: str = "") -> Options:
        """The options of a command; none of those that the study gives itself."""
        value = (self.given if given is None else given).get(name) or {}
        if not isinstance(value, Mapping):
            self.problems.append(f"{where}{name} is {value!r}: write options below it, one a line")
            return {}
        own = _OWN["evaluate" if name == "validate" else name]
        options = {str(key).replace("-", "_"): entry for key, entry in value.items()}
        self.problems += [f"{where}{name}: the option '{key}' is the study's own" for key in options if key in own]
        return options

    def methods(self) -> tuple[MethodSpec, ...]:
        given = self.required("methods") or {}
        if not isinstance(given, Mapping):
            self.problems.append("methods: write one 'label: {method: ...}' a line")
            return ()
        shared = {name: self.options(name) for name in ("train", "evaluate", "validate")}
        seeds = self._seeds("seeds", self.given.get("seeds"), (0,))
        rows = {str(label): spec for label, spec in given.items() if spec is not None}  # null leaves a row out
        found = tuple(self._method(label, spec, shared, seeds) for label, spec in rows.items())
        bases = [method.label for method in found if method.kind == "base"]
        unread = self.given.get("methods") is None or not all(isinstance(spec, Mapping) for spec in rows.values())
        if len(bases) != 1 and not unread:  # else the one that lacks may be among those that are told of already
            self.problems.append(f"methods: {len(bases)} rows have 'method: base', but one has to be the base model")
        return tuple(sorted(found, key=lambda method: method.kind != "base"))  # the others are held against it

    def _method(
        self, label: str, spec: Any, shared: Mapping[str, Options], shared_seeds: tuple[int, ...]
    ) -> MethodSpec:
        where = f"{label}: "
        if not label.strip() or "\n" in label or len(label.encode()) > _LONGEST_LABEL:
            self.problems.append(
                f"methods: the label {label[:40]!r} cannot name a folder: give 1 to {_LONGEST_LABEL} bytes in one line"
            )
        if not isinstance(spec, Mapping):
            self.problems.append(f"{where}{spec!r} is no row: write '{label[:40]}: {{method: ...}}'")
            return MethodSpec(label, "")
        self.problems += [
            f"{where}no such entry: '{name}'{did_you_mean(str(name), _METHOD_KEYS)}"
            for name in spec
            if name not in _METHOD_KEYS
        ]
        kind = str(spec.get("method") or "")
        if not kind:
            self.problems.append(f"{where}say what it is: 'method: base', 'method: tlpo', ...")
        trained = kind in TRAINED
        rates = self._rates(where, spec.get("learning_rate")) if trained else ()
        seeds = self._seeds(f"{where}seeds", spec.get("seeds"), shared_seeds) if trained else ()
        if not trained and (spec.get("train") or spec.get("learning_rate")):
            self.problems.append(
                f"{where}'{kind}' is not trained{did_you_mean(kind, TRAINED)}: take train and learning_rate out"
            )
        own = {name: shared[name] | self.options(name, dict(spec), where) for name in shared}
        return MethodSpec(label, kind, rates, seeds, own["train"], own["evaluate"], own["validate"])

    def _rates(self, where: str, value: Any) -> tuple[float, ...]:
        if value is None or value == []:
            self.problems.append(f"{where}it is trained, so give one learning_rate or several")
            return ()
        return self._numbers(f"{where}learning_rate", value, _rate, "a number above 0")

    def _seeds(self, where: str, value: Any, default: tuple[int, ...]) -> tuple[int, ...]:
        if value is None:
            return default
        return self._numbers(where, value, _seed, "a whole number of at least 0")

    def _numbers(self, where: str, value: Any, kind: Callable[[Any], Any], wanted: str) -> tuple[Any, ...]:
        """Each number once. kind: makes a number of an entry; raises ValueError for one that cannot be used."""
        try:
            found = tuple(dict.fromkeys(map(kind, value if isinstance(value, list) else [value])))
        except (TypeError, ValueError, OverflowError):
            found = ()
        if not found:
            self.problems.append(f"{where} is {value!r}: give {wanted}, or a list of them")
        return found


def _rate(entry: Any) -> float:
    rate = float(entry)
    if isinstance(entry, bool) or not 0 < rate < math.inf:
        raise ValueError
    return rate


def _whole(entry: Any) -> int:
    if isinstance(entry, bool) or int(entry) != float(entry):
        raise ValueError
    return int(entry)


def _seed(entry: Any) -> int:
    seed = _whole(entry)
    if seed < 0:
        raise ValueError
    return seed
