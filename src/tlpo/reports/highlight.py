"""A response cut at its spans, so that a page or a terminal can mark them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tlpo.errors import UserError
from tlpo.languages import get_language

# Controls that a browser drops or a terminal obeys, shown by their pictures: one character each, so offsets stay.
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: 0x2421}

_SCRIPTS = {
    "Arab": "Arabic", "Armn": "Armenian", "Beng": "Bengali", "Bopo": "Bopomofo", "Cyrl": "Cyrillic",
    "Deva": "Devanagari", "Ethi": "Ethiopic", "Geor": "Georgian", "Grek": "Greek", "Gujr": "Gujarati",
    "Guru": "Gurmukhi", "Hang": "Hangul", "Hani": "Han", "Hebr": "Hebrew", "Hira": "Hiragana", "Kana": "Katakana",
    "Khmr": "Khmer", "Knda": "Kannada", "Laoo": "Lao", "Latn": "Latin", "Mlym": "Malayalam", "Mong": "Mongolian",
    "Mymr": "Myanmar", "Orya": "Odia", "Sinh": "Sinhala", "Taml": "Tamil", "Telu": "Telugu", "Thaa": "Thaana",
    "Tibt": "Tibetan",
}  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """A piece of a response. span: the span it belongs to, or None. point: whether the confusion point is its start."""

    text: str
    span: Mapping[str, Any] | None
    point: bool


def segments(text: str, spans: Iterable[Mapping[str, Any]], point: int | None) -> list[Segment]:
    """Cut `text` at its spans and at the confusion point; the pieces joined give the text again.

    Spans that overlap an earlier one keep what is left of them; offsets beyond the text are cut back to its end.
    """
    pieces: list[Segment] = []
    position = 0
    for span in sorted(spans, key=lambda span: int(span["start"])):
        start, end = max(position, int(span["start"])), min(len(text), int(span["end"]))
        if start >= end:
            continue
        pieces += _plain(text, position, start, point)
        pieces.append(Segment(text[start:end], span, point == start))
        position = end
    pieces += _plain(text, position, len(text), point)
    return pieces


def printable(text: str) -> str:
    """The text with control characters as visible pictures and lone surrogates as U+FFFD; same length."""
    return text.translate(_PICTURES).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def language_name(code: str | None) -> str:
    """A language's English name; the code itself where the table has no such row; "" for None."""
    if code is None:
        return ""
    try:
        return get_language(code).name
    except UserError:
        return code


def describe_span(span: Mapping[str, Any]) -> str:
    """What is known of a span in one line: script, language, rule, confidence."""
    script = str(span.get("script") or "")
    parts = [_SCRIPTS.get(script, script), language_name(span.get("language"))]
    if span.get("rule"):
        parts.append(f"rule: {span['rule']}")
    if span.get("confidence") is not None:
        parts.append(f"confidence {float(span['confidence']):.2f}")
    return " · ".join(part for part in parts if part)


def _plain(text: str, start: int, end: int, point: int | None) -> list[Segment]:
    """The unmarked text of [start, end), cut at the confusion point where no span starts there."""
    if point is None or not start <= point < end:
        return [Segment(text[start:end], None, False)] if start < end else []
    cut = [Segment(text[start:point], None, False)] if start < point else []
    return [*cut, Segment(text[point:end], None, True)]
