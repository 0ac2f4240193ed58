"""What a text is written with, counted by hand."""

from __future__ import annotations

import unicodedata

import pytest

from tlpo.errors import UserError
from tlpo.metrics.characters import character_counts


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("안녕 hi 12", "ko", (2, 2, 6)),
        ("개항(開港)", "ko", (2, 0, 6)),  # hanja are not letters of Korean
        ("नमस्ते", "hi", (6, 0, 6)),  # vowel signs and the virama are marks of Devanagari
        ("مَرحبا ٣", "ar", (6, 1, 7)),  # a vowel mark, an Arabic-Indic digit
        ("東京タワー１つ", "ja", (6, 1, 7)),  # the long-vowel mark is a letter, the fullwidth digit a digit
        ("½ ⑯ Ⅳ", "de", (0, 3, 3)),
        (unicodedata.normalize("NFD", "été"), "fr", (5, 0, 5)),
        ("привет", "fr", (0, 0, 6)),
        (" \n\t\u3000", "ko", (0, 0, 0)),
        ("", "ko", (0, 0, 0)),
    ],
)
def test_character_counts(text: str, language: str, expected: tuple[int, int, int]) -> None:
    assert character_counts(text, language) == expected


def test_unknown_language() -> None:
    with pytest.raises(UserError, match="xx"):
        character_counts("a", "xx")
