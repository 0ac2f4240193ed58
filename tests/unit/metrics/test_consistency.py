"""The default profile's line and word counts, from spans at known places."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from tlpo.confusion import ConfusionDetector
from tlpo.metrics import get_profile
from tlpo.metrics.consistency import touched, unit_pattern


def test_words_and_lines_that_a_span_touches_fail() -> None:
    profile = get_profile("default")
    text = "서울은 큰 도시입니다\n매우 美丽的 곳입니다\n123"
    assert profile.tally(text, "ko") == ((0, 1), (1, 2), (5, 6), (0, 1))


def test_letters_count_where_no_spaces_are_written() -> None:
    profile = get_profile("default")
    text = "東京はとても큰都市です。"
    assert profile.tally(text, "ja") == ((0, 1), (0, 1), (10, 11), (0, 1))


def test_undecided_responses_are_left_out_and_counted_apart() -> None:
    assert get_profile("default").tally("42", "ko") == ((0, 0), (0, 0), (0, 0), (1, 1))


@pytest.mark.parametrize(
    ("text", "language", "units"), [("don't stop", "en", 2), ("नमस्ते दुनिया 12", "hi", 2), ("東京 12", "ja", 2)]
)
def test_units(text: str, language: str, units: int) -> None:
    assert touched(unit_pattern(language), text, ()) == (units, units)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["これは", "안녕", "が", "か\u3099", "é", "12", " ", "привет", "\n", "😀"])).map("".join)
)
def test_letters_are_counted_as_they_would_be_matched(text: str) -> None:
    spans = ConfusionDetector("ja").check(text).spans
    letters = [match.start() for match in regex.finditer(r"\p{L}\p{M}*", text)]
    passed = [at for at in letters if not any(span.start <= at < span.end for span in spans)]
    assert touched(unit_pattern("ja"), text, spans) == (len(passed), len(letters))


def test_unknown_languages_are_not_covered() -> None:
    assert get_profile("default").rates_of("xx") == ()
