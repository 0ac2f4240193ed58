"""The verdict of a comparison in words, read off the intervals and nothing else.

A difference is told only where its 95 % interval leaves out zero; a rise in the NLL of clean text, which is measured
finely, only where the interval is not below a stated margin as a whole. "No loss seen" is no proof that there is none:
the losses of note that the intervals leave open are told right after it. A method that makes a model more consistent is
surgical if nothing that was measured got worse, and cosmetic if something did: accuracy, the likelihood of clean text,
or the responses, which are consistent too where they are short, full of digits or repeat themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tlpo.reports.comparison.wording import ABILITY, change_text, joined, value_text

OUTCOMES = {
    "gain": ("Surgical", "more consistent and better in {gains}, with no loss seen"),
    "surgical": ("Surgical", "more consistent, with no loss seen in {measured}"),
    "cosmetic": ("Cosmetic", "more consistent, but this is bought with {costs}"),
    "unmeasured": (
        "Cannot tell",
        "more consistent, but neither accuracy nor the likelihood of text was measured",
    ),
    "unclear": ("Cannot tell", "neither more nor less consistent as far as the intervals say"),
    "loss": ("No gain", "not more consistent as far as the intervals say, and comes with {costs}"),
    "harm": ("Harmful", "less consistent"),
    "silent": ("Harmful", "silent: not all of its runs hold responses that can be judged"),
}
"""What a method did to the base model, best first: the word for it, and what the method then is."""
COSTS = {
    "accuracy": "lower accuracy",
    "likelihood": "less likely clean text",
    "response/letters_share": "a smaller share of letters of the right language",
    "response/digits_share": "more digits",
    "response/repeats_share": "more repetition",
    "response/mean_length": "shorter responses",
    "response/judged": "fewer responses that can be judged",
}
"""What it is called when a figure gets worse: that of an axis, or one of the responses by its key."""
_SMALL_LOSS = 0.01
"""Of accuracy: where no loss is seen, one larger than this that the interval leaves open is told."""
_SMALL_SHORTENING = 0.05
"""The same of the mean length, as a share of the base model's."""
_LENGTH = "response/mean_length"


@dataclass(frozen=True)
class Outcome:
    """What one method did.

    key: of `OUTCOMES`. word, phrase: such as "Surgical" and "more consistent, with no loss seen in accuracy".
    worse: the keys of `COSTS` of which that is to be said. left_open: where no loss was seen, those of note that the
    intervals do not exclude, such as "NLL higher by up to 0.110"; each method has its own, so outcomes are equal
    without it.
    """

    key: str
    word: str
    phrase: str
    worse: tuple[str, ...] = ()
    left_open: str = field(default="", compare=False)

    @property
    def told(self) -> str:
        """Such as "more consistent, with no loss seen in accuracy. Not excluded: NLL higher by up to 0.110"."""
        return f"{self.phrase}. Not excluded: {self.left_open}" if self.left_open else self.phrase


def outcome(consistency: str | None, abilities: Sequence[str], responses: Sequence[str] = ()) -> str:
    """The key of `OUTCOMES` for the verdicts on consistency, on the abilities measured, and on the responses.

    The verdicts are those of a comparison, or "small" for a rise in NLL below the margin.
    Responses that changed tell how consistency was bought; they are no loss in themselves.
    """
    if consistency == "better":
        if "worse" in (*abilities, *responses):
            return "cosmetic"
        if not abilities:
            return "unmeasured"
        return "gain" if "better" in abilities else "surgical"
    if consistency == "worse":
        return "harm"
    return "loss" if "worse" in abilities else "unclear"


def ability_axes(comparison: Mapping[str, Any]) -> list[str]:
    """The axes that stand for ability, of those measured: accuracy in tasks and the likelihood of clean text."""
    return [axis for axis in ABILITY if axis in comparison["axes"]]


def figure_of(comparison: Mapping[str, Any], axis: str) -> dict[str, Any]:
    """The figure of an axis."""
    found: dict[str, Any] = _figures(comparison)[comparison["axes"][axis]]
    return found


def outcomes(comparison: Mapping[str, Any]) -> dict[str, Outcome]:
    """Each method's outcome, the base left out."""
    labels = [method["label"] for method in comparison["methods"] if method["label"] != comparison["base"]]
    judged = figure_of(comparison, "consistency")["methods"]
    return {
        label: _outcome(comparison, label) if label in judged else Outcome("silent", *OUTCOMES["silent"])
        for label in labels
    }


def headline(comparison: Mapping[str, Any]) -> str | None:
    """The answer for the focus: "Surgical: TLPO is more consistent, ..."; None where no method is in focus."""
    found = outcomes(comparison).get(comparison["focus"])
    return None if found is None else f"{found.word}: {comparison['focus']} is {found.told}."


def verdict_text(comparison: Mapping[str, Any]) -> str:
    """The paragraph below the headline: the focus in figures, then the others, best first; and it against them."""
    axes = ["consistency", *ability_axes(comparison)]
    base, focus, found = comparison["base"], comparison["focus"], outcomes(comparison)
    told = [value_text(figure_of(comparison, name), base) for name in axes]
    sentences = [f"The base model ({base}): {', '.join(told)}; all differences are from it, on the same items."]
    if focus in found:
        sentences.append(f"{focus}: {_changes(comparison, axes, focus, found[focus], intervals=True) or 'silent'}.")
    others = {label: own for label, own in found.items() if label != focus}
    for own in sorted(dict.fromkeys(others.values()), key=lambda one: list(OUTCOMES).index(one.key)):
        listed = [_listed(comparison, axes, label, others[label]) for label in others if others[label] == own]
        sentences.append(f"{own.word} ({own.phrase}): {'; '.join(listed)}.")
    return " ".join([*sentences, *_focus(comparison, axes)])


def _figures(comparison: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {figure["key"]: figure for figure in comparison["figures"]}


def _outcome(comparison: Mapping[str, Any], label: str) -> Outcome:
    figures = _figures(comparison)
    known = {name: figures.get(comparison["axes"].get(name, name)) for name in ("consistency", *COSTS)}
    verdicts = {
        name: figure["methods"][label]["verdict"]
        for name, figure in known.items()
        if figure is not None and figure["methods"].get(label, {}).get("verdict")
    }
    spared = _is_small_rise(comparison, label)
    if spared:
        verdicts["likelihood"] = "small"
    abilities = [name for name in ABILITY if name in verdicts]
    responses = [name for name in verdicts if name not in ("consistency", *ABILITY)]
    key = outcome(
        verdicts.get("consistency"), [verdicts[name] for name in abilities], [verdicts[name] for name in responses]
    )
    word, phrase = OUTCOMES[key]
    costs = [name for name in COSTS if verdicts.get(name) == "worse" and (key == "cosmetic" or name in abilities)]
    told = {
        "costs": joined([COSTS[name] for name in costs]),
        "gains": joined([ABILITY[name] for name in abilities if verdicts[name] == "better"]),
        "measured": joined([*(ABILITY[name] for name in abilities), *(["the responses"] if responses else [])])
        + (f" (a rise in NLL of less than {comparison['nll_margin']:g} counts as none)" if spared else ""),
    }
    left_open = joined(_possible_losses(comparison, label)) if key in ("gain", "surgical") else ""
    return Outcome(key, word, phrase.format(**told), tuple(costs), left_open)


def _possible_losses(comparison: Mapping[str, Any], label: str) -> list[str]:
    """Losses that were not seen but that the intervals leave open, as far as they would be of note."""
    figures = _figures(comparison)

    def ends(name: str) -> tuple[float, float]:
        told = figures.get(comparison["axes"].get(name, name), {"methods": {}})["methods"].get(label, {})
        return tuple(told.get("difference_ci95") or (0.0, 0.0))

    found = []
    if (lower := -ends("accuracy")[0]) > _SMALL_LOSS:
        found.append(f"accuracy lower by up to {100 * lower:.1f} points")
    if (rise := ends("likelihood")[1]) > comparison["nll_margin"]:
        found.append(f"NLL higher by up to {rise:.3f}")
    if (shorter := -ends(_LENGTH)[0]) > 0:
        share = shorter / figures[_LENGTH]["methods"][comparison["base"]]["value"]
        found += [f"responses shorter by up to {100 * share:.0f} %"] if share > _SMALL_SHORTENING else []
    return found


def _is_small_rise(comparison: Mapping[str, Any], label: str) -> bool:
    """Whether clean text became less likely, but surely by less than the margin."""
    if "likelihood" not in comparison["axes"]:
        return False
    told = figure_of(comparison, "likelihood")["methods"].get(label, {})
    return told.get("verdict") == "worse" and bool(told["difference_ci95"][1] < comparison["nll_margin"])


def _listed(comparison: Mapping[str, Any], axes: Sequence[str], label: str, found: Outcome) -> str:
    """Such as "gate (consistency +10.0, accuracy 0.0; not excluded: responses shorter by up to 9 %)"."""
    left_open = f"not excluded: {found.left_open}" if found.left_open else ""
    told = "; ".join(part for part in (_changes(comparison, axes, label, found), left_open) if part)
    return f"{label} ({told})" if told else label


def _changes(
    comparison: Mapping[str, Any], axes: Sequence[str], label: str, found: Outcome, *, intervals: bool = False
) -> str:
    """Such as "consistency +15.0 points, accuracy -0.5"; with `intervals` each with its 95 % interval."""
    figures = _figures(comparison)
    keys = [comparison["axes"][axis] for axis in axes] + [name for name in found.worse if name not in axes]
    having = [figures[key] for key in keys if label in figures[key]["methods"]]
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
