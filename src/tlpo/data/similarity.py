"""When two prompts are the same, or nearly: normalised text, character shingles, Jaccard similarity.

Two prompts are *exactly* alike when their letters, marks and digits are, whatever their case, width, spaces and
punctuation. How *near* they are is the Jaccard similarity of their character shingles: shared ones over all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Set
from functools import lru_cache

import regex

from tlpo.errors import UserError

NEAR = 0.8
"""Jaccard similarity from which two prompts count as near, unless another is asked for."""

# A syllable or an ideograph says as much as two or three letters of an alphabet.
_LETTERS, _SYLLABLES = 5, 3


def check_near(near: float) -> float:
    """``near`` itself. Raises UserError unless it is in (0, 1]."""
    if not 0 < near <= 1:
        raise UserError(f"near is {near}: give a Jaccard similarity in (0, 1]")
    return near


@lru_cache(maxsize=1)
def _others() -> regex.Pattern[str]:
    return regex.compile(r"[^\p{L}\p{M}\p{N}]+")


@lru_cache(maxsize=1)
def _syllables() -> regex.Pattern[str]:
    return regex.compile(r"[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]")


def normalise(text: str) -> str:
    """Letters, marks and digits (NFKC, case folded), each run of anything else one space; may be empty."""
    plain: str = _others().sub(" ", unicodedata.normalize("NFKC", text).casefold())
    return plain.strip()


def shingle_size(plain: str) -> int:
    """Characters of a shingle: five, or three where most characters are Chinese, Japanese or Korean."""
    return _SYLLABLES if 2 * len(_syllables().findall(plain)) > len(plain) else _LETTERS


def shingles(plain: str) -> frozenset[str]:
    """The substrings of `shingle_size` characters of a normalised text.

    A text shorter than that is its own only shingle; an empty one has none.
    """
    size = shingle_size(plain)
    return frozenset(plain[start : start + size] for start in range(max(1, len(plain) - size + 1)) if plain)


def jaccard(one: Set[str], other: Set[str]) -> float:
    """Shared members over all members, in [0, 1]; 0 for two empty sets."""
    shared = len(one & other)
    union = len(one) + len(other) - shared
    return shared / union if union else 0.0
