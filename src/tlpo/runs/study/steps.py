"""How the samples change while a method trains, from the metrics of its chosen runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NAMES = {
    "confusion": "confusion/rate", "eos_rate": "completions/eos_rate", "mean_length": "completions/mean_length",
    "digits_share": "completions/digits",
}  # fmt: skip
"""Of `draw_steps`, and of a training's metrics."""


def sampled_steps(run: Path) -> list[dict[str, float]]:
    """The points of one run for `draw_steps`, one a logged step; none for a method that does not sample as it trains.

    run: the training's folder.
    """
    logged = [line for line in _metrics(run / "metrics.jsonl") if "confusion/rate" in line]
    steps = max((line["step"] for line in logged), default=0)
    return [
        {"done": line["step"] / steps} | {own: line[name] for own, name in _NAMES.items() if line.get(name) is not None}
        for line in logged
    ]


def _metrics(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue  # cut short by a kill; the step ran again
