"""Normalised text, shingles, Jaccard: worked out by hand, and against the definition for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlpo.data.similarity import check_near, jaccard, normalise, shingle_size, shingles
from tlpo.errors import UserError


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  Hello,   WORLD! ", "hello world"),
        ("Ｆｕｌｌ－ｗｉｄｔｈ　１２", "full width 12"),
        ("Straße", "strasse"),
        ("हिन्दी में लिखो।", "हिन्दी में लिखो"),  # vowel signs are marks, and stay
        ("김치찌개? 맛있어요…", "김치찌개 맛있어요"),
        ("?!… — 😀", ""),
    ],
)
def test_only_letters_marks_and_digits_count(text: str, plain: str) -> None:
    assert normalise(text) == plain


def test_shingles() -> None:
    assert shingles("abcdef") == {"abcde", "bcdef"}
    assert shingles("abcdeabcde") == {"abcde", "bcdea", "cdeab", "deabc", "eabcd"}
    assert shingles("abcde") == {"abcde"}
    assert shingles("abc") == {"abc"}
    assert shingles("") == frozenset()
    assert shingles("맛있는 밥") == {"맛있는", "있는 ", "는 밥"}
    assert shingles("你好嗎") == {"你好嗎"}


@pytest.mark.parametrize(
    ("plain", "size"), [("абв", 5), ("漢字かな", 3), ("漢字abcd", 5), ("漢字ab", 5), ("漢字字a", 3)]
)
def test_three_characters_where_most_are_syllables(plain: str, size: int) -> None:
    assert shingle_size(plain) == size


def test_jaccard() -> None:
    # abcdef has abcde, bcdef; abcdeg has abcde, bcdeg: one shared of three
    assert jaccard(shingles("abcdef"), shingles("abcdeg")) == pytest.approx(1 / 3)
    assert jaccard(frozenset(), frozenset()) == 0


@given(st.text(max_size=60), st.text(max_size=60))
def test_jaccard_by_its_definition(one: str, other: str) -> None:
    first, second = shingles(normalise(one)), shingles(normalise(other))
    expected = len(first & second) / len(first | second) if first | second else 0
    assert jaccard(first, second) == expected == jaccard(second, first)
    assert jaccard(first, first) == (1 if first else 0)


@given(st.text(max_size=80))
def test_normalising_again_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize("near", [0, -0.1, 1.01, float("nan")])
def test_a_similarity_out_of_range(near: float) -> None:
    with pytest.raises(UserError, match="give a Jaccard similarity in"):
        check_near(near)
