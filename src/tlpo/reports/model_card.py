"""The model card: README.md in the Hugging Face layout, with the figures it was given and no others.

`facts` is a plain dict; a section whose facts are missing is left out. Keys:

- base_model (required): hub id or folder name. languages (required): codes.
- adapter: true for a LoRA adapter. license: the base model's, None if it is not known. tags: more tags.
- method: one sentence to replace the standard one.
- english: "neutral" or "confusion"; sampling: {name: value} of the audits.
- comparison: what `compare_audits` returned. nll: {language: what `compare_nll` returned}.
- recipe: {option: value} of the run. command: the line that repeats it. seed. versions: {package: version}.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tlpo.errors import UserError
from tlpo.files import write_text
from tlpo.reports.formats import percent, percent_interval, points, signed, signed_interval
from tlpo.reports.highlight import language_name

_METHOD = (
    "Trained with Token-Level Policy Optimization (TLPO, arXiv 2604.26553): where a sampled response leaves its "
    "language, other tokens are tried at that one position, and the model is updated there."
)


def write_model_card(folder: Path, facts: Mapping[str, Any]) -> Path:
    """Write README.md into the folder and return its path."""
    path = folder / "README.md"
    write_text(path, render_model_card(facts))
    return path


def render_model_card(facts: Mapping[str, Any]) -> str:
    """The card as Markdown with YAML front matter. Raises UserError when base_model or languages are missing."""
    for name in ("base_model", "languages"):
        if not facts.get(name):
            raise UserError(f"the model card needs '{name}': add it to the facts")
    names = [language_name(code) for code in facts["languages"]]
    base = _inline(str(facts["base_model"]))
    title = f"# {Path(str(facts['base_model'])).name}, trained to stay in {_joined(names)}"
    kind = "A LoRA adapter for" if facts.get("adapter") else "A fine-tuned"
    parts = [_front_matter(facts), title, f"{kind} `{base}`. {facts.get('method') or _METHOD}"]
    parts += _figures(facts) + _recipe(facts)
    return "\n\n".join(parts) + "\n"


def _front_matter(facts: Mapping[str, Any]) -> str:
    values: dict[str, Any] = {"base_model": str(facts["base_model"]), "language": list(facts["languages"])}
    if facts.get("license"):
        values["license"] = facts["license"]
    values["library_name"] = "peft" if facts.get("adapter") else "transformers"
    if facts.get("adapter"):
        values["base_model_relation"] = "adapter"
    values["pipeline_tag"] = "text-generation"
    values["tags"] = ["tlpo", "language-confusion", *facts.get("tags", [])]
    return "---\n" + yaml.safe_dump(values, sort_keys=False, allow_unicode=True) + "---"


def _figures(facts: Mapping[str, Any]) -> list[str]:
    """The section of before/after figures; empty without a comparison."""
    parts: list[str] = []
    compared = (facts.get("comparison") or {}).get("languages", {})
    if compared:
        parts += ["## Before and after", _how_measured(facts)]
        for code, figures in compared.items():
            rows = _comparison_rows(figures, (facts.get("nll") or {}).get(code))
            parts.append(f"### {language_name(code)}: {figures['prompts']} prompts\n\n" + _table(rows))
    others = {code: values for code, values in (facts.get("nll") or {}).items() if code not in compared}
    if others:
        rows = [
            _number_row(f"NLL of clean text, {language_name(code)} (nats a token)", values, 3)
            for code, values in others.items()
        ]
        parts.append(("### Other text\n\n" if compared else "## Before and after\n\n") + _table(rows))
    return parts


def _how_measured(facts: Mapping[str, Any]) -> str:
    sentences = ["The same prompts before and after; changes of shares are in percentage points."]
    if facts.get("english"):
        treated = "is neutral" if facts["english"] == "neutral" else "counts as confusion"
        sentences.append(f"English {treated}.")
    if facts.get("sampling"):
        sentences.append("Sampling: " + ", ".join(f"{name} {value}" for name, value in facts["sampling"].items()) + ".")
    return " ".join(sentences) + " Intervals are 95 %, bootstrapped over prompts (over lines for the NLL)."


def _comparison_rows(figures: Mapping[str, Any], nll: Mapping[str, Any] | None) -> list[list[str]]:
    rate = figures["rate"]
    interval = [-rate["fall_ci95"][1], -rate["fall_ci95"][0]]
    rows = [_share_row("Confusion rate", {**rate, "change": -rate["fall"], "ci95": interval})]
    if rate["relative_fall"] is not None:
        fall, fall_interval = percent(rate["relative_fall"]), percent_interval(rate["relative_fall_ci95"])
        rows.append(["Relative fall in rate", "", "", fall, fall_interval])
    rows.append(_share_row("Target-language letters", figures["letters_share"]))
    rows.append(_share_row("Digits", figures["digits_share"]))
    rows.append(_number_row("Mean length (tokens)", figures["mean_length"], 1))
    rows.append(_number_row("Distinct-2", figures["distinct_2"], 3))
    if nll:
        rows.append(_number_row("NLL of clean text (nats a token)", nll, 3))
    return rows


def _recipe(facts: Mapping[str, Any]) -> list[str]:
    parts: list[str] = []
    if facts.get("recipe"):
        rows = [[name, f"`{_inline(str(value))}`"] for name, value in facts["recipe"].items()]
        parts.append("## Recipe\n\n" + _table(rows, ("option", "value")))
    if facts.get("command"):
        fence = "```"
        parts.append(f"## To repeat it\n\n{fence}sh\n{facts['command']}\n{fence}")
    if facts.get("seed") is not None:
        parts.append(f"Seed: {facts['seed']}.")
    if facts.get("versions"):
        versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
        parts.append(f"## Versions\n\n{versions}")
    return parts


_CHANGE_HEADINGS = ("", "before", "after", "change", "95 % interval")


def _table(rows: list[list[str]], headings: tuple[str, ...] = _CHANGE_HEADINGS) -> str:
    numbers = "---:" if headings is _CHANGE_HEADINGS else "---"
    lines = [headings, ["---", *[numbers] * (len(headings) - 1)], *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _share_row(label: str, change: Mapping[str, Any]) -> list[str]:
    interval = signed_interval(change["ci95"], 1, scale=100)
    return [label, percent(change["before"]), percent(change["after"]), points(change["change"]), interval]


def _number_row(label: str, change: Mapping[str, Any], digits: int) -> list[str]:
    interval = signed_interval(change["ci95"], digits) if "ci95" in change else ""
    before, after = f"{change['before']:.{digits}f}", f"{change['after']:.{digits}f}"
    return [label, before, after, signed(change["change"], digits), interval]


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _inline(text: str) -> str:
    """Fit for a code span: no back-ticks, one line."""
    return text.replace("`", "'").replace("\n", "\\n")
