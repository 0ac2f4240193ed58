"""What an evaluation folder holds, read for a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tlpo.evaluation.intervals import RatioSums


class Setting(NamedTuple):
    """What the responses behind one line of consistency figures share."""

    profile: str
    temperature: float
    source: str
    language: str


@dataclass(frozen=True)
class ItemSums:
    """A figure of one run, item by item. ids: in ascending order; sums: numerators and denominators in that order."""

    ids: tuple[str, ...]
    sums: RatioSums


@dataclass(frozen=True)
class EvaluatedRun:
    """One evaluation: one model or adapter, under one seed.

    consistency: rates (rpr, lpr, wpr) by setting; capability: accuracy by task; nll: nats a token by language; all by
    item. text: further figures of the whole run (mean_length, distinct_2, ...).
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
