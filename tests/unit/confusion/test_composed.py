"""Composed text against Unicode's own tables, and offsets into the text as it was given."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlpo.confusion import ConfusionDetector
from tlpo.confusion.composed import compose, origins, unfinished

_PIECES = (
    *("a", "x", "é", "e\u0301", "\u0302", "\u0316", "\u0344", "=\u0338", ".", " ", "\n", "\ud800"),
    *("한", "가", "\u1112\u1161", "\u1161", "\u11a8", "か\u3099", "\ufa10", "ก่", "\u0958", "\u09c7\u09be"),
    *("\u2126", "\U0001d15e"),
)
TEXTS = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join) | st.text(max_size=40)


@given(TEXTS)
def test_it_is_the_composed_form_and_every_character_comes_from_somewhere(text: str) -> None:
    composed, (starts, ends) = compose(text), origins(text)
    assert composed == unicodedata.normalize("NFC", text)
    assert (composed is text) == (composed == text)
    assert len(starts) == len(ends) == len(composed)
    for start, end, char in zip(starts, ends, composed, strict=True):
        assert 0 <= start < end <= len(text)
        first = unicodedata.normalize("NFD", char)[0]
        if not unicodedata.combining(first):  # marks may change places
            assert first in unicodedata.normalize("NFD", text[start:end])
    assert starts == sorted(starts)
    assert ends == sorted(ends)


@given(TEXTS, TEXTS)
def test_nothing_that_follows_changes_what_is_finished(text: str, rest: str) -> None:
    end = unfinished(text)
    whole = unicodedata.normalize("NFC", text + rest)
    assert whole == unicodedata.normalize("NFC", text[:end]) + unicodedata.normalize("NFC", text[end:] + rest)


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        ("cafe\u0301s", [0, 1, 2, 3, 5], [1, 2, 3, 5, 6]),
        ("\u1112\u1161\u11ab\u1100\u116e", [0, 3], [3, 5]),  # two syllables of jamo
        ("q\u0302e\u0302", [0, 1, 2], [1, 2, 4]),  # no q with a circumflex is in Unicode
        ("\u0958a", [0, 0, 1], [1, 1, 2]),  # composed, it is two characters
    ],
)
def test_offsets_by_hand(text: str, starts: list[int], ends: list[int]) -> None:
    assert origins(text) == (starts, ends)


def test_a_heap_of_marks_takes_linear_time_and_is_kept_whole() -> None:
    heap = "a" + "\u0302\u0316" * 50_000
    assert unicodedata.normalize("NFD", compose(heap)[0]) == "a\u0302"
    assert origins(heap)[1][-1] == len(heap)
    assert ConfusionDetector("ko").check(heap).verdict == "undecided"  # one letter


@pytest.mark.parametrize("text", ["https://が /ñ/ hello thereñ≠é-≠=", "Привет, ре́чка и ёж 東京で"])
@pytest.mark.parametrize("code", ["ko", "fr", "ru"])
@pytest.mark.parametrize("english", ["neutral", "confusion"])
def test_spans_are_of_the_same_letters_in_either_form(text: str, code: str, english: str) -> None:
    detector = ConfusionDetector(code, english=english)
    composed, decomposed = (detector.check(unicodedata.normalize(form, text)) for form in ("NFC", "NFD"))
    again = [unicodedata.normalize("NFC", span.text) for span in decomposed.spans]
    assert again == [span.text for span in composed.spans]
    assert again


def test_a_span_takes_the_marks_of_its_last_letter_along() -> None:
    text = unicodedata.normalize("NFD", "안녕 café 세상")
    (span,) = ConfusionDetector("ko", english="confusion", strictness="strict").check(text).spans
    assert span.text == "cafe\u0301"
    assert text[span.start : span.end] == span.text
