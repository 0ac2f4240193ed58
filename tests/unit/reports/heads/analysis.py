"""The contents of an analysis.json made by hand: two tasks on a model of two layers with three heads."""

from __future__ import annotations

from typing import Any

ALPHA = [[0.0, 1.0, 0.5], [0.25, 0.75, 1.0]]


def score(strict: float) -> dict[str, Any]:
    return {"strict": strict, "ci95": [max(0.0, strict - 0.1), min(1.0, strict + 0.1)]}


def analysis(first: str = "antonym", second: str = "capitalize") -> dict[str, Any]:
    tasks = [first, second]
    selection = {"alpha": ALPHA, "high": 3, "settled": 0.5}
    intra = {"heads": 3, "soft": score(0.8), "high": score(0.75), "low": score(0.0)}
    return {
        "model": "org/model",
        "shape": [2, 3],
        "seeds": [0, 1],
        "threshold": 0.5,
        "max_alpha": 2.0,
        "tasks": dict.fromkeys(tasks, selection),
        "intra": {task: {**intra, "random": [score(0.2), score(0.6)]} for task in tasks},
        "inter": {"tasks": tasks, "strict": [[0.8, 0.1], [0.2, 0.7]], "limit": None},
        "similarity": {
            "tasks": tasks, "correlation": [[1.0, 0.3], [0.3, 1.0]], "linkage": [[0.0, 1.0, 0.7, 2.0]],
            "same_task": 0.9, "other_tasks": 0.2, "spearman": -0.25,
        },
        "settings": {"shots": 10, "revision": None},
        "versions": {"tlpo": "0.1.0"},
    }  # fmt: skip
