"""Three Latin words in a row, and words of any length."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlpo.confusion import ConfusionDetector
from tlpo.confusion.latin_words import words_in_a_row

_LETTER = "[A-Za-zÀ-ɏḀ-ỿ]"
_THREE = re.compile(rf"{_LETTER}(?:{_LETTER}|['’])*(?:[^\w\n]{{1,4}}{_LETTER}(?:{_LETTER}|[\u0300-\u036f'’])*){{2}}")


@given(st.text(alphabet="aAé'’ \n1-.가\u0303", max_size=24))
def test_three_words_in_a_row_wherever_they_begin(text: str) -> None:
    """The line before holds the small letters that are asked for, too."""
    assert words_in_a_row(f"ab\n{text}") == (_THREE.search(text) is not None)


@pytest.mark.parametrize("english", ["neutral", "confusion"])
def test_the_work_for_one_giant_word_grows_with_its_length(english: str) -> None:
    """300,000 letters once took half an hour: every one of them was tried as the beginning of a word."""
    detector = ConfusionDetector("ko", english=english)
    detector.check("hello")
    started = time.thread_time()
    detector.check("a" * 300_000)
    assert time.thread_time() - started < 10
