"""One evaluation against an earlier one of the same items: differences, with paired bootstrap intervals.

Each resample draws prompts (lines, questions), the same ones on both sides, so what an item is like cancels out.
Figures of which a side's outcomes are all alike have Newcombe's interval instead (`tlpo.evaluation.seeds`). Averages
are those of `tlpo.metrics.rows`. All changes are this evaluation minus the earlier one; rates in percentage points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tlpo.evaluation.compare_audits import paired_change
from tlpo.evaluation.consistency import shown_source, within
from tlpo.evaluation.evaluation_folder import evaluation_items, read_evaluation
from tlpo.evaluation.intervals import RatioSums
from tlpo.evaluation.parts import Item
from tlpo.evaluation.seeds import Drawn, difference, draw_runs, estimate_methods, harmonic, size_of_mean
from tlpo.evaluation.text_figures import line_sums, response_sums
from tlpo.metrics.intervals import ratios
from tlpo.metrics.rows import ALL

Cell = tuple[str, str, str]
Row = dict[str, Any]
Pair = tuple[Sequence[Item], Sequence[Item]]


def paired_differences(folder: Path, baseline: Path, *, resamples: int, seed: int) -> dict[str, Any]:
    """The `baseline` entry of evaluation.json: {path, label, content_hash, consistency, capability, text, notes}.

    consistency: rows {profile, temperature, source, language, metric, n, change, ci95}. capability: rows {task, metric,
    n, change, ci95}. text: {nll: {language: C}, responses: {temperature: {figure: C}}}, C as `paired_change` has it.
    notes: what could not be compared.

    Raises:
        UserError: a folder holds no evaluation, or its items cannot be read.
    """
    reports = read_evaluation(folder), read_evaluation(baseline)
    notes: list[str] = []

    def pairs(part: str) -> Iterable[tuple[str, Pair]]:
        for name in reports[0]["items"].get(part, {}):
            sides = [evaluation_items(path, report, part, name)
                     for path, report in zip((folder, baseline), reports, strict=True)]  # fmt: skip
            if sides[0] is None or sides[1] is None:
                notes.append(f"{part} {name}: not in the earlier evaluation")
            elif _identities(sides[0]) != _identities(sides[1]):
                notes.append(f"{part} {name}: not the same items as in the earlier evaluation")
            else:
                yield name, (sides[0], sides[1])

    options = {"resamples": resamples, "seed": seed}
    responses = dict(pairs("consistency"))
    tasks = dict(pairs("capability"))
    lines = dict(pairs("nll"))
    return {
        "path": str(baseline),
        "label": reports[1]["label"],
        "content_hash": reports[1]["content_hash"],
        "consistency": [
            row for name, pair in responses.items() for row in _consistency(float(name), pair, notes, **options)
        ],
        "capability": [row for name, pair in tasks.items() for row in _capability(name, pair, **options)]
        + _overall(reports[0], tasks, **options),
        "text": {
            "nll": {name: _change(line_sums(pair[1]), line_sums(pair[0]), **options) for name, pair in lines.items()},
            "responses": {name: _text(pair, **options) for name, pair in responses.items()},
        },
        "notes": notes,
    }


def _identities(items: Sequence[Item]) -> list[Any]:
    """What was asked: the prompts, the questions, the lines (of which the number of tokens is known)."""
    return [[item["id"], item.get("prompt"), item.get("hash"), item.get("tokens")] for item in items]


def _change(before: RatioSums, after: RatioSums, *, resamples: int, seed: int) -> dict[str, Any]:
    return paired_change(before, after, resamples=resamples, seed=seed)


def _text(pair: Pair, *, resamples: int, seed: int) -> dict[str, Any]:
    after, before = (response_sums(side) for side in pair)
    return {name: _change(before[name], after[name], resamples=resamples, seed=seed) for name in after}


def _consistency(temperature: float, pair: Pair, notes: list[str], *, resamples: int, seed: int) -> list[Row]:
    rows = []
    known: list[dict[str, Any]] = [next((item["outcomes"] for item in side), {}) for side in pair]
    for profile in known[0]:
        if profile not in known[1]:
            notes.append(f"profile {profile}: not in the earlier evaluation")
            continue
        tables = _tables(pair, profile)
        confused = {cell: rates.pop("rate") for cell, rates in tables.items()}
        drawn = {cell: _drawn(profile, cell, table, resamples, seed) for cell, table in tables.items()}
        for (setting, source, language), rates in {**drawn, **_averages(drawn)}.items():
            found = dict(rates)
            if profile == "lcb" and {"lpr", "wpr"} <= rates.keys():
                found["lcpr"] = harmonic(rates["lpr"], rates["wpr"])
            pooled = {"rate": _pooled(confused, (setting, source, language))}
            found |= _drawn(profile, (setting, source, language), pooled, resamples, seed)
            place = {"source": shown_source(setting, source), "language": language}
            for metric, own in found.items():
                rows.append(
                    {
                        "profile": profile, "temperature": temperature, **place, "metric": metric,
                        **_difference(own, scale=100),
                    }
                )  # fmt: skip
    return rows


def _tables(pair: Pair, profile: str) -> dict[Cell, dict[str, list[RatioSums]]]:
    """{cell: {rate: [this evaluation's, the earlier one's]}} by prompt, where both have something to judge."""
    tables: dict[Cell, dict[str, list[RatioSums]]] = {}
    for side in pair:
        prompts: dict[tuple[Cell, int], dict[str, list[float]]] = {}
        for item in side:
            counts = item["outcomes"][profile]
            if counts is None:
                continue
            cell = (item["setting"], item["source"], item["language"])
            own = prompts.setdefault((cell, item["index"]), {})
            for rate, value in counts.items():
                passed, judged = value if isinstance(value, list) else (value, 1)
                total = own.setdefault("rate" if rate == "confused" else rate, [0.0, 0.0])
                total[0] += passed
                total[1] += judged
        for cell in dict.fromkeys(cell for cell, _ in prompts):
            rows = [own for (place, _), own in prompts.items() if place == cell]
            for rate in rows[0]:
                table = np.array([row[rate] for row in rows])
                tables.setdefault(cell, {}).setdefault(rate, []).append(RatioSums(table[:, 0], table[:, 1]))
    return {
        cell: {rate: sides for rate, sides in rates.items() if all(side.denominators.sum() > 0 for side in sides)}
        for cell, rates in tables.items()
    }


def _pooled(confused: Mapping[Cell, Sequence[RatioSums]], row: Cell) -> list[RatioSums]:
    """The confused responses of all cells of a row together, of both sides: the `rate` is no mean of rates."""
    own = [sides for cell, sides in confused.items() if within(cell, row)]
    return [
        RatioSums(
            np.concatenate([sides[side].numerators for sides in own]),
            np.concatenate([sides[side].denominators for sides in own]),
        )
        for side in (0, 1)
    ]


def _drawn(
    profile: str, cell: Cell, rates: Mapping[str, Sequence[RatioSums]], resamples: int, seed: int
) -> dict[str, Drawn]:
    """Both sides drawn together, all rates of a cell alike."""
    key = "\t".join((profile, *cell))
    return {
        rate: draw_runs([{"": side} for side in sides], key=key, share=True, resamples=resamples, seed=seed)
        for rate, sides in rates.items()
    }


def _averages(single: Mapping[Cell, Mapping[str, Drawn]]) -> dict[Cell, dict[str, Drawn]]:
    """By source over languages, by language over sources, and over all as the mean of the languages' means."""
    found: dict[Cell, dict[str, Drawn]] = {}
    for setting in dict.fromkeys(cell[0] for cell in single):
        own = {cell: rates for cell, rates in single.items() if cell[0] == setting}
        for source in dict.fromkeys(cell[1] for cell in own):
            found[setting, source, ALL] = _mean([rates for cell, rates in own.items() if cell[1] == source])
        languages = {
            language: _mean([rates for cell, rates in own.items() if cell[2] == language])
            for language in dict.fromkeys(cell[2] for cell in own)
        }
        found |= {(setting, ALL, language): rates for language, rates in languages.items()}
        found[setting, ALL, ALL] = _mean(list(languages.values()))
    return found


def _mean(group: Sequence[Mapping[str, Drawn]]) -> dict[str, Drawn]:
    """The unweighted mean of each rate over those that have it."""
    means = {}
    for rate in dict.fromkeys(rate for rates in group for rate in rates):
        own = [rates[rate] for rates in group if rate in rates]
        values, stacked = np.mean([one.values for one in own], axis=0), np.stack([one.draws for one in own])
        draws = ratios(np.nansum(stacked, axis=0), (~np.isnan(stacked)).sum(axis=0).astype(np.float64))
        sizes = size_of_mean([one.sizes for one in own], np.full(len(own), 1 / len(own)))
        means[rate] = Drawn(values, draws, sizes, sum(one.items for one in own), share=True)
    return means


def _difference(drawn: Drawn, scale: float = 1.0) -> dict[str, Any]:
    """{n, change, ci95} of the first side minus the second."""
    sides = estimate_methods(drawn, {"after": [0], "before": [1]})
    change, interval = difference(sides["after"], sides["before"])
    return {
        "n": drawn.items, "change": round(scale * change, 4), "ci95": [round(scale * end, 4) for end in interval],
    }  # fmt: skip


def _capability(name: str, pair: Pair, *, resamples: int, seed: int) -> list[Row]:
    rows = []
    for metric in pair[0][0]["outcomes"]:
        sides = [_outcomes(side, metric) for side in pair]
        if sides[0] is not None and sides[1] is not None:
            strata = [{name: side} for side in sides if side is not None]
            drawn = draw_runs(strata, key="tasks", share=_is_share(strata), resamples=resamples, seed=seed)
            rows.append({"task": name, "metric": metric, **_difference(drawn)})
    return rows


def _overall(report: Mapping[str, Any], tasks: Mapping[str, Pair], *, resamples: int, seed: int) -> list[Row]:
    """The mean over tasks of the metric that stands for each, when all of them can be compared."""
    main = {row["task"]: row["metric"] for row in report["capability"] if row["main"] and row["task"] != ALL}
    if len(main) < 2 or not main.keys() <= tasks.keys():
        return []
    strata: list[dict[str, RatioSums]] = [{}, {}]
    for name, metric in main.items():
        for side, table in zip(tasks[name], strata, strict=True):
            sums = _outcomes(side, metric)
            if sums is None:
                return []
            table[name] = sums
    drawn = draw_runs(strata, key="tasks", share=True, resamples=resamples, seed=seed)
    return [{"task": ALL, "metric": "mean", **_difference(drawn)}]


def _outcomes(items: Sequence[Item], metric: str) -> RatioSums | None:
    if not all(metric in item["outcomes"] for item in items):
        return None
    values = np.array([item["outcomes"][metric] for item in items], dtype=np.float64)
    return RatioSums(values, np.ones(len(values)))


def _is_share(strata: Sequence[Mapping[str, RatioSums]]) -> bool:
    return all(((sums.numerators >= 0) & (sums.numerators <= 1)).all() for table in strata for sums in table.values())
