"""What an evaluation folder holds, read for a comparison: evaluation.json and the items beside it.

Outcomes are summed by prompt, question or line of text: the samples of one prompt resemble each other, so it is prompts
that are drawn when intervals are made. The layout of the files is in docs/evaluation.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tlpo.errors import UserError
from tlpo.evaluation.evaluation_folder import evaluation_items, read_evaluation
from tlpo.evaluation.intervals import RatioSums
from tlpo.evaluation.parts import Item, digest
from tlpo.evaluation.prompts import UNNAMED
from tlpo.evaluation.sources import source_of
from tlpo.evaluation.text_figures import response_sums

FILE = "evaluation.json"
_ASIDE = ("base", "resamples", "batch_size", "capability_batch_size")  # settings that change no figure compared here
_TEXT = ("mean_length", "distinct_1", "distinct_2", "eos_rate", "letters_share", "digits_share", "repeats_share")
RESPONSE_FIGURES = ("mean_length", "letters_share", "digits_share", "repeats_share")
"""What is known of the responses by prompt."""


class Setting(NamedTuple):
    """What the responses behind one line of consistency figures share.

    profile: "" for figures that no profile has a part in. group: "monolingual" or "crosslingual" of a benchmark's
    prompts, "all" of others.
    """

    profile: str
    temperature: float
    source: str
    language: str
    group: str = UNNAMED

    @property
    def place(self) -> str:
        """The prompts' source and language: "monolingual/okapi/ko"."""
        return f"{self.source}/{self.language}" if self.source else self.language


_Counts = dict[str, list[float]]  # a prompt's place: numerator and denominator
Cells = Mapping[Setting, Sequence[Item]]
"""The responses of each setting, its profile being "", in the order of the file."""


@dataclass(frozen=True)
class ItemSums:
    """A figure of one run, item by item, in the order of the file.

    ids: each item's place. sums: numerators and denominators. contents: what the item is: a digest of its prompt, the
    hash of its question, the number of its line's tokens; None where the file does not tell.
    """

    ids: tuple[str, ...]
    sums: RatioSums
    contents: tuple[str | None, ...]


@dataclass(frozen=True)
class EvaluatedRun:
    """One evaluation: one model or adapter, under one seed.

    model_hash: of the model's content. settings: what decides the figures besides; "definition of lcb" is what that
    profile says of itself. consistency: rates (rpr, lpr, wpr) by setting; capability: the main metric by task; nll, kl:
    nats a token by language, kl being the divergence from the base model; responses: `RESPONSE_FIGURES` by setting;
    judged: the share of the responses that the response or line pass rate counts, of every setting that was judged, as
    a response without a word to judge counts in none; all by item. text: further figures (mean_length, ...). source:
    where it is from (`tlpo.evaluation.sources.source_of`).
    """

    folder: Path
    label: str
    method: str
    model_hash: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    consistency: Mapping[Setting, Mapping[str, ItemSums]] = field(default_factory=dict)
    capability: Mapping[str, ItemSums] = field(default_factory=dict)
    nll: Mapping[str, ItemSums] = field(default_factory=dict)
    kl: Mapping[str, ItemSums] = field(default_factory=dict)
    responses: Mapping[Setting, Mapping[str, ItemSums]] = field(default_factory=dict)
    judged: Mapping[Setting, ItemSums] = field(default_factory=dict)
    text: Mapping[str, float] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)


def read_run(path: Path) -> EvaluatedRun:
    """Read an evaluation folder, or the one evaluation below a training run's folder.

    Raises UserError when there is none or more than one, or when it is unfinished or damaged.
    """
    folder = _evaluation_folder(path)
    report = read_evaluation(folder)
    if not report.get("complete", True):
        raise UserError(f"the evaluation in {folder} is not finished: give its command again")
    try:
        cells = _cells(folder, report)
        consistency, judged = _consistency(cells)
        return EvaluatedRun(
            folder=folder,
            label=str(report.get("label") or folder.name),
            method=str(report.get("method") or ""),
            model_hash=str(report.get("model_hash") or ""),
            settings=_settings(report["settings"]),
            consistency=consistency,
            judged=judged,
            responses=_responses(cells),
            capability=_capability(folder, report),
            nll=_lines(folder, report, "nll"),
            kl=_lines(folder, report, "kl_from_base"),
            text={name: float(report["text"][name]) for name in _TEXT if report["text"].get(name) is not None},
            source=source_of(report),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder / FILE} or its items are damaged ({error!r}): evaluate again") from None


def _evaluation_folder(path: Path) -> Path:
    if (path / FILE).is_file():
        return path
    if not path.is_dir():
        raise UserError(f"there is no folder {path}: give the folder of an evaluation, or of a run that holds one")
    below = sorted(found.parent for found in path.glob(f"*/{FILE}"))
    if len(below) != 1:
        told = f"it holds {len(below)} ({', '.join(folder.name for folder in below)})" if below else "it holds none"
        raise UserError(f"{path} is no evaluation, and {told}: give a folder with {FILE}, as 'tlpo evaluate' writes it")
    return below[0]


def _items(folder: Path, report: Mapping[str, Any], part: str, name: str) -> list[Item]:
    return evaluation_items(folder, report, part, name) or []


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those that decide a figure, with the definition of each profile as one more."""
    definitions = {f"definition of {name}": text for name, text in settings.get("definitions", {}).items()}
    plain = {name: value for name, value in settings.items() if name not in (*_ASIDE, "definitions")}
    return plain | definitions


def _cells(folder: Path, report: Mapping[str, Any]) -> Cells:
    found: dict[Setting, list[Item]] = {}
    for name in report["items"]["consistency"]:
        for item in _items(folder, report, "consistency", name):
            cell = Setting("", float(name), item["source"], item["language"], item.get("setting", UNNAMED))
            found.setdefault(cell, []).append(item)
    return found


def _prompts(items: Sequence[Item]) -> dict[str, str | None]:
    """What each prompt is, by its place."""
    known = {str(item["index"]): item.get("prompt") for item in items}
    return {place: None if prompt is None else f"prompt {digest(prompt)[:16]}" for place, prompt in known.items()}


def _consistency(cells: Cells) -> tuple[dict[Setting, dict[str, ItemSums]], dict[Setting, ItemSums]]:
    """The counts of each rate, summed by prompt; and the share of the responses that the first rate counts."""
    found: dict[Setting, dict[str, ItemSums]] = {}
    judged: dict[Setting, ItemSums] = {}
    for cell, items in cells.items():
        counts: dict[Setting, dict[str, _Counts]] = {}
        marks: dict[Setting, _Counts] = {}
        for item in items:
            for profile, outcomes in item["outcomes"].items():
                if outcomes is None:  # not a language of the profile's
                    continue
                setting = cell._replace(profile=profile)
                main = outcomes.get("rpr") or outcomes.get("lpr") or (0, 0)
                _add(marks.setdefault(setting, {}), item, (main[1] > 0, 1))
                for rate, outcome in outcomes.items():
                    if isinstance(outcome, list):  # not the plain mark "confused"
                        _add(counts.setdefault(setting, {}).setdefault(rate, {}), item, outcome)
        prompts = _prompts(items)
        judged |= {setting: _sums(sums, prompts) for setting, sums in marks.items()}
        for setting, rates in counts.items():
            tables = {rate: _sums(sums, prompts) for rate, sums in rates.items() if rate != "undecided"}
            # A rate that nothing was counted for is undefined.
            found[setting] = {rate: own for rate, own in tables.items() if own.sums.denominators.sum() > 0}
    return found, judged


def _add(sums: _Counts, item: Item, outcome: Sequence[float]) -> None:
    both = sums.setdefault(str(item["index"]), [0.0, 0.0])
    both[0], both[1] = both[0] + outcome[0], both[1] + outcome[1]


def _responses(cells: Cells) -> dict[Setting, dict[str, ItemSums]]:
    """`RESPONSE_FIGURES` by prompt, of the cells whose responses themselves are in the file."""
    found = {}
    for cell, items in cells.items():
        if all("response" in item for item in items):
            sums, prompts = response_sums(items), _prompts(items)
            found[cell] = {
                name: ItemSums(tuple(prompts), sums[name], tuple(prompts.values())) for name in RESPONSE_FIGURES
            }
    return found


def _capability(folder: Path, report: Mapping[str, Any]) -> dict[str, ItemSums]:
    """Each task's main metric, if more of it is better and every question has it."""
    found = {}
    for row in report["capability"]:
        task, metric = row["task"], row["metric"]
        if row["main"] and row["higher_is_better"] and task in report["items"]["capability"]:
            items = _items(folder, report, "capability", task)
            if all(metric in item["outcomes"] for item in items):
                counts = {str(item["id"]): [float(item["outcomes"][metric]), 1.0] for item in items}
                found[task] = _sums(counts, {str(item["id"]): _question(item) for item in items})
    return found


def _question(item: Item) -> str | None:
    return f"question {item['hash'][:16]}" if item.get("hash") else None


def _lines(folder: Path, report: Mapping[str, Any], part: str) -> dict[str, ItemSums]:
    """Nats a token by language, of each line of clean text."""
    return {code: _nats(_items(folder, report, part, code)) for code in report["items"].get(part, {})}


def _nats(items: Iterable[Item]) -> ItemSums:
    counts, tokens = {}, {}
    for item in items:
        counts[str(item["id"])] = [_finite(item["sum"]), float(item["tokens"])]
        tokens[str(item["id"])] = f"{item['tokens']} tokens"
    return _sums(counts, tokens)


def _finite(value: Any) -> float:
    """Raises ValueError for what is no number."""
    found = float(value)
    if not math.isfinite(found):
        raise ValueError(f"a likelihood of {found} nats")
    return found


def _sums(counts: Mapping[str, Iterable[float]], contents: Mapping[str, str | None]) -> ItemSums:
    """counts: numerator and denominator by the item's place."""
    table = np.array([list(both) for both in counts.values()], dtype=np.float64).reshape(-1, 2)
    return ItemSums(tuple(counts), RatioSums(table[:, 0], table[:, 1]), tuple(contents[name] for name in counts))
