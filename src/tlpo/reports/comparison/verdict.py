"""The verdict of a comparison in words, read off the intervals and nothing else.

A difference is told only where its 95 % interval leaves out zero. "No loss seen" is no proof that there is none: the
interval beside it says how large a loss could still be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tlpo.reports.comparison.wording import ABILITY, change_text, joined, value_text
from tlpo.reports.formats import signed

OUTCOMES = {
    "gain": "More consistent and better in {ability}",
    "surgical": "More consistent, with no loss in {ability} seen",
    "paid": "More consistent, but at a cost in {ability}",
    "unmeasured": "More consistent; what it cost was not measured",
    "unclear": "Neither more nor less consistent as far as one can tell",
    "loss": "Not more consistent as far as one can tell, and worse in {ability}",
    "harm": "Less consistent",
}
"""What a method did to the base model, best first."""


def outcome(consistency: str | None, ability: str | None) -> str:
    """The key of `OUTCOMES` for the two verdicts; ability is None where it was not measured."""
    if consistency == "better":
        if ability is None:
            return "unmeasured"
        return {"better": "gain", "worse": "paid"}.get(ability, "surgical")
    if consistency == "worse":
        return "harm"
    return "loss" if ability == "worse" else "unclear"


def ability_axis(comparison: Mapping[str, Any]) -> str | None:
    """The axis that stands for ability: accuracy where tasks were run, else the likelihood of clean text, else None."""
    return next((axis for axis in ("accuracy", "likelihood") if axis in comparison["axes"]), None)


def figure_of(comparison: Mapping[str, Any], axis: str) -> dict[str, Any]:
    """The figure of an axis."""
    key = comparison["axes"][axis]
    found: dict[str, Any] = next(figure for figure in comparison["figures"] if figure["key"] == key)
    return found


def outcomes(comparison: Mapping[str, Any], axis: str | None) -> dict[str, str]:
    """Each method's outcome with `axis` as its ability, the base left out."""
    consistency = figure_of(comparison, "consistency")["methods"]
    ability = figure_of(comparison, axis)["methods"] if axis else {}
    return {
        label: outcome(told["verdict"], ability.get(label, {}).get("verdict"))
        for label, told in consistency.items()
        if label != comparison["base"]
    }


def verdict_text(comparison: Mapping[str, Any]) -> str:
    """The paragraph: what the focus did, then the others, best first; the focus against them; and clean text."""
    ability = ability_axis(comparison)
    axes = ["consistency", *([ability] if ability else [])]
    base, focus, found = comparison["base"], comparison["focus"], outcomes(comparison, ability)
    told = [value_text(figure_of(comparison, name), base) for name in axes]
    sentences = [f"The base model ({base}): {', '.join(told)}; all differences are from it, on the same items."]
    if focus is not None and focus in found:
        changes = _changes(comparison, axes, focus, intervals=True)
        sentences.append(f"{focus}: {_lower(_phrase(found[focus], ability))} ({changes}).")
    for key in OUTCOMES:
        labels = [label for label in found if found[label] == key and label != focus]
        if labels:
            listed = "; ".join(f"{label} ({_changes(comparison, axes, label)})" for label in labels)
            sentences.append(f"{_phrase(key, ability)}: {listed}.")
    return " ".join([*sentences, *_focus(comparison, axes), *_clean_text(comparison, ability)])


def _phrase(outcome: str, ability: str | None) -> str:
    return OUTCOMES[outcome].format(ability=ABILITY.get(ability or "", "ability"))


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _changes(comparison: Mapping[str, Any], axes: Sequence[str], label: str, *, intervals: bool = False) -> str:
    """Such as "consistency +15.0 points, accuracy -0.5"; with `intervals` each with its 95 % interval."""
    figures = [figure_of(comparison, axis) for axis in axes]
    having = [figure for figure in figures if label in figure["methods"]]
    return ", ".join(change_text(figure, figure["methods"][label], intervals=intervals) for figure in having)


def _focus(comparison: Mapping[str, Any], axes: Sequence[str]) -> list[str]:
    """The focus against every other method but the base, which was told before."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in comparison["against"]:
        if row["label"] != comparison["base"] and all(axis in row for axis in axes):
            groups.setdefault(tuple(row[axis]["verdict"] for axis in axes), []).append(row["label"])
    names = ["consistency", *(ABILITY[axis] for axis in axes[1:])]
    told = [_standing(names, verdicts, joined(labels)) for verdicts, labels in sorted(groups.items())]
    return [f"{comparison['focus']} is {'; '.join(told)}."] if told else []


def _standing(names: Sequence[str], verdicts: Sequence[str], others: str) -> str:
    """Such as "better in consistency than DPO and ORPO (no difference seen in accuracy)"."""
    by_verdict = {
        word: [name for name, told in zip(names, verdicts, strict=True) if told == word] for word in ("better", "worse")
    }
    parts = [f"{word} in {joined(found)}" for word, found in by_verdict.items() if found]
    if not parts:
        return f"not told apart from {others}"
    open_names = [name for name, told in zip(names, verdicts, strict=True) if told not in by_verdict]
    note = f" (no difference seen in {joined(open_names)})" if open_names else ""
    return f"{' and '.join(parts)} than {others}{note}"


def _clean_text(comparison: Mapping[str, Any], ability: str | None) -> list[str]:
    """Beside accuracy: which methods make clean text less likely. It is the finer measure of the two."""
    if ability != "accuracy" or "likelihood" not in comparison["axes"]:
        return []
    figure = figure_of(comparison, "likelihood")
    worse = {label: told["difference"] for label, told in figure["methods"].items() if told["verdict"] == "worse"}
    if not worse:
        return ["No method makes clean text less likely as far as one can tell."]
    low, high = (signed(end) for end in (min(worse.values()), max(worse.values())))
    rise = f"by {low}" if low == high else f"by {low} to {high}"
    return [f"The NLL of clean text, a finer measure, rises {rise} nats a token under {joined(list(worse))}."]
