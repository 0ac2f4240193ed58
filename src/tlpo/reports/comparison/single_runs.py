"""The single runs behind a comparison: what each seed came to, where each is from, and how to make the page again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tlpo.reports.comparison.verdict import figure_of
from tlpo.reports.comparison.wording import HEADINGS, number_cell

_SOFTWARE = ("tlpo", "python", "torch", "transformers", "peft", "lm_eval")
_NAMES = {"seed": "seed of sampling", "template": "prompt template"}
_OPTIONS = ("base", "focus", "profile", "temperature", "resamples", "seed", "nll_margin", "title")


@dataclass(frozen=True)
class Grid:
    """A table of texts. rows: as wide as headings."""

    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]


def seeds_grid(comparison: Mapping[str, Any]) -> Grid:
    """Each run's figures on the axes, of the methods that have several; no rows where none has."""
    axes = [(axis, figure_of(comparison, axis)) for axis in comparison["axes"]]
    rows = [
        (method["label"], seed, *(_own(figure, method["label"], number) for _, figure in axes))
        for method in comparison["methods"]
        if method["seeds"] > 1
        for number, seed in enumerate(_seeds(method))
    ]
    return Grid(("method", "seed", *(HEADINGS[axis] for axis, _ in axes)), rows)


def sources_grid(comparison: Mapping[str, Any]) -> Grid:
    """One row a run: its model, by name and content, and how that was trained, as far as it is known."""
    headings = ("method", "seed of training", "model", "content", "adapter", "trained from", "learning rate",
                "roll-out temperature", "commit of training", "evaluation")  # fmt: skip
    rows = [(method["label"], *_source(source)) for method in comparison["methods"] for source in method["sources"]]
    kept = [place for place in range(len(headings)) if any(row[place] for row in rows)]
    return Grid(tuple(headings[place] for place in kept), [tuple(row[place] for place in kept) for row in rows])


def source_notes(comparison: Mapping[str, Any]) -> list[str]:
    """How all were sampled, and with which software; where some differ, which: "top_p: 1; 0.9 (gate)"."""
    sources = [(method["label"], source) for method in comparison["methods"] for source in method["sources"]]
    names = dict.fromkeys(name for _, source in sources for name in source["settings"] if name != "base")
    notes = [
        _alike(_NAMES.get(name, name), [(label, _setting(name, source["settings"])) for label, source in sources])
        for name in names
    ]
    notes.append(_alike("software", [(label, _software(source["versions"])) for label, source in sources]))
    notes.append(_alike("commit", [(label, _short(source["git_commit"])) for label, source in sources]))
    return [note for note in notes if note]


def command_text(comparison: Mapping[str, Any]) -> str:
    """The command that makes the page again, for a shell."""
    runs = [folder for method in comparison["methods"] for folder in method["runs"]]
    asked = {**comparison["asked"], "title": comparison.get("title")}
    options = [part for name in _OPTIONS if asked.get(name) is not None for part in (f"--{name}", str(asked[name]))]
    return shlex.join(["tlpo", "compare", *runs, *options, "--output", "comparison"])


def _own(figure: Mapping[str, Any], label: str, number: int) -> str:
    told = figure["methods"].get(label)
    return "–" if told is None else number_cell(figure, told["runs"][number])


def _seeds(method: Mapping[str, Any]) -> list[str]:
    """What each run of a method is called: the seed of its training, or else its place in the list."""
    seeds = [(source["run"] or {}).get("seed") for source in method["sources"]]
    return [f"run {number}" if seed is None else str(seed) for number, seed in enumerate(seeds, start=1)]


def _source(source: Mapping[str, Any]) -> tuple[str, ...]:
    run = source["run"] or {}
    trained = (_text(run.get(name)) for name in ("model", "learning_rate", "temperature"))
    return (
        _text(run.get("seed")), _text(source["model"]), _short(source["model_hash"]), _text(source["adapter"]),
        *trained, _short(run.get("git_commit")), source["folder"],
    )  # fmt: skip


def _alike(name: str, values: Sequence[tuple[str, str]]) -> str:
    """What most have, then the others with their labels: "gate: none; yes (gated)". "" where all are empty."""
    labels: dict[str, list[str]] = {}
    for label, value in values:
        labels.setdefault(value or "none", []).append(label)
    if list(labels) == ["none"]:
        return ""
    usual = max(labels, key=lambda value: len(labels[value]))
    others = [f"{value} ({', '.join(dict.fromkeys(own))})" for value, own in labels.items() if value != usual]
    return f"{name}: {'; '.join([usual, *others])}"


def _setting(name: str, settings: Mapping[str, Any]) -> str:
    """A setting's text; "" where it was not told, or where it is off."""
    value = settings.get(name)
    if isinstance(value, bool):
        return "yes" if value else ""
    if name == "few_shot":
        return f"examples {_short(value)}" if value else ""
    if name == "template" and name in settings and value is None:
        return "default (the chat template, or that of the language)"
    return ", ".join(map(str, value)) if isinstance(value, list) else _text(value)


def _software(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {versions[name]}" for name in _SOFTWARE if name in versions)


def _text(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _short(digest: str | None) -> str:
    """The beginning of a hash or commit, and that a commit was not all."""
    if digest is None:
        return ""
    return digest[:12] + ("-dirty" if digest.endswith("-dirty") else "")
