"""Which figures a comparison shows: three axes, each a mean over its parts, and then every part alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tlpo.evaluation.consistency_axis import consistency_figures
from tlpo.evaluation.figure import Figure, Items, Parts, common_names, flat, ordered
from tlpo.evaluation.run_files import EvaluatedRun, Setting

AXES = ("consistency", "accuracy", "likelihood")
DIVERGENCE = "text/kl_from_base"
"""What the keys of the divergences begin with: "text/kl_from_base/ko"."""


def choose_figures(
    runs: Sequence[EvaluatedRun], profile: str | None = None, temperature: float | None = None
) -> tuple[list[Figure], list[str]]:
    """The axes that all runs (at least one) have, then the single figures that any has; and notes, in words, on what is
    left out and on runs that stand at another temperature than the others.

    Raises UserError when the runs share no measure of consistency, or lack the profile or the temperature asked for.
    """
    notes: list[str] = []
    consistency, responses = consistency_figures(runs, profile, temperature, notes)
    axes = [consistency]
    tasks = common_names("task", [run.capability for run in runs], notes)
    if tasks:
        axes.append(_accuracy(tasks))
    texts = common_names("language of clean text", [run.nll for run in runs], notes)
    if texts:
        axes.append(_likelihood(texts))
    tasks_alone = _singles(runs, "task", "accuracy on", better=True, table=lambda run: run.capability)
    texts_alone = _singles(runs, "nll", "NLL of clean text,", better=False, table=lambda run: run.nll)
    bases = {run.source["settings"].get("base") for run in runs if run.kl}
    if len(bases) > 1:
        notes.append("The divergences are from different base models: evaluate all with the same --base.")
    divergences = _singles(
        runs, DIVERGENCE, "KL from the base model on clean text (nats a token),", better=None, table=lambda run: run.kl
    )
    return [*axes, *responses, *_single_rates(runs), *tasks_alone, *texts_alone, *divergences], notes


def _accuracy(tasks: Sequence[str]) -> Figure:
    def take(run: EvaluatedRun) -> Parts:
        return ({name: run.capability[name] for name in tasks},)

    title = f"accuracy on {tasks[0]}" if len(tasks) == 1 else f"accuracy, mean of {len(tasks)} tasks"
    return Figure("accuracy", title, "accuracy", True, True, "accuracy", flat(tasks), ("accuracy",), take)


def _likelihood(languages: Sequence[str]) -> Figure:
    def take(run: EvaluatedRun) -> Parts:
        return ({code: run.nll[code] for code in languages},)

    told = languages[0] if len(languages) == 1 else f"mean of {', '.join(languages)}"
    title = f"NLL of clean text, nats a token ({told})"
    return Figure("nll", title, "likelihood", False, False, "nll", flat(languages), ("nll",), take)


def _single_rates(runs: Sequence[EvaluatedRun]) -> list[Figure]:
    figures = []
    for setting in ordered(setting for run in runs for setting in run.consistency):
        rates = ordered(rate for run in runs for rate in run.consistency.get(setting, {}))
        if {"lpr", "wpr"} <= set(rates) and setting.profile == "lcb":
            rates.append("lcpr")
        figures += [_single_rate(setting, rate) for rate in rates]
    return figures


def _single_rate(setting: Setting, rate: str) -> Figure:
    needed = ("lpr", "wpr") if rate == "lcpr" else (rate,)
    place = setting.place

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
        strata=flat([place]),
        parts=needed,
        take=take,
    )


def _singles(
    runs: Sequence[EvaluatedRun],
    prefix: str,
    title: str,
    *,
    better: bool | None,
    table: Callable[[EvaluatedRun], Items],
) -> list[Figure]:
    """One figure for each name in the runs' tables. better: whether more of it is; what is no better is in nats."""

    def single(name: str) -> Figure:
        def take(run: EvaluatedRun) -> Parts | None:
            return ({name: table(run)[name]},) if name in table(run) else None

        key = f"{prefix}/{name}"
        return Figure(key, f"{title} {name}", None, bool(better), better, key, flat([name]), (prefix,), take)

    return [single(name) for name in ordered(name for run in runs for name in table(run))]
