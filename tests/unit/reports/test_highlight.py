"""Responses cut at their spans."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tlpo.reports.highlight import describe_span, language_name, printable, segments


def span(start: int, end: int) -> dict[str, Any]:
    return {"start": start, "end": end}


def cut(text: str, spans: list[dict[str, Any]], point: int | None) -> list[tuple[str, bool, bool]]:
    return [(piece.text, piece.span is not None, piece.point) for piece in segments(text, spans, point)]


def test_spans_and_point() -> None:
    assert cut("가 ab 나 cd", [span(2, 4), span(7, 9)], 2) == [
        ("가 ", False, False),
        ("ab", True, True),
        (" 나 ", False, False),
        ("cd", True, False),
    ]


def test_point_without_a_span_there() -> None:
    assert cut("abcd", [], 2) == [("ab", False, False), ("cd", False, True)]
    assert cut("abcd", [], 0) == [("abcd", False, True)]
    assert cut("abcd", [], None) == [("abcd", False, False)]


def test_overlaps_and_offsets_beyond_the_text() -> None:
    assert cut("abcd", [span(1, 3), span(2, 9)], 1) == [("a", False, False), ("bc", True, True), ("d", True, False)]
    assert cut("", [span(0, 3)], 0) == []


@given(
    st.text(max_size=20),
    st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=4),
    st.none() | st.integers(0, 25),
)
def test_pieces_joined_give_the_text(text: str, places: list[tuple[int, int]], point: int | None) -> None:
    pieces = segments(text, [span(start, end) for start, end in places], point)
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)


def test_printable_keeps_the_length() -> None:
    text = "a\x00\x1b[31m\n\t\x7f\ud800😀"
    assert printable(text) == "a\u2400\u241b[31m\n\t\u2421\ufffd😀"
    assert len(printable(text)) == len(text)


def test_descriptions() -> None:
    found = {"script": "Latn", "language": "en", "rule": "english", "confidence": 0.9}
    assert describe_span(found) == "Latin · English · rule: english · confidence 0.90"
    assert describe_span({"script": "Zzzz", "language": None}) == "Zzzz"
    assert (language_name("ko"), language_name("tlh"), language_name(None)) == ("Korean", "tlh", "")
