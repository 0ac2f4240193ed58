"""Evaluation folders written by hand, in the layout of docs/evaluation.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Outcome = Sequence[int]


def write_evaluation(
    folder: Path,
    label: str,
    method: str = "",
    *,
    passed: Mapping[str, Sequence[Sequence[int]]] | None = None,
    temperature: float = 1.0,
    profile: str = "default",
    tasks: Mapping[str, Sequence[float]] | None = None,
    nll: Mapping[str, Sequence[float]] | None = None,
    kl: Mapping[str, Sequence[float]] | None = None,
    text: Mapping[str, Any] | None = None,
    asked: str | None = None,
    answers: Sequence[str] | None = None,
    tokens: int = 10,
    settings: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Path:
    """One evaluation folder.

    passed: language, or setting/source/language, to prompts to samples, 1 for a response that passes. tasks: name to
    outcomes. nll, kl: language to nats of lines of so many `tokens` each. asked: what each prompt and each question's
    hash begins with; without it the folder does not tell, as older ones. answers: what responses say that fail, and
    that pass, a token a character. settings: more of them. changes: replaces entries of evaluation.json.
    """
    (folder / "items").mkdir(parents=True)
    consistency = f"items/consistency-t{temperature:g}.jsonl"
    responses = [
        {**_place(place), "index": index, "sample": sample,
         **({"prompt": f"{asked} {index}"} if asked else {}),
         **({"response": answers[outcome], "ids": [1] * len(answers[outcome]), "finished": "eos"} if answers else {}),
         "outcomes": {"lcb": None, profile: {"rpr": [outcome, 1], "wpr": [3 + outcome, 4], "confused": 1 - outcome}}}
        for place, prompts in (passed or {}).items()
        for index, samples in enumerate(prompts)
        for sample, outcome in enumerate(samples)
    ]  # fmt: skip
    write_lines(folder / consistency, responses)
    for name, outcomes in (tasks or {}).items():
        lines = [
            {"id": number, **({"hash": f"{asked} {number}"} if asked else {}),
             "outcomes": {"acc": value, "acc_norm": 1.0}}
            for number, value in enumerate(outcomes)
        ]  # fmt: skip
        write_lines(folder / f"items/capability-{name}.jsonl", lines)
    for part, figures in (("nll", nll or {}), ("kl", kl or {})):
        for code, sums in figures.items():
            lines = [{"id": number, "sum": value, "tokens": tokens} for number, value in enumerate(sums)]
            write_lines(folder / f"items/{part}-{code}.jsonl", lines)
    found = {
        "schema": 1,
        "complete": True,
        "model": label,
        "adapter": None,
        "method": method or None,
        "label": label,
        "content_hash": str(folder),
        "settings": {"temperature": [temperature], **(settings or {})},
        "versions": {},
        "capability": [
            {"task": name, "metric": metric, "main": metric == "acc", "higher_is_better": True}
            for name in tasks or {}
            for metric in ("acc_norm", "acc")
        ],
        "text": text or {},
        "items": {
            "consistency": {f"{temperature:g}": consistency} if passed else {},
            "capability": {name: f"items/capability-{name}.jsonl" for name in tasks or {}},
            "nll": {code: f"items/nll-{code}.jsonl" for code in nll or {}},
            "kl_from_base": {code: f"items/kl-{code}.jsonl" for code in kl or {}},
        },
    }
    (folder / "evaluation.json").write_text(json.dumps(found | changes), encoding="utf-8")
    return folder


def _place(place: str) -> dict[str, str]:
    """Of "monolingual/okapi/ko" the setting, the source and the language; of "ko" no setting, as in older folders."""
    source, _, language = place.rpartition("/")
    setting = {"setting": source.partition("/")[0]} if source else {}
    return {**setting, "source": source or "all", "language": language}


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
