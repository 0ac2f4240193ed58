"""Evaluations of several methods compared: every figure with its interval, and its difference from the base model's.

Evaluations that share a label are runs of one method under several seeds; `seeds` says how they are put together. All
must hold the same items. Three figures stand out, the axes of the picture: consistency, accuracy and likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tlpo.errors import UserError, did_you_mean
from tlpo.evaluation.figures import AXES, Figure, choose_figures
from tlpo.evaluation.run_files import EvaluatedRun, ItemSums
from tlpo.evaluation.seeds import Drawn, Estimate, difference, draw_runs, estimate_methods, harmonic

Methods = dict[str, list[EvaluatedRun]]


@dataclass(frozen=True)
class CompareOptions:
    """What is compared and how.

    base, focus: labels; None finds the run whose method is "base", and the most consistent of the method "tlpo" (of
    all, if there is none). profile, temperature: of the consistency axis; None takes the project's own detector, and
    each run's highest temperature. resamples: bootstrap draws.
    """

    base: str | None = None
    focus: str | None = None
    profile: str | None = None
    temperature: float | None = None
    resamples: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.resamples < 100:
            raise UserError(f"resamples is {self.resamples}: give at least 100, or the intervals mean nothing")


def compare_runs(runs: Sequence[EvaluatedRun], options: CompareOptions | None = None) -> dict[str, Any]:
    """Compare evaluations, in the order given.

    Returns JSON values: {"base", "focus", "methods": [{"label", "method", "runs", "seeds", "text"}], "axes": {axis:
    figure key}, "figures": [F], "against": [{"label", axis: C}], "notes", "resamples", "seed"}. F is {"key", "title",
    "axis", "share", "higher_is_better", "items", "strata", "methods": {label: {"value", "ci95", "runs", "difference",
    "difference_ci95", "verdict"}}}; a verdict is "better", "worse", "same" or "cannot tell", and the last three are
    null for the base itself and where the base lacks the figure. C is {"difference", "difference_ci95", "verdict"} of
    the focus against that method. Shares lie in [0, 1], likelihoods are nats a token.

    Raises UserError when there is no base, an evaluation is given twice, or the items differ.
    """
    if not runs:
        raise UserError("there is nothing to compare: give at least one evaluation folder")
    options = options or CompareOptions()
    methods = _by_label(runs)
    base = _base(methods, options.base)
    figures, notes = choose_figures(runs, options.profile, options.temperature)
    estimated = {figure.key: _estimate(figure, methods, options) for figure in figures}
    estimates = {key: found for key, (_, found) in estimated.items()}
    axes = {figure.axis: figure for figure in figures if figure.axis is not None}
    focus = _focus(methods, base, options.focus, estimates[axes["consistency"].key])
    return {
        "base": base,
        "focus": focus,
        "methods": [_method(label, group) for label, group in methods.items()],
        "axes": {axis: axes[axis].key for axis in AXES if axis in axes},
        "figures": [_figure(figure, *estimated[figure.key], base) for figure in figures],
        "against": [
            {"label": label, **_against(axes, estimates, focus, label)}
            for label in methods
            if focus is not None and label != focus
        ],
        "notes": [*notes, *_same_weights(methods, base), *_differing_settings(methods)],
        "resamples": options.resamples,
        "seed": options.seed,
    }


def verdict(interval: Sequence[float], higher_is_better: bool) -> str:
    """Read off a difference's interval. "same": every item had the same outcome on both sides."""
    low, high = interval if higher_is_better else (-interval[1], -interval[0])
    if low == high == 0:
        return "same"
    return "better" if low > 0 else "worse" if high < 0 else "cannot tell"


def _by_label(runs: Sequence[EvaluatedRun]) -> Methods:
    methods: Methods = {}
    for run in runs:
        group = methods.setdefault(run.label, [])
        if any(run.folder == other.folder for other in group):
            raise UserError(f"{run.folder} is given twice: give each evaluation once")
        group.append(run)
    return methods


def _base(methods: Methods, wanted: str | None) -> str:
    if wanted is not None:
        return _known(wanted, methods, "base")
    found = [label for label, group in methods.items() if group[0].method == "base"]
    if len(found) == 1:
        return found[0]
    told = "is not among the runs" if not found else f"is named by {len(found)} labels ({', '.join(found)})"
    raise UserError(f"the base model {told}: give one of {', '.join(methods)} with --base")


def _focus(methods: Methods, base: str, wanted: str | None, consistency: Mapping[str, Estimate]) -> str | None:
    if wanted is not None:
        return _known(wanted, methods, "focus")
    others = [label for label in methods if label != base]
    own = [label for label in others if methods[label][0].method == "tlpo"]
    return max(own or others, key=lambda label: consistency[label].value, default=None)


def _known(label: str, methods: Methods, option: str) -> str:
    if label not in methods:
        raise UserError(f"--{option} '{label}' is none of the runs{did_you_mean(label, methods)}: {', '.join(methods)}")
    return label


def _estimate(figure: Figure, methods: Methods, options: CompareOptions) -> tuple[int, dict[str, Estimate]]:
    """How many items there are, and the figure of every method all of whose runs have it."""
    having = {label: group for label, group in methods.items() if all(figure.of(run) is not None for run in group)}
    runs = [run for group in having.values() for run in group]
    tables = [tables for run in runs if (tables := figure.of(run)) is not None]
    drawn = [_drawn(figure, runs, [table[part] for table in tables], options) for part in range(len(figure.parts))]
    columns, first = {}, 0
    for label, group in having.items():
        columns[label] = range(first, first + len(group))
        first += len(group)
    whole = drawn[0] if len(drawn) == 1 else harmonic(*drawn)
    return whole.items, estimate_methods(whole, columns, seed=options.seed)


def _drawn(
    figure: Figure,
    runs: Sequence[EvaluatedRun],
    tables: Sequence[Mapping[str, ItemSums]],
    options: CompareOptions,
) -> Drawn:
    for run, table in zip(runs, tables, strict=True):
        for stratum, sums in table.items():
            _check_same_items(figure, stratum, (runs[0], tables[0][stratum]), (run, sums))
    return draw_runs(
        [{stratum: sums.sums for stratum, sums in table.items()} for table in tables],
        key=figure.draw_key,
        share=figure.share,
        resamples=options.resamples,
        seed=options.seed,
    )


def _check_same_items(
    figure: Figure, stratum: str, one: tuple[EvaluatedRun, ItemSums], other: tuple[EvaluatedRun, ItemSums]
) -> None:
    ids = one[1].ids, other[1].ids
    if ids[0] == ids[1]:
        return
    odd = sorted(set(ids[0]) ^ set(ids[1])) or ["the order"]
    raise UserError(
        f"{figure.title} ({stratum}): {one[0].folder} holds {len(ids[0])} items and {other[0].folder} {len(ids[1])}, "
        f"not the same ones (first: {odd[0]}): evaluate all methods on the same prompts and tasks"
    )


def _figure(figure: Figure, items: int, estimates: Mapping[str, Estimate], base: str) -> dict[str, Any]:
    methods: dict[str, Any] = {}
    for label, estimate in estimates.items():
        told = {"difference": None, "difference_ci95": None, "verdict": None}
        if label != base and base in estimates:
            told = _difference(figure, estimate, estimates[base])
        methods[label] = {
            "value": estimate.value, "ci95": list(estimate.ci95), "runs": list(estimate.runs), **told,
        }  # fmt: skip
    return {**figure.describe(), "items": items, "methods": methods}


def _difference(figure: Figure, one: Estimate, other: Estimate) -> dict[str, Any]:
    change, interval = difference(one, other)
    return {
        "difference": change,
        "difference_ci95": list(interval),
        "verdict": verdict(interval, figure.higher_is_better),
    }


def _against(
    axes: Mapping[str, Figure], estimates: Mapping[str, Mapping[str, Estimate]], focus: str, label: str
) -> dict[str, Any]:
    """The focus against one other method on every axis that both have."""
    return {
        axis: _difference(figure, estimates[figure.key][focus], estimates[figure.key][label])
        for axis, figure in axes.items()
        if {focus, label} <= estimates[figure.key].keys()
    }


def _method(label: str, group: Sequence[EvaluatedRun]) -> dict[str, Any]:
    """What is told of a method beside its figures; `text` holds means over its runs."""
    names = [name for name in group[0].text if all(run.text.get(name) is not None for run in group)]
    return {
        "label": label,
        "method": group[0].method,
        "runs": [str(run.folder) for run in group],
        "seeds": len(group),
        "text": {name: sum(run.text[name] for run in group) / len(group) for name in names},
    }


def _same_weights(methods: Methods, base: str) -> list[str]:
    """Which runs are one model: rows without training, and trainings that came to the same."""
    rows: dict[str, list[str]] = {}
    for label, group in methods.items():
        for run in group:
            if run.model_hash:
                rows.setdefault(run.model_hash, []).append(label)
    notes = []
    for labels in rows.values():
        others = list(dict.fromkeys(label for label in labels if label != base))
        if base in labels and others:
            notes.append(
                f"With the weights of {base}: {', '.join(others)}. Accuracy and NLL are measured on the model as it "
                "is, so theirs are the base model's, whatever another way of sampling or asking does to text."
            )
        elif len(labels) > 1:
            notes.append(f"{len(labels)} runs ended with the same weights: {', '.join(others)}.")
    return notes


def _differing_settings(methods: Methods) -> list[str]:
    """What was not evaluated alike, in words."""
    first = next(iter(methods.values()))[0]
    notes = []
    for name in sorted({name for group in methods.values() for run in group for name in run.settings}):
        values = {label: _short(group[0].settings.get(name)) for label, group in methods.items()}
        usual = _short(first.settings.get(name))
        odd = {label: value for label, value in values.items() if value != usual}
        if odd:
            told = "; ".join(f"{label}: {value}" for label, value in odd.items())
            notes.append(f"Evaluated with another {name} than {usual} ({first.label}): {told}.")
    return notes


def _short(value: Any) -> str:
    """A setting for a sentence; of a digest or a long text only the beginning."""
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:12]}…"
