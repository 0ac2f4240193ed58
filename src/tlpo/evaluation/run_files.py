"""What an evaluation folder holds, read for a comparison: evaluation.json and the items beside it.

Outcomes are summed by prompt, question or line of text: the samples of one prompt resemble each other, so it is prompts
that are drawn when intervals are made. The layout of the files is in docs/evaluation.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tlpo.errors import UserError
from tlpo.evaluation.intervals import RatioSums

FILE = "evaluation.json"
_TEXT = ("mean_length", "distinct_1", "distinct_2", "eos_rate", "letters_share", "digits_share")


class Setting(NamedTuple):
    """What the responses behind one line of consistency figures share."""

    profile: str
    temperature: float
    source: str
    language: str


@dataclass(frozen=True)
class ItemSums:
    """A figure of one run, item by item. ids: in the order of the file; sums: numerators and denominators, likewise."""

    ids: tuple[str, ...]
    sums: RatioSums


@dataclass(frozen=True)
class EvaluatedRun:
    """One evaluation: one model or adapter, under one seed.

    consistency: rates (rpr, lpr, wpr) by setting; capability: the main metric by task; nll: nats a token by language;
    all by item. text: further figures of the whole run (mean_length, distinct_2, ...).
    """

    folder: Path
    label: str
    method: str
    content_hash: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    consistency: Mapping[Setting, Mapping[str, ItemSums]] = field(default_factory=dict)
    capability: Mapping[str, ItemSums] = field(default_factory=dict)
    nll: Mapping[str, ItemSums] = field(default_factory=dict)
    text: Mapping[str, float] = field(default_factory=dict)


def read_run(path: Path) -> EvaluatedRun:
    """Read an evaluation folder, or the one evaluation below a training run's folder.

    Raises UserError when there is none or more than one, or when it is unfinished or damaged.
    """
    folder = _evaluation_folder(path)
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if not found.get("complete", True):
            raise UserError(f"the evaluation in {folder} is not finished: give its command again")
        items = found.get("items") or {}
        return EvaluatedRun(
            folder=folder,
            label=str(found.get("label") or folder.name),
            method=str(found.get("method") or ""),
            content_hash=str(found.get("content_hash") or ""),
            settings=found.get("settings") or {},
            consistency=_consistency(folder, items.get("consistency") or {}),
            capability=_capability(folder, found.get("capability") or [], items.get("capability") or {}),
            nll={code: _nll(folder / name) for code, name in (items.get("nll") or {}).items()},
            text=_text(found.get("text") or {}),
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


def _consistency(folder: Path, files: Mapping[str, str]) -> dict[Setting, dict[str, ItemSums]]:
    """The counts of each rate, summed by prompt."""
    counts: dict[Setting, dict[str, dict[str, list[float]]]] = {}
    for temperature, name in files.items():
        for item in _lines(folder / name):
            for profile, outcomes in item["outcomes"].items():
                setting = Setting(profile, float(temperature), item["source"], item["language"])
                for rate, outcome in (outcomes or {}).items():
                    if isinstance(outcome, list):  # not the plain mark "confused"
                        sums = counts.setdefault(setting, {}).setdefault(rate, {})
                        both = sums.setdefault(str(item["index"]), [0.0, 0.0])
                        both[0], both[1] = both[0] + outcome[0], both[1] + outcome[1]
    tables = {
        setting: {rate: _sums(sums) for rate, sums in rates.items() if rate != "undecided"}
        for setting, rates in counts.items()
    }
    # A rate that nothing was counted for is undefined.
    return {
        setting: {rate: sums for rate, sums in rates.items() if sums.sums.denominators.sum() > 0}
        for setting, rates in tables.items()
    }


def _capability(folder: Path, rows: Iterable[Mapping[str, Any]], files: Mapping[str, str]) -> dict[str, ItemSums]:
    """Each task's main metric, if more of it is better."""
    found = {}
    for row in rows:
        task, metric = row["task"], row["metric"]
        if row.get("main", True) and row.get("higher_is_better", True) and task in files and task not in found:
            items = [item for item in _lines(folder / files[task]) if metric in item["outcomes"]]
            if items:
                found[task] = _sums({str(item["id"]): [float(item["outcomes"][metric]), 1.0] for item in items})
    return found


def _nll(path: Path) -> ItemSums:
    return _sums({str(item["id"]): [float(item["sum"]), float(item["tokens"])] for item in _lines(path)})


def _text(text: Mapping[str, Any]) -> dict[str, float]:
    """The plain figures, and the divergence of each language by the name of kl_from_base/ko."""
    plain = {name: float(text[name]) for name in _TEXT if text.get(name) is not None}
    divergence = text.get("kl_from_base") or {}
    return plain | {f"kl_from_base/{code}": float(told["value"]) for code, told in divergence.items()}


def _sums(counts: Mapping[str, Iterable[float]]) -> ItemSums:
    table = np.array([list(both) for both in counts.values()], dtype=np.float64).reshape(-1, 2)
    return ItemSums(tuple(counts), RatioSums(table[:, 0], table[:, 1]))


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): evaluate again") from None
    return [json.loads(line) for line in text.split("\n") if line]
