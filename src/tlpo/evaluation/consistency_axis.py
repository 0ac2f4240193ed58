"""The axis that every comparison has, and the figures of the responses it is read from.

Consistency is averaged as `tlpo evaluate` does it: over the sources of a language, then over languages; where prompts
of both settings of a benchmark were answered, then over the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tlpo.errors import UserError, did_you_mean
from tlpo.evaluation.figure import Figure, Parts, common_names, ordered
from tlpo.evaluation.run_files import EvaluatedRun, Setting

RESPONSES = "response"
"""What the keys of the figures of responses begin with: "response/mean_length"."""
RATE_NAMES = {
    "rpr": "response pass rate", "lpr": "line pass rate", "wpr": "word pass rate",
    "lcpr": "harmonic mean of line and word pass rate",
}  # fmt: skip
_PROFILES = ("default", "tlpo", "lcb")
_MAIN_RATE = {"lcb": "lpr"}  # the share of responses all of whose lines pass; elsewhere the response pass rate
# Title, whether it is a share, and whether more of it is better: shorter responses, fewer letters of the language, more
# digits and saying the same again are ways to pass that hardly answer.
_RESPONSE_FIGURES = {
    "mean_length": ("mean length of the responses, tokens", False, True),
    "letters_share": ("letters of the right language, share of the responses' characters", True, True),
    "digits_share": ("digits, share of the responses' characters", True, False),
    "repeats_share": ("repeats, share of a response's pairs of tokens that it has had before", True, False),
}
JUDGED = f"{RESPONSES}/judged"
"""The key of the share of the responses that hold something to judge."""


def consistency_figures(
    runs: Sequence[EvaluatedRun], profile: str | None, temperature: float | None, notes: list[str]
) -> tuple[Figure, list[Figure]]:
    """The axis, and the figures of the responses behind it, as far as any run has them.

    profile, temperature: None takes the first that all have, and each run's highest. notes: gets, in words, what was
    left out and which runs stand at another temperature than the others.

    Raises:
        UserError: the runs share no measure of consistency, or lack the profile or the temperature asked for.
    """
    chosen = shared_profile(runs, profile)
    temperatures = _temperatures(runs, chosen, temperature, notes)
    axis = _consistency(runs, chosen, temperature, temperatures, notes)
    known = {name for run in runs for figures in run.responses.values() for name in figures}
    figures = [_response_figure(name, axis, temperature) for name in _RESPONSE_FIGURES if name in known]
    judged = _judged_figure(axis, temperature)
    silent = any(table.sums.value < 1 for run in runs for part in judged.of(run) or () for table in part.values())
    return axis, [*figures, judged] if silent else figures


def shared_profile(runs: Sequence[EvaluatedRun], wanted: str | None) -> str:
    """The profile asked for, or the project's own or else another that judged every run. Raises UserError: none did."""
    common = [name for name in ordered(setting.profile for setting in runs[0].judged)
              if all(any(setting.profile == name for setting in run.judged) for run in runs)]  # fmt: skip
    if wanted is not None and wanted not in common:
        hint = did_you_mean(wanted, common)
        raise UserError(f"not every run was scored by the profile '{wanted}'{hint}: they share {', '.join(common)}")
    if not common:
        raise UserError(
            "the runs share no profile of consistency: evaluate all with the suite 'consistency' and the same profiles"
        )
    return wanted or next((name for name in _PROFILES if name in common), common[0])


def _consistency(
    runs: Sequence[EvaluatedRun],
    profile: str,
    wanted: float | None,
    temperatures: tuple[float, ...],
    notes: list[str],
) -> Figure:
    rate = _MAIN_RATE.get(profile, "rpr")

    def answered(run: EvaluatedRun) -> dict[str, Setting]:
        return {setting.place: setting for setting in _settings(run, profile, wanted)}

    names = common_names("set of prompts", [answered(run) for run in runs], notes)
    if not names:
        raise UserError("the runs were evaluated on different prompts: evaluate all of them on the same")
    levels = {place: (own.group, own.language, own.source) for place, own in answered(runs[0]).items()}

    def take(run: EvaluatedRun) -> Parts | None:
        own = answered(run)
        found = {name: run.consistency.get(own[name], {}).get(rate) for name in names}
        known = {name: sums for name, sums in found.items() if sums is not None}
        return (known,) if len(known) == len(names) else None  # a run that says nothing to judge has no such figure

    return Figure(
        key="consistency",
        title=f"{RATE_NAMES[rate]} ({rate.upper()}, profile {profile}, {_at(temperatures)})",
        axis="consistency",
        share=True,
        higher_is_better=True,
        draw_key=profile,
        strata={name: levels[name] for name in names},
        parts=(rate,),
        take=take,
        temperatures=temperatures,
    )


def _response_figure(name: str, axis: Figure, wanted: float | None) -> Figure:
    """One of `_RESPONSE_FIGURES`, where a run has the responses themselves."""

    def take(run: EvaluatedRun) -> Parts | None:
        chosen = _temperature(run, axis.draw_key, wanted)
        own = {cell.place: sums[name] for cell, sums in run.responses.items() if cell.temperature == chosen}
        return ({place: own[place] for place in axis.strata},) if axis.strata.keys() <= own.keys() else None

    return _beside(axis, f"{RESPONSES}/{name}", *_RESPONSE_FIGURES[name], take)


def _judged_figure(axis: Figure, wanted: float | None) -> Figure:
    """How many of the responses that the axis is read from hold something to judge: the others count in no rate."""

    def take(run: EvaluatedRun) -> Parts:
        own = {setting.place: run.judged[setting] for setting in _settings(run, axis.draw_key, wanted)}
        return ({place: own[place] for place in axis.strata},)

    return _beside(axis, JUDGED, "responses with something to judge, share of all", True, True, take)


def _beside(
    axis: Figure, key: str, title: str, share: bool, higher: bool, take: Callable[[EvaluatedRun], Parts | None]
) -> Figure:
    """A figure of the responses that the axis is read from, averaged like it."""
    return Figure(
        key=key,
        title=f"{title} ({_at(axis.temperatures)})",
        axis=None,
        share=share,
        higher_is_better=higher,
        draw_key=RESPONSES,
        strata=axis.strata,
        parts=(key.rpartition("/")[2],),
        take=take,
        temperatures=axis.temperatures,
    )


def _settings(run: EvaluatedRun, profile: str, wanted: float | None) -> list[Setting]:
    """Where the profile judged the run at the temperature that speaks for it."""
    chosen = (profile, _temperature(run, profile, wanted))
    return [setting for setting in run.judged if (setting.profile, setting.temperature) == chosen]


def _temperatures(
    runs: Sequence[EvaluatedRun], profile: str, wanted: float | None, notes: list[str]
) -> tuple[float, ...]:
    """Those that speak for the runs, each once; runs that stand apart are noted."""
    known = {setting.temperature for run in runs for setting in run.judged if setting.profile == profile}
    if wanted is not None and wanted not in known:
        raise UserError(
            f"no run was evaluated at temperature {wanted:g}: give --temperature one of {_listed(sorted(known))}"
        )
    chosen = [(run.label, _temperature(run, profile, wanted)) for run in runs]
    usual = chosen[0][1] if wanted is None else wanted
    apart = ordered(f"{label} ({one:g})" for label, one in chosen if one != usual)
    if apart:
        why = "" if wanted is None else ", as they lack it"
        notes.append(f"Consistency is that at temperature {usual:g}; at their highest{why}: {', '.join(apart)}.")
    return tuple(sorted({one for _, one in chosen}))


def _temperature(run: EvaluatedRun, profile: str, wanted: float | None) -> float:
    """The temperature that speaks for the run: the one asked for if it has it, else its highest."""
    known = {setting.temperature for setting in run.judged if setting.profile == profile}
    return wanted if wanted is not None and wanted in known else max(known)


def _at(temperatures: Sequence[float]) -> str:
    return f"temperature{'' if len(temperatures) == 1 else 's'} {_listed(temperatures)}"


def _listed(temperatures: Iterable[float]) -> str:
    return ", ".join(f"{one:g}" for one in temperatures)
