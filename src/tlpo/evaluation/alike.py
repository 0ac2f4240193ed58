"""Whether evaluations can be put side by side: the same items, judged alike. What else differs is told in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tlpo.errors import UserError
from tlpo.evaluation.run_files import EvaluatedRun, ItemSums

Methods = Mapping[str, Sequence[EvaluatedRun]]
"""The runs of each label, one a seed."""
_JUDGED_BY = {"lcb": ("word_list", "words", "definition of lcb")}
_KEPT = "evaluate all methods on the same prompts, tasks and lines of text"


def refuse_other_items(title: str, runs: Sequence[EvaluatedRun], items: Sequence[ItemSums]) -> None:
    """Refuse runs whose items are others, by their places or by what they ask.

    title: of the figure. items: those of each run. Where a file does not tell what an item asks, its place counts.

    Raises:
        UserError: names two runs and the first item in which they differ.
    """
    asked: dict[str, tuple[EvaluatedRun, str]] = {}
    for run, own in zip(runs, items, strict=True):
        if own.ids != items[0].ids:
            odd = sorted(set(items[0].ids) ^ set(own.ids)) or ["the order"]
            raise UserError(
                f"{title}: {runs[0].folder} holds {len(items[0].ids)} items and {run.folder} {len(own.ids)}, "
                f"not the same ones (first: {odd[0]}): {_KEPT}"
            )
        for place, content in zip(own.ids, own.contents, strict=True):
            if content is not None and asked.setdefault(place, (run, content))[1] != content:
                other, known = asked[place]
                raise UserError(
                    f"{title}: item {place} is another one in {other.folder} ({known}) than in {run.folder} "
                    f"({content}): {_KEPT}"
                )


def refuse_other_lines(runs: Sequence[EvaluatedRun]) -> None:
    """Refuse runs whose lines of clean text differ in a language, though they may be as many and as long.

    Raises:
        UserError: names two runs and the language.
    """
    known: dict[str, tuple[EvaluatedRun, str]] = {}
    for run in runs:
        for code, lines in (run.settings.get("clean_text") or {}).items():
            other, first = known.setdefault(code, (run, lines))
            if first != lines:
                raise UserError(
                    f"the lines of clean text ({code}) are not the same in {other.folder} and in {run.folder}: {_KEPT}"
                )


def refuse_other_judges(profile: str, runs: Sequence[EvaluatedRun]) -> None:
    """Refuse runs whose responses one profile judged by different definitions: they have no place on one axis.

    What a folder does not tell, as an older one may not, is taken to be the same.

    Raises:
        UserError: names two runs, the setting and its values.
    """
    for name in _JUDGED_BY.get(profile, ("english", f"definition of {profile}")):
        telling = [run for run in runs if name in run.settings]
        for run in telling:
            first, own = telling[0].settings[name], run.settings[name]
            if first != own:
                raise UserError(
                    f"profile '{profile}': {name} is {own} in {run.folder} and {first} in {telling[0].folder}, so they "
                    "cannot be compared: evaluate all methods with the same, or give another --profile"
                )


def judged_by(profile: str, runs: Sequence[EvaluatedRun]) -> dict[str, Any]:
    """How the responses were judged: {"profile", "definition", "english"}, as the first run has it that tells.

    english: "neutral" or "confusion"; None where the definition has no such choice.
    """
    told = {name: run.settings[name] for run in reversed(runs) for name in run.settings}
    english = None if profile in _JUDGED_BY else told.get("english")
    return {"profile": profile, "definition": told.get(f"definition of {profile}"), "english": english}


def differing_settings(methods: Methods, base: str) -> list[str]:
    """What was not evaluated alike, in words: every run of every label against the base's, or the first that tells."""
    runs = [*methods[base], *(run for group in methods.values() for run in group)]
    notes = []
    for name in sorted({name for run in runs for name in run.settings}):
        first = next(run for run in runs if name in run.settings)
        usual = _short(first.settings[name])
        odd = [told for label, group in methods.items() if (told := _odd_values(label, group, name, usual))]
        if odd:
            notes.append(f"Evaluated with another {name} than {usual} ({first.label}): {'; '.join(odd)}.")
    return notes


def _odd_values(label: str, group: Sequence[EvaluatedRun], name: str, usual: str) -> str:
    """Such as "A: 0.9", with the folders where only some of the label's runs have it; "" if none differs."""
    folders: dict[str, list[str]] = {}
    for run in group:
        if name in run.settings:
            folders.setdefault(_short(run.settings[name]), []).append(str(run.folder))
    told = [
        value if len(own) == len(group) else f"{value} in {', '.join(own)}"
        for value, own in folders.items()
        if value != usual
    ]
    return f"{label}: {', '.join(told)}" if told else ""


def same_weights(methods: Methods, base: str) -> list[str]:
    """Which runs are one model, in words: rows without training, and trainings that came to the same."""
    rows: dict[str, list[str]] = {}
    for label, group in methods.items():
        for run in group:
            if run.model_hash:
                rows.setdefault(run.model_hash, []).append(label)
    notes = []
    for labels in rows.values():
        others = list(dict.fromkeys(label for label in labels if label != base))
        if base in labels and others:
            notes.append(
                f"With the weights of {base}: {', '.join(others)}. Accuracy and NLL are measured on the model as it "
                "is, so theirs are the base model's by construction: a word such as surgical tells nothing of what "
                "another way of sampling or asking does to text."
            )
        elif len(labels) > 1:
            notes.append(f"{len(labels)} runs ended with the same weights: {', '.join(others)}.")
    return notes


def _short(value: Any) -> str:
    """A setting for a sentence; of a digest or a long text only the beginning."""
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:12]}…"
