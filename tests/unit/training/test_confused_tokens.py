"""Which tokens of a vocabulary leave a language by themselves."""

from __future__ import annotations

import pytest
import torch

from tlpo.confusion import ConfusionDetector
from tlpo.training.confused_tokens import TokenMasks, confused_alone, foreign_words

PIECES: list[str | bytes] = [
    "пошёл",
    " the",
    "학교",
    "the학교",
    "12",
    " ",
    b"\xd0",
    "",
    " пошёл",
    "日",
    b"\xd0\xb6\xd0",
    "!?",
]
TABLE = [piece.encode() if isinstance(piece, str) else piece for piece in PIECES]


@pytest.mark.parametrize(
    ("language", "english", "expected"),
    [
        ("ko", "confusion", ["пошёл", " the", " пошёл", "日", b"\xd0\xb6\xd0"]),
        ("ko", "neutral", ["пошёл", " пошёл", "日", b"\xd0\xb6\xd0"]),
        ("ru", "confusion", [" the", "학교", "the학교", "日"]),
        ("ja", "neutral", ["пошёл", "학교", "the학교", " пошёл", b"\xd0\xb6\xd0"]),
    ],
)
def test_tokens_that_are_wrong_whatever_stands_around_them(
    language: str, english: str, expected: list[str | bytes]
) -> None:
    """Neither those with a letter of the language, nor those without any letter, nor half a character."""
    detector = ConfusionDetector(language, english=english, strictness="strict")
    assert [PIECES[token] for token in confused_alone(TABLE, detector)] == expected


@pytest.mark.parametrize(
    ("language", "pieces", "expected"),
    [
        ("fr", [" the", "the", " le", " with", " table", " you", " пошёл", " 12", "ing"], [" the", " with", " you"]),
        ("ru", [" що", " что", " the"], [" що"]),
        ("ko", [" the", " Paris", " 학교"], []),
    ],
)
def test_words_of_other_languages_of_the_same_script(language: str, pieces: list[str], expected: list[str]) -> None:
    """Only where a word begins; those of other scripts are `confused_alone`."""
    found = foreign_words([piece.encode() for piece in pieces], ConfusionDetector(language, english="confusion"))
    assert [pieces[token] for token in found] == expected


def test_a_mask_for_each_row_made_once_for_each_language() -> None:
    asked: list[str] = []

    def detector_of(language: str) -> ConfusionDetector:
        asked.append(language)
        return ConfusionDetector(language, english="confusion")

    tokens = TokenMasks(confused_alone, TABLE, len(TABLE) + 2, detector_of, "cpu")
    for _ in range(2):
        found = tokens.of(["ko", "", "ru", "ko"])
        assert (found.shape, found.dtype) == ((4, len(TABLE) + 2), torch.bool)
        marked = [row.nonzero()[:, 0].tolist() for row in found]
        assert marked == [[0, 1, 8, 9, 10], [], [1, 2, 3, 9], [0, 1, 8, 9, 10]]
    assert asked == ["ko", "ru"]


def test_a_vocabulary_smaller_than_the_tokenizers() -> None:
    tokens = TokenMasks(confused_alone, TABLE, 2, ConfusionDetector, "cpu")
    assert tokens.of(["ko"]).tolist() == [[True, False]]


def test_no_rows() -> None:
    """A step without confusion points, or a rank of it."""
    assert TokenMasks(confused_alone, TABLE, 5, ConfusionDetector, "cpu").of([]).shape == (0, 5)
