"""Evaluations of several methods compared: every figure with its interval, and its difference from the base model's.

Evaluations that share a label are runs of one method under several seeds; `seeds` says how they are put together. All
must hold the same items. Three figures stand out, the axes of the picture: consistency, accuracy and likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tlpo.errors import UserError, did_you_mean
from tlpo.evaluation.alike import (
    differing_settings,
    judged_by,
    refuse_other_items,
    refuse_other_judges,
    refuse_other_lines,
    same_weights,
)
from tlpo.evaluation.figure import Figure, Items
from tlpo.evaluation.figures import AXES, choose_figures
from tlpo.evaluation.run_files import EvaluatedRun
from tlpo.evaluation.seeds import Drawn, Estimate, difference, draw_runs, estimate_methods, harmonic, size_of_mean

Methods = dict[str, list[EvaluatedRun]]


@dataclass(frozen=True)
class CompareOptions:
    """What is compared and how.

    base, focus: labels; None finds the run whose method is "base", and the most consistent of the method "tlpo" (of
    all, if there is none). profile, temperature: of the consistency axis; None takes the project's own detector, and
    each run's highest temperature. resamples: bootstrap draws. nll_margin: nats a token; a rise in the NLL of clean
    text whose whole interval lies below it counts as no loss.
    """

    base: str | None = None
    focus: str | None = None
    profile: str | None = None
    temperature: float | None = None
    resamples: int = 10_000
    seed: int = 0
    nll_margin: float = 0.02

    def __post_init__(self) -> None:
        if not 0 <= self.nll_margin < math.inf:
            raise UserError(f"nll_margin is {self.nll_margin}: give nats a token, 0 or more")
        if self.resamples < 100:
            raise UserError(f"resamples is {self.resamples}: give at least 100, or the intervals mean nothing")


def compare_runs(runs: Sequence[EvaluatedRun], options: CompareOptions | None = None) -> dict[str, Any]:
    """Compare evaluations, in the order given.

    Returns JSON values: {"base", "focus", "methods": [{"label", "method", "runs", "seeds", "sources", "text"}], "axes":
    {axis: figure key}, "judged_by", "figures": [F], "against": [{"label", axis: C}], "caveats", "resamples", "seed",
    "nll_margin", "asked": {option: value, where not the default}}. F is {"key", "title", "axis", "share",
    "higher_is_better", "items", "strata", "temperatures", "methods": {label: {"value", "ci95", "runs", "difference",
    "difference_ci95", "verdict"}}}; a verdict is "better", "worse", "same" or "cannot tell", and the last three are
    null for the base itself and where the base lacks the figure; the verdict alone where neither more nor less is
    better. A method is missing where one of its runs lacks the figure: from consistency, if nothing in its responses
    can be judged. C is {"difference", "difference_ci95", "verdict"} of the focus against that method. caveats: what was
    not alike for all methods, and what else to know before the verdict is believed. Shares lie in [0, 1], likelihoods
    and divergences are nats a token. "judged_by", "sources": see `judged_by` and `source_of`.

    Raises UserError when there is no base or nothing in its responses can be judged, an evaluation is given twice, one
    label stands for two methods, no run has the temperature asked for, or the items or the definitions of consistency
    differ.
    """
    if not runs:
        raise UserError("there is nothing to compare: give at least one evaluation folder")
    options = options or CompareOptions()
    methods = _by_label(runs)
    base = _base(methods, options.base)
    figures, caveats = choose_figures(runs, options.profile, options.temperature)
    axes = {figure.axis: figure for figure in figures if figure.axis is not None}
    refuse_other_judges(axes["consistency"].draw_key, runs)
    refuse_other_lines(runs)
    told = [_figure(figure, methods, base, options) for figure in figures if _having(figure, methods)]
    estimates = {one.values["key"]: one.estimates for one in told if one.values["axis"]}
    consistency = estimates.get(axes["consistency"].key, {})
    if base not in consistency:
        raise UserError(f"nothing in the responses of {base} can be judged: there is nothing to compare with")
    if options.focus is None:
        focus, picked = _most_consistent(methods, base, consistency)
    else:
        focus, picked = _known(options.focus, methods, "focus"), []
    return {
        "base": base,
        "focus": focus,
        "methods": [_method(label, group) for label, group in methods.items()],
        "axes": {axis: axes[axis].key for axis in AXES if axis in axes},
        "judged_by": {**judged_by(axes["consistency"].draw_key, runs), "rate": axes["consistency"].parts[0]},
        "figures": [one.values for one in told],
        "against": [
            {"label": label, **_against(axes, estimates, focus, label)}
            for label in methods
            if focus is not None and label != focus
        ],
        "caveats": [*caveats, *picked, *differing_settings(methods, base), *same_weights(methods, base)],
        "resamples": options.resamples,
        "seed": options.seed,
        "nll_margin": options.nll_margin,
        "asked": {name: value for name, value in asdict(options).items() if value != getattr(CompareOptions, name)},
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
        if group and group[0].method != run.method:
            raise UserError(
                f"'{run.label}' is the label of two methods, {group[0].method or 'unnamed'} ({group[0].folder}) and "
                f"{run.method or 'unnamed'} ({run.folder}): a label's runs are taken for seeds of one method; evaluate "
                "with another --label"
            )
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


def _most_consistent(methods: Methods, base: str, consistency: Mapping[str, Estimate]) -> tuple[str | None, list[str]]:
    """The most consistent of the method "tlpo", or of all if there is none; and, if there were several, a caveat."""
    others = [label for label in methods if label != base and label in consistency]
    choice = [label for label in others if methods[label][0].method == "tlpo"] or others
    best = max(choice, key=lambda label: consistency[label].value, default=None)
    if len(choice) < 2:
        return best, []
    return best, [
        f"{best} is the most consistent of {', '.join(choice)}. It was chosen on this same evaluation, which flatters "
        "the one that was lucky in it: --focus names a method that was chosen beforehand."
    ]


def _known(label: str, methods: Methods, option: str) -> str:
    if label not in methods:
        raise UserError(f"--{option} '{label}' is none of the runs{did_you_mean(label, methods)}: {', '.join(methods)}")
    return label


def _having(figure: Figure, methods: Methods) -> Methods:
    """The methods all of whose runs have the figure."""
    return {label: group for label, group in methods.items() if all(figure.of(run) is not None for run in group)}


def _estimate(figure: Figure, having: Methods, options: CompareOptions) -> tuple[int, dict[str, Estimate]]:
    """How many items there are, and the figure of every method."""
    runs = [run for group in having.values() for run in group]
    tables = [tables for run in runs if (tables := figure.of(run)) is not None]
    drawn = [_drawn(figure, runs, [table[part] for table in tables], options) for part in range(len(figure.parts))]
    columns, first = {}, 0
    for label, group in having.items():
        columns[label] = range(first, first + len(group))
        first += len(group)
    whole = drawn[0] if len(drawn) == 1 else harmonic(*drawn)
    return whole.items, estimate_methods(whole, columns, seed=options.seed)


def _drawn(figure: Figure, runs: Sequence[EvaluatedRun], tables: Sequence[Items], options: CompareOptions) -> Drawn:
    """Each stratum drawn by itself, then the mean over them."""
    single = {}
    for stratum in figure.strata:
        items = [table[stratum] for table in tables]
        refuse_other_items(f"{figure.title} ({stratum})", runs, items)
        single[stratum] = draw_runs(
            [{stratum: own.sums} for own in items],
            key=figure.draw_key,
            share=figure.share,
            resamples=options.resamples,
            seed=options.seed,
        )
    weights = figure.weights()
    return Drawn(
        figure.mean({stratum: own.values for stratum, own in single.items()}),
        figure.mean({stratum: own.draws for stratum, own in single.items()}),
        size_of_mean([own.sizes for own in single.values()], [weights[stratum] for stratum in single]),
        sum(own.items for own in single.values()),
        figure.share,
    )


@dataclass(frozen=True)
class _Told:
    """A figure as `compare_runs` returns it; of an axis also the draws, which are large."""

    values: dict[str, Any]
    estimates: Mapping[str, Estimate]


def _figure(figure: Figure, methods: Methods, base: str, options: CompareOptions) -> _Told:
    items, estimates = _estimate(figure, _having(figure, methods), options)
    values = {**figure.describe(), "items": items, "methods": _methods(figure, estimates, base)}
    return _Told(values, estimates if figure.axis else {})


def _methods(figure: Figure, estimates: Mapping[str, Estimate], base: str) -> dict[str, Any]:
    methods: dict[str, Any] = {}
    for label, estimate in estimates.items():
        told = {"difference": None, "difference_ci95": None, "verdict": None}
        if label != base and base in estimates:
            told = _difference(figure, estimate, estimates[base])
        methods[label] = {
            "value": estimate.value, "ci95": list(estimate.ci95), "runs": list(estimate.runs), **told,
        }  # fmt: skip
    return methods


def _difference(figure: Figure, one: Estimate, other: Estimate) -> dict[str, Any]:
    change, interval = difference(one, other)
    told = None if figure.higher_is_better is None else verdict(interval, figure.higher_is_better)
    return {"difference": change, "difference_ci95": list(interval), "verdict": told}


def _against(
    axes: Mapping[str, Figure], estimates: Mapping[str, Mapping[str, Estimate]], focus: str, label: str
) -> dict[str, Any]:
    """The focus against one other method on every axis that both have."""
    return {
        axis: _difference(figure, estimates[figure.key][focus], estimates[figure.key][label])
        for axis, figure in axes.items()
        if {focus, label} <= estimates.get(figure.key, {}).keys()
    }


def _method(label: str, group: Sequence[EvaluatedRun]) -> dict[str, Any]:
    """What is told of a method beside its figures; `text` holds means over its runs."""
    names = [name for name in group[0].text if all(run.text.get(name) is not None for run in group)]
    return {
        "label": label,
        "method": group[0].method,
        "runs": [str(run.folder) for run in group],
        "seeds": len(group),
        "sources": [{"folder": str(run.folder), **run.source} for run in group],
        "text": {name: sum(run.text[name] for run in group) / len(group) for name in names},
    }
