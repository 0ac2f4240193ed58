"""How a comparison's figures are written, the same in the verdict, the tables and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tlpo.reports.formats import percent, percent_interval, points, signed, signed_interval

ABILITY = {"accuracy": "accuracy", "likelihood": "the likelihood of clean text"}
SHORT = {
    "consistency": "consistency", "accuracy": "accuracy", "likelihood": "NLL", "response/mean_length": "mean length",
    "response/letters_share": "letters of the right language", "response/digits_share": "digits",
    "response/repeats_share": "repeats",
    "response/judged": "responses that can be judged",
}  # fmt: skip
"""Of an axis, or of a figure that is none by its key."""
HEADINGS = {"consistency": "consistency", "accuracy": "accuracy", "likelihood": "NLL, nats a token"}
_ITEMS = {"consistency": "prompts", "accuracy": "questions", "likelihood": "lines of text"}
_LENGTH = "response/mean_length"
_DIVERGENCE = "text/kl_from_base/"
_TEXT = {
    "mean_length": ("mean length", "{:.1f}"), "distinct_1": ("distinct-1", "{:.3f}"),
    "distinct_2": ("distinct-2", "{:.3f}"), "eos_rate": ("ended itself", "{:.1%}"),
    "letters_share": ("target letters", "{:.1%}"), "digits_share": ("digits", "{:.1%}"),
    "repeats_share": ("repeats", "{:.1%}"),
}  # fmt: skip


def text_cells(text: Mapping[str, float], figures: Sequence[Mapping[str, Any]], label: str) -> dict[str, str]:
    """The further figures of a method by their headings: {"mean length": "63.6", "KL from base, ko": "0.0021"}.

    text: those that are plain means. figures: of the comparison, of which the divergences count here.
    """
    cells = {name: shape.format(text[key]).replace("%", " %") for key, (name, shape) in _TEXT.items() if key in text}
    divergences = {figure["key"]: figure for figure in figures if figure["key"].startswith(_DIVERGENCE)}
    return cells | {
        f"KL from base, {key.removeprefix(_DIVERGENCE)}": value_cell(figure, label)
        for key, figure in divergences.items()
        if label in figure["methods"]
    }


def value_cell(figure: Mapping[str, Any], label: str) -> str:
    """The value alone: "86.7 %" or "4.124"; a dash where the method lacks it."""
    told = figure["methods"].get(label)
    return "–" if told is None else number_cell(figure, told["value"])


def number_cell(figure: Mapping[str, Any], value: float) -> str:
    """A value of the figure: "86.7 %" or "4.124"."""
    return percent(value) if figure["share"] else f"{value:.{_digits(figure)}f}"


def items_text(figure: Mapping[str, Any]) -> str:
    """How many items an axis rests on: "60 prompts"."""
    return f"{figure['items']} {_ITEMS[figure['axis']]}"


def judged_text(comparison: Mapping[str, Any]) -> str:
    """By which definition consistency was judged, and what it makes of English, in a sentence."""
    told = comparison["judged_by"]
    english = f"English is {told['english']}" if told["english"] else ""
    definition = told["definition"] or english
    return f"Consistency is judged by profile {told['profile']}{f': {definition}' if definition else ''}."


def interval_cell(figure: Mapping[str, Any], label: str) -> str:
    """The 95 % interval of the value: "80.1 to 91.0 %"; "" where the method lacks it."""
    told = figure["methods"].get(label)
    if told is None:
        return ""
    low, high = told["ci95"]
    digits = _digits(figure)
    return percent_interval((low, high)) if figure["share"] else f"{low:.{digits}f} to {high:.{digits}f}"


def change_cell(figure: Mapping[str, Any], told: Mapping[str, Any] | None) -> str:
    """A difference: "+11.2" points, "+0.034" nats or "-4.1" tokens; "" where there is none."""
    if told is None or told["difference"] is None:
        return ""
    return points(told["difference"]) if figure["share"] else signed(told["difference"], _digits(figure))


def change_interval_cell(figure: Mapping[str, Any], told: Mapping[str, Any] | None) -> str:
    """The difference's 95 % interval: "+6.1 to +16.3"; "" where there is none."""
    if told is None or told["difference"] is None:
        return ""
    return signed_interval(told["difference_ci95"], _digits(figure), scale=100 if figure["share"] else 1)


def value_text(figure: Mapping[str, Any], label: str) -> str:
    """The value with its name: "consistency 86.7 %"."""
    return f"{SHORT[figure['axis']]} {value_cell(figure, label)}{'' if figure['share'] else ' nats a token'}"


def change_text(figure: Mapping[str, Any], told: Mapping[str, Any], *, intervals: bool) -> str:
    """A difference with the figure's name: "accuracy -0.1"; with its interval: "accuracy -0.1 points, -0.9 to +0.7"."""
    text = f"{SHORT[figure['axis'] or figure['key']]} {change_cell(figure, told)}"
    if not intervals:
        return text
    unit = "points" if figure["share"] else "tokens" if figure["key"] == _LENGTH else "nats"
    return f"{text} {unit}, 95 % interval {change_interval_cell(figure, told)}"


def joined(names: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"; "" of nothing."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _digits(figure: Mapping[str, Any]) -> int:
    """After the point: of percentages and numbers of tokens one, of nats three, of small divergences four."""
    if figure["share"] or figure["key"] == _LENGTH:
        return 1
    return 4 if figure["key"].startswith(_DIVERGENCE) else 3
