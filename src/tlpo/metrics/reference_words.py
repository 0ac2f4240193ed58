"""How the `tlpo` definition judges one word (Choo et al. 2026; facts as in its reference implementation).

A word has two outcomes: one where English counts as confusion, one where it is neutral. +1 passes, -1 fails, 0 is not
counted. The two differ only for English words without a capital at the start.

- Languages not in Latin script: one letter outside the language's scripts fails the word. Scripts are told by the
  character's Unicode name, as published. Digits, signs, Greek, letterlike and mathematical letters count for nothing.
- Languages in Latin script: the word fails if lingua gives the language 0.1 or less among seven languages.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Literal

from tlpo.errors import missing_extra
from tlpo.metrics.reference_text import Aligned
from tlpo.metrics.segmenters import chinese_words, japanese_words

Outcome = Literal[-1, 0, 1]
Outcomes = tuple[Outcome, Outcome]  # (English is confusion, English is neutral)

LATIN_LANGUAGES = ("en", "es", "de", "fr", "id", "it", "pt")
# Parts of the Unicode names of each language's letters.
_TARGET_NAMES = {
    "ko": ("HANGUL",),
    "zh": ("CJK",),
    "ja": ("HIRAGANA", "KATAKANA", "CJK", "IDEOGRAPHIC ITERATION MARK"),
    "ar": ("ARABIC",),
    "hi": ("DEVANAGARI",),
    "ru": ("CYRILLIC",),
}
LANGUAGES = (*_TARGET_NAMES, *LATIN_LANGUAGES)
_NEUTRAL_NAMES = (
    *("GREEK SMALL LETTER", "GREEK CAPITAL LETTER", "MATHEMATICAL", "DOUBLE-STRUCK", "MODIFIER", "SUPERSCRIPT"),
    *("SUBSCRIPT", "MICRO", "OHM", "KELVIN", "ANGSTROM", "EULER", "PLANK"),
)
_PINYIN = frozenset("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜĀÁǍÀĒÉĚÈĪÍǏÌŌÓǑÒŪÚǓÙǕǗǙǛ")
_LEAST_PROBABILITY = 0.1
_WORD = re.compile(r"\b[\w'-]+\b")


def split_words(line: Aligned, language: str) -> list[tuple[str, int]]:
    """The words of a cleaned line, each with its place in `line.text`."""
    if language not in ("zh", "ja"):
        return [(match[0], match.start()) for match in _WORD.finditer(line.text)]
    pieces = chinese_words(line.text) if language == "zh" else japanese_words(line.text)
    words, place = [], 0
    for piece in pieces:
        place = line.text.index(piece, place)
        words.append((piece, place))
        place += len(piece)
    return words


def outcomes(word: str, language: str) -> Outcomes:
    """How a word fares in the language. language: one of `LANGUAGES`."""
    return _latin_outcomes(word, language) if language in LATIN_LANGUAGES else _script_outcomes(word, language)


def first_wrong_letter(word: str, language: str, *, english_is_wrong: bool) -> int:
    """Where a failed word goes wrong: its first wrong letter, or 0 in the languages in Latin script."""
    if language in LATIN_LANGUAGES:
        return 0
    wrong = "xe" if english_is_wrong and not starts_with_capital(word) else "x"
    return next((place for place, kind in enumerate(word.translate(_KINDS[language])) if kind in wrong), 0)


def starts_with_capital(word: str) -> bool:
    """Whether the word, or what follows its last apostrophe ("d'Arc"), starts with a Latin capital."""
    tail = word.rpartition("'")[2]
    return any("LATIN CAPITAL" in unicodedata.name(part[0], "") for part in (word, tail) if part)


class _Kinds(dict[int, str]):
    """Code point -> "t" letter of the target, "e" ASCII letter, "x" wrong letter, "-" neither. Filled as needed."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, code: int) -> str:
        kind = self[code] = _kind(chr(code), self._language)
        return kind


def _kind(character: str, language: str) -> str:
    if character.isascii():
        return "e" if character.isalpha() else "-"
    if unicodedata.category(character)[0] in "PSC" or character.isspace() or _is_numeric_or_mathematical(character):
        return "-"
    if language == "zh" and character in _PINYIN:
        return "-"
    name = unicodedata.name(character, "")
    if not name or any(part in name for part in _NEUTRAL_NAMES):
        return "-"
    return "t" if any(part in name for part in _TARGET_NAMES[language]) else "x"


def _is_numeric_or_mathematical(character: str) -> bool:
    """Letterlike symbols, number forms, mathematical alphanumerics; the last of a block is left out as published."""
    return "\u2100" <= character < "\u218f" or "\U0001d400" <= character < "\U0001d7ff"


_KINDS = {language: _Kinds(language) for language in _TARGET_NAMES}


def _script_outcomes(word: str, language: str) -> Outcomes:
    kinds = word.translate(_KINDS[language])
    if "x" in kinds:
        return -1, -1
    neutral: Outcome = 1 if "t" in kinds else 0
    return (-1 if "e" in kinds and not starts_with_capital(word) else neutral), neutral


@lru_cache(maxsize=200_000)
def _latin_outcomes(word: str, language: str) -> Outcomes:
    if _letter_count(word) <= 1:
        return 0, 0
    likely = _likely_languages(word)
    if language in likely:
        return 1, 1
    if "en" in likely:
        return (0 if starts_with_capital(word) else -1), 0
    return -1, -1


def _letter_count(word: str) -> int:
    """Characters that are neither ASCII digits or signs nor neutral by name."""
    names = (unicodedata.name(c, "") for c in word if not c.isascii() or c.isalpha())
    return sum(1 for name in names if name and not any(part in name for part in _NEUTRAL_NAMES))


@lru_cache(maxsize=200_000)
def _likely_languages(word: str) -> tuple[str, ...]:
    values = _lingua().compute_language_confidence_values(word)
    return tuple(value.language.iso_code_639_1.name.lower() for value in values if value.value > _LEAST_PROBABILITY)


@lru_cache(maxsize=1)
def _lingua() -> Any:
    """lingua over the seven languages; its models load at the first word (some 100 MB)."""
    try:
        from lingua import Language, LanguageDetectorBuilder
    except ImportError:
        raise missing_extra("lingua-language-detector", "metrics") from None
    names = ("ENGLISH", "SPANISH", "GERMAN", "FRENCH", "INDONESIAN", "ITALIAN", "PORTUGUESE")
    return LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in names)).build()
