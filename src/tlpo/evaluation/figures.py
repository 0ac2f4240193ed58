"""Which figures a comparison shows: three axes, each a mean over its parts, and then every part alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tlpo.errors import UserError, did_you_mean
from tlpo.evaluation.run_files import EvaluatedRun, ItemSums, Setting

AXES = ("consistency", "accuracy", "likelihood")
_PROFILES = ("default", "tlpo", "lcb")
_MAIN_RATE = {"lcb": "lpr"}  # the share of responses all of whose lines pass; elsewhere the response pass rate
_RATE_NAMES = {
    "rpr": "response pass rate", "lpr": "line pass rate", "wpr": "word pass rate",
    "lcpr": "harmonic mean of line and word pass rate",
}  # fmt: skip
Items = Mapping[str, ItemSums]
Parts = tuple[Mapping[str, ItemSums], ...]


@dataclass(frozen=True)
class Figure:
    """One figure of a run.

    key: names it in files. title: for people. axis: one of `AXES`, or None. draw_key: names the items that are
    resampled; figures of the same items share it. take: a run's item sums by stratum, one mapping a part (two parts
    make a harmonic mean), or None if the run lacks the figure.
    """

    key: str
    title: str
    axis: str | None
    share: bool
    higher_is_better: bool
    draw_key: str
    strata: tuple[str, ...]
    parts: tuple[str, ...]
    take: Callable[[EvaluatedRun], Parts | None]

    def of(self, run: EvaluatedRun) -> Parts | None:
        """The run's item sums, or None."""
        return self.take(run)

    def describe(self) -> dict[str, Any]:
        """What a report needs to know."""
        names = ("key", "title", "axis", "share", "higher_is_better")
        return {**{name: getattr(self, name) for name in names}, "strata": list(self.strata)}


def choose_figures(
    runs: Sequence[EvaluatedRun], profile: str | None = None, temperature: float | None = None
) -> tuple[list[Figure], list[str]]:
    """The axes that all runs (at least one) have, then the single figures that any has; and notes on what is left out.

    Raises UserError when the runs share no measure of consistency, or lack the profile asked for.
    """
    notes: list[str] = []
    axes = [_consistency(runs, _profile(runs, profile), temperature, notes)]
    tasks = _common("task", [run.capability for run in runs], notes)
    if tasks:
        axes.append(_accuracy(tasks))
    texts = _common("language of clean text", [run.nll for run in runs], notes)
    if texts:
        axes.append(_likelihood(texts))
    tasks_alone = _singles(runs, "task", "accuracy on", share=True, table=lambda run: run.capability)
    texts_alone = _singles(runs, "nll", "NLL of clean text,", share=False, table=lambda run: run.nll)
    return [*axes, *_single_rates(runs), *tasks_alone, *texts_alone], notes


def _profile(runs: Sequence[EvaluatedRun], wanted: str | None) -> str:
    common = [name for name in _ordered(setting.profile for setting in runs[0].consistency)
              if all(any(setting.profile == name for setting in run.consistency) for run in runs)]  # fmt: skip
    if wanted is not None and wanted not in common:
        hint = did_you_mean(wanted, common)
        raise UserError(f"not every run was scored by the profile '{wanted}'{hint}: they share {', '.join(common)}")
    if not common:
        raise UserError(
            "the runs share no profile of consistency: evaluate all with the suite 'consistency' and the same profiles"
        )
    return wanted or next((name for name in _PROFILES if name in common), common[0])


def _consistency(runs: Sequence[EvaluatedRun], profile: str, temperature: float | None, notes: list[str]) -> Figure:
    rate = _MAIN_RATE.get(profile, "rpr")

    def parts(run: EvaluatedRun) -> dict[str, ItemSums]:
        chosen = main_temperature(run, profile, temperature)
        return {
            _place(setting): rates[rate]
            for setting, rates in run.consistency.items()
            if (setting.profile, setting.temperature) == (profile, chosen) and rate in rates
        }

    strata = _common("set of prompts", [parts(run) for run in runs], notes)
    if not strata:
        raise UserError("the runs were evaluated on different prompts: evaluate all of them on the same")

    def take(run: EvaluatedRun) -> Parts:
        return ({name: parts(run)[name] for name in strata},)

    title = f"{_RATE_NAMES[rate]} ({rate.upper()}, profile {profile})"
    return Figure("consistency", title, "consistency", True, True, f"{profile}", tuple(strata), (rate,), take)


def main_temperature(run: EvaluatedRun, profile: str, wanted: float | None) -> float:
    """The temperature that speaks for the run: the one asked for if it has it, else its highest."""
    known = {setting.temperature for setting in run.consistency if setting.profile == profile}
    return wanted if wanted is not None and wanted in known else max(known)


def _accuracy(tasks: Sequence[str]) -> Figure:
    def take(run: EvaluatedRun) -> Parts:
        return ({name: run.capability[name] for name in tasks},)

    title = f"accuracy on {tasks[0]}" if len(tasks) == 1 else f"accuracy, mean of {len(tasks)} tasks"
    return Figure("accuracy", title, "accuracy", True, True, "accuracy", tuple(tasks), ("accuracy",), take)


def _likelihood(languages: Sequence[str]) -> Figure:
    def take(run: EvaluatedRun) -> Parts:
        return ({code: run.nll[code] for code in languages},)

    told = languages[0] if len(languages) == 1 else f"mean of {', '.join(languages)}"
    title = f"NLL of clean text, nats a token ({told})"
    return Figure("nll", title, "likelihood", False, False, "nll", tuple(languages), ("nll",), take)


def _single_rates(runs: Sequence[EvaluatedRun]) -> list[Figure]:
    figures = []
    for setting in _ordered(setting for run in runs for setting in run.consistency):
        rates = _ordered(rate for run in runs for rate in run.consistency.get(setting, {}))
        if {"lpr", "wpr"} <= set(rates) and setting.profile == "lcb":
            rates.append("lcpr")
        figures += [_single_rate(setting, rate) for rate in rates]
    return figures


def _single_rate(setting: Setting, rate: str) -> Figure:
    needed = ("lpr", "wpr") if rate == "lcpr" else (rate,)
    place = _place(setting)

    def take(run: EvaluatedRun) -> Parts | None:
        rates = run.consistency.get(setting, {})
        return tuple({place: rates[name]} for name in needed) if set(needed) <= rates.keys() else None

    told = f"profile {setting.profile}, temperature {setting.temperature:g}, {place}"
    draw_key = f"{setting.profile}\t{setting.temperature:g}\t{place}"
    return Figure(
        key=f"{rate}/{setting.profile}/t{setting.temperature:g}/{place}",
        title=f"{rate.upper()} ({told})",
        axis=None,
        share=True,
        higher_is_better=True,
        draw_key=draw_key,
        strata=(place,),
        parts=needed,
        take=take,
    )


def _singles(
    runs: Sequence[EvaluatedRun], prefix: str, title: str, *, share: bool, table: Callable[[EvaluatedRun], Items]
) -> list[Figure]:
    """One figure for each name in the runs' tables."""

    def single(name: str) -> Figure:
        def take(run: EvaluatedRun) -> Parts | None:
            return ({name: table(run)[name]},) if name in table(run) else None

        key = f"{prefix}/{name}"
        return Figure(key, f"{title} {name}", None, share, share, key, (name,), (prefix,), take)

    return [single(name) for name in _ordered(name for run in runs for name in table(run))]


def _place(setting: Setting) -> str:
    return f"{setting.source}/{setting.language}" if setting.source else setting.language


def _common(what: str, tables: Sequence[Mapping[str, Any]], notes: list[str]) -> list[str]:
    """The names that all tables hold, in the first one's order; what only some hold is noted."""
    common = [name for name in tables[0] if all(name in table for table in tables)]
    left = [name for name in _ordered(name for table in tables for name in table) if name not in common]
    if left:
        notes.append(f"Left out of the means, as not every run has it: {what} {', '.join(left)}.")
    return common


def _ordered(names: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(names))
