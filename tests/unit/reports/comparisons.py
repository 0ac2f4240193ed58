"""Comparisons written by hand, as `compare_runs` returns them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Told = tuple[float, float, float]  # difference from the base, and the ends of its interval

UP, DOWN, OPEN, NONE = (0.1, 0.05, 0.15), (-0.1, -0.15, -0.05), (0.01, -0.02, 0.04), (0.0, 0.0, 0.0)
NASTY = '<script>alert("x")</script> & |'


def comparison(
    methods: Mapping[str, tuple[Told, Told | None]],
    *,
    focus: str | None = None,
    ability: str = "accuracy",
    responses: Mapping[str, Mapping[str, Told]] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """`base` and the methods.

    methods: label to the differences in consistency and, if it was measured, in ability. responses: key of a figure of
    the responses to label to difference.
    """
    axes = {"consistency": "consistency"}
    figures = [_figure("consistency", "consistency", {label: told[0] for label, told in methods.items()})]
    measured = {label: told[1] for label, told in methods.items() if told[1] is not None}
    if measured:
        axes[ability] = ability
        figures.append(_figure(ability, ability, measured))
    figures += [{**_figure(key, "response", told), "axis": None} for key, told in (responses or {}).items()]
    found = {
        "base": "base",
        "focus": focus,
        "methods": [
            {
                "label": label,
                "method": label,
                "runs": [f"runs/{label}"],
                "seeds": 1,
                "sources": [source(label)],
                "text": {"mean_length": 60.0},
            }
            for label in ("base", *methods)
        ],
        "axes": axes,
        "judged_by": {"profile": "tlpo", "definition": "Choo; English is neutral", "english": "neutral", "rate": "rpr"},
        "figures": figures,
        "against": [],
        "caveats": [],
        "resamples": 1000,
        "seed": 0,
        "nll_margin": 0.02,
        "asked": {},
    }
    return found | changes


def source(label: str, **changes: Any) -> dict[str, Any]:
    """Where the evaluation runs/LABEL is from; changes: replaces entries."""
    found = {
        "folder": f"runs/{label}", "model": f"models/{label}", "adapter": None, "model_hash": f"{label:-<64}",
        "content_hash": None, "git_commit": None, "run": None, "settings": {"temperature": ["0", "1"], "seed": 0},
        "versions": {"tlpo": "0.1.0", "torch": "2.13.0", "regex": "1"},
    }  # fmt: skip
    return found | changes


def difference(told: Told, higher_is_better: bool = True) -> dict[str, Any]:
    """A difference with its verdict."""
    change, low, high = told
    good, bad = (low > 0, high < 0) if higher_is_better else (high < 0, low > 0)
    verdict = "better" if good else "worse" if bad else "same" if low == high == 0 else "cannot tell"
    return {"difference": change, "difference_ci95": [low, high], "verdict": verdict}


def _figure(key: str, axis: str, differences: Mapping[str, Told]) -> dict[str, Any]:
    share = axis != "likelihood" and key != "response/mean_length"
    higher = axis != "likelihood" and key not in ("response/digits_share", "response/repeats_share")
    origin = 0.8 if share else 60.0 if key == "response/mean_length" else 4.0
    nothing = {"difference": None, "difference_ci95": None, "verdict": None}
    methods = {"base": {"value": origin, "ci95": [origin - 0.05, origin + 0.05], "runs": [origin], **nothing}}
    for label, told in differences.items():
        value = origin + told[0]
        methods[label] = {
            "value": value,
            "ci95": [value - 0.05, value + 0.05],
            "runs": [value],
            **difference(told, higher),
        }
    return {
        "key": key, "title": f"title of {key}", "axis": axis, "share": share, "higher_is_better": higher, "items": 60,
        "strata": ["ko"], "temperatures": [1.0], "methods": methods,
    }  # fmt: skip
