"""From counts per response to the rows of a report, averaged as the Language Confusion Benchmark does.

One row for each (model, setting, source, language); then, for each model and setting, unweighted averages: per source
over languages, per language over sources (both as the mean of the single rows), and over all as the mean of the
per-language averages. The harmonic mean LCPR is taken of the averages, not averaged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlpo.metrics.intervals import Array, bootstrap_ratios, percentile_interval, ratios
from tlpo.metrics.profile import Profile, Tally

ALL = "all"
Row = dict[str, Any]
_NO_LINE = "no response passed all its lines: WPR is 100 by convention, and LCPR, which rests on it, is undefined"
_NOT_COVERED = "the profile does not cover this language"


@dataclass(frozen=True)
class _Figures:
    """The rates of one row. point: shape (rates,), NaN where undefined. draws: shape (resamples, rates)."""

    n: int
    point: Array
    draws: Array


@dataclass(frozen=True, order=True)
class Group:
    """What the responses of one row share."""

    model: str
    setting: str
    source: str
    language: str


def build_rows(
    tallies: Mapping[Group, Sequence[Tally | None]], profile: Profile, *, resamples: int = 1000, seed: int = 0
) -> list[Row]:
    """The rows of all groups, `all` rows last within each (model, setting), ready for JSON; rates in percent.

    tallies: for each group one tally a response (None where the profile does not cover the language).
    resamples: bootstrap draws for the 95 % intervals; 0 leaves them out.
    """
    parts: dict[tuple[str, str], dict[tuple[str, str], _Figures]] = defaultdict(dict)
    for group in sorted(tallies):
        figures = _figures(group, tallies[group], profile, resamples, seed)
        parts[group.model, group.setting][group.source, group.language] = figures
    rows = []
    for (model, setting), single in parts.items():
        for (source, language), figures in {**single, **_averages(single)}.items():
            row = {"model": model, "setting": setting, "source": source, "language": language}
            rows.append(row | _values(figures, profile, language))
    return rows


def _figures(group: Group, tallies: Sequence[Tally | None], profile: Profile, resamples: int, seed: int) -> _Figures:
    width = len(profile.rates)
    counts = np.array([tally for tally in tallies if tally is not None], dtype=np.float64).reshape(-1, width, 2)
    passed, judged = counts[:, :, 0], counts[:, :, 1]
    key = "\t".join((group.model, group.setting, group.source, group.language))
    point = ratios(passed.sum(axis=0), judged.sum(axis=0))
    draws = bootstrap_ratios(passed, judged, resamples=resamples, key=key, seed=seed)
    if profile.empty is not None and len(counts):
        point, draws = (np.where(np.isnan(values), profile.empty, values) for values in (point, draws))
    defined = [rate in profile.rates_of(group.language) for rate in profile.rates]
    return _Figures(len(tallies), np.where(defined, point, np.nan), np.where(defined, draws, np.nan))


def _averages(single: Mapping[tuple[str, str], _Figures]) -> dict[tuple[str, str], _Figures]:
    by_source: dict[str, list[_Figures]] = defaultdict(list)
    by_language: dict[str, list[_Figures]] = defaultdict(list)
    for (source, language), figures in single.items():
        by_source[source].append(figures)
        by_language[language].append(figures)
    rows = {(source, ALL): _mean(group) for source, group in by_source.items()}
    languages = {(ALL, language): _mean(group) for language, group in by_language.items()}
    return rows | languages | {(ALL, ALL): _mean(languages.values())}


def _mean(figures: Iterable[_Figures]) -> _Figures:
    """The unweighted mean of each rate over the rows that have it."""
    group = list(figures)
    points, draws = _nan_mean([f.point for f in group]), _nan_mean([f.draws for f in group])
    return _Figures(sum(f.n for f in group), points, draws)


def _nan_mean(arrays: Sequence[Array]) -> Array:
    stacked = np.stack(arrays)
    return ratios(np.nansum(stacked, axis=0), np.sum(~np.isnan(stacked), axis=0).astype(np.float64))


def _values(figures: _Figures, profile: Profile, language: str) -> Row:
    """n, the rates in percent (None where undefined), their intervals, and a note where one is due."""
    point = dict(zip(profile.rates, figures.point, strict=True))
    draws = dict(zip(profile.rates, figures.draws.T, strict=True))
    note = None
    if not np.isfinite(figures.point).any() and language != ALL and not profile.rates_of(language):
        note = _NOT_COVERED
    if profile.name == "lcb":
        point["lcpr"] = _harmonic(figures.point, if_no_line=np.nan)
        draws["lcpr"] = _harmonic(figures.draws.T, if_no_line=0.0)  # else the interval would miss its lower end
        if point["lpr"] == 0 and np.isfinite(point["wpr"]):
            note = _NO_LINE
    intervals = {name: percentile_interval(values) for name, values in draws.items()}
    row: Row = {"n": figures.n}
    row |= {name: _percent(float(value)) for name, value in point.items()}
    row["ci95"] = {
        name: None if interval is None or row[name] is None else [_percent(end) for end in interval]
        for name, interval in intervals.items()
    }
    return row | {"note": note} if note else row


def _harmonic(rates: Array, *, if_no_line: float) -> Array:
    """LCPR from (LPR, WPR) along the first axis. if_no_line: its value where LPR is 0 and WPR rests on nothing."""
    lpr, wpr = rates
    values = ratios(2 * lpr * wpr, lpr + wpr)
    return np.where((lpr == 0) & ~np.isnan(wpr), if_no_line, values)


def _percent(value: float) -> float | None:
    return round(100 * value, 4) if np.isfinite(value) else None
