"""The rows of the consistency suite: pass rates of each profile, with intervals, and the share of confused responses.

Prompts are what the bootstrap draws: several responses to one prompt resemble each other, so their counts are added up
first. Rates and averages are those of `tlpo.metrics.rows`, as the Language Confusion Benchmark makes them. `rate` is
the share of all responses that the profile finds confused, over the responses of the row together, with Wilson's
interval (`tlpo.evaluation.intervals`), which does not collapse when none is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tlpo.evaluation.intervals import clustered_wilson
from tlpo.evaluation.parts import Item
from tlpo.evaluation.prompts import UNNAMED
from tlpo.metrics import Profile
from tlpo.metrics.profile import Tally
from tlpo.metrics.rows import ALL, Group, build_rows

RATES = ("rpr", "lpr", "wpr", "lcpr")
Row = dict[str, Any]
Cell = tuple[str, str, str]


def confused(profile: str, tally: Tally) -> bool:
    """Whether the profile finds a response confused: RPR fails; for `lcb`, which has no RPR, LPR or else WPR does."""
    levels = tally if profile == "lcb" else tally[:1]
    return any(passed < judged for passed, judged in levels)


def outcomes(profile: Profile, tally: Tally | None) -> dict[str, Any] | None:
    """A response's counts for its line of the items file: {rate: [passed, judged]}, and `confused` as 0 or 1."""
    if tally is None:
        return None
    counts = {name: list(pair) for name, pair in zip(profile.rates, tally, strict=True)}
    return {**counts, "confused": int(confused(profile.name, tally))}


def consistency_rows(
    items: Sequence[Item],
    profile: Profile,
    tallies: Sequence[Tally | None],
    *,
    temperature: float,
    english: str,
    resamples: int,
    seed: int,
) -> list[Row]:
    """One row for each source and language, then the averages of each setting, with "all" for source or language.

    items, tallies: one a response, in the same order.

    Each row holds profile, english, temperature, source, language, n (responses), prompts; rpr, lpr, wpr, lcpr
    and rate in percent, None where undefined; ci95 {name: [low, high] or None}; and `note` where there is one.
    """
    by_prompt = _by_prompt(items, tallies)
    groups: dict[Group, list[Tally | None]] = {}
    for (cell, _), own in by_prompt.items():
        groups.setdefault(Group("", *cell), []).append(_added(own))
    rows = []
    for found in build_rows(groups, profile, resamples=resamples, seed=seed):
        cell = (found["setting"], found["source"], found["language"])
        own_tallies = [own for (place, _), own in by_prompt.items() if within(place, cell)]
        rate = _confusion(profile.name, own_tallies)
        rows.append(
            {
                "profile": profile.name,
                "english": None if profile.name == "lcb" else english,
                "temperature": temperature,
                "source": shown_source(found["setting"], found["source"]),
                "language": found["language"],
                "n": sum(len(own) for own in own_tallies),
                "prompts": len(own_tallies),
                **{name: found.get(name) for name in RATES},
                "undecided": found.get("undecided"),
                "rate": rate["rate"],
                "ci95": {name: found["ci95"].get(name) for name in RATES} | {"rate": rate["ci95"]},
                **({"note": found["note"]} if "note" in found else {}),
            }
        )
    return rows


def shown_source(setting: str, source: str) -> str:
    """The average over a setting's sources is called "monolingual/all"."""
    return f"{setting}/{source}" if source == ALL and setting != UNNAMED else source


def _by_prompt(items: Sequence[Item], tallies: Sequence[Tally | None]) -> dict[tuple[Cell, int], list[Tally | None]]:
    found: dict[tuple[Cell, int], list[Tally | None]] = {}
    for item, tally in zip(items, tallies, strict=True):
        found.setdefault(((item["setting"], item["source"], item["language"]), item["index"]), []).append(tally)
    return found


def _added(tallies: Iterable[Tally | None]) -> Tally | None:
    """The counts of one prompt's responses added up; None where the profile does not cover the language."""
    known = [tally for tally in tallies if tally is not None]
    if not known:
        return None
    return tuple(
        (sum(passed for passed, _ in pairs), sum(judged for _, judged in pairs)) for pairs in zip(*known, strict=True)
    )


def within(place: Cell, row: Cell) -> bool:
    """Whether a cell counts in a row, which may have "all" for source or language."""
    return all(wanted in (ALL, own) for own, wanted in zip(place, row, strict=True))


def _confusion(profile: str, prompts: Sequence[Sequence[Tally | None]]) -> Mapping[str, Any]:
    """{rate, ci95} in percent over all responses; None where the profile covers none of them."""
    clusters = [
        (sum(confused(profile, tally) for tally in own if tally is not None), len(own))
        for own in prompts
        if None not in own
    ]
    n = sum(total for _, total in clusters)
    if not n:
        return {"rate": None, "ci95": None}
    low, high = clustered_wilson(clusters)
    rate = 100 * sum(count for count, _ in clusters) / n
    return {"rate": round(rate, 4), "ci95": [round(100 * low, 4), round(100 * high, 4)]}
