"""Patterns looked for in many texts and found in few: a text without any of a pattern's anchors is passed over.

The package ``regex`` tries every alternative at every place; whether a short string occurs at all is seen a hundred
times sooner.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import regex

_LONGEST = 8  # characters of a word's beginning that are looked for
_ESCAPE = regex.compile(r"\\[pP]\{\w+\}|\\.")
_SET = regex.compile(r"\[(?:[^\]\\]|\\.)*\](?:[?*+]|\{[\d,]*\})?")
_LOOK = regex.compile(r"\(\?<?[=!](?:[^()]|(\((?:[^()]|(?1))*\)))*\)")
_GROUP = regex.compile(r"\(([^()]*)\)(?:[?*+]|\{[\d,]*\})?")
_OPTIONAL = regex.compile(r".(?:[?*]|\{0?,\d*\})")
_RUNS = regex.compile(
    r"(?=[\p{L}\p{M} ]{3})[\p{L}\p{M}]+(?: [\p{L}\p{M}]+)*|[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]{2,}"
)
_CUT = "\0"  # stands for what is no plain text


@dataclass(frozen=True)
class Finder:
    """A pattern with its anchors.

    anchors: in lower case; every match of the pattern holds one of them. pattern: finds the words.
    """

    anchors: tuple[str, ...]
    pattern: regex.Pattern[str]

    def find(self, text: str) -> str | None:
        """The first words of ``text`` that the pattern matches, None if there are none."""
        text = unicodedata.normalize("NFC", text)
        lowered = text.lower()
        if not any(anchor in lowered for anchor in self.anchors):
            return None
        found = self.pattern.search(text)
        return found.group() if found else None


def finder(pattern: str, words: Iterable[str], flags: int = 0) -> Finder:
    """A finder for ``pattern``, of which every match holds the beginning of one of ``words``."""
    plain = {unicodedata.normalize("NFC", word).lower()[:_LONGEST] for word in words}
    needed: list[str] = []
    for word in sorted(plain, key=lambda word: (len(word), word)):
        if not any(shorter in word for shorter in needed):
            needed.append(word)
    return Finder(tuple(needed), regex.compile(unicodedata.normalize("NFC", pattern), regex.V1 | flags))


def words_in(expression: str) -> list[str]:
    """Plain text (three letters, or two ideographs or syllables) that each alternative of a pattern cannot do without.

    Alternatives are what ``|`` separates outside of brackets; one that has such text in brackets only gives all of
    it. So the words can be the pattern's anchors. Raises ValueError for an alternative without any.
    """
    plain = _LOOK.sub(_CUT, _SET.sub(_CUT, _ESCAPE.sub(_CUT, expression)))
    found: list[str] = []
    for alternative in _alternatives(plain):
        outside = alternative
        while _GROUP.search(outside):
            outside = _GROUP.sub(_CUT, outside)
        required = _RUNS.findall(_OPTIONAL.sub(_CUT, outside))
        words = [max(required, key=len)] if required else _RUNS.findall(_OPTIONAL.sub(_CUT, alternative))
        if not words:
            raise ValueError(f"no word to look for in {alternative!r} of {expression!r}")
        found += words
    return found


def _alternatives(expression: str) -> list[str]:
    depth, parts = 0, [""]
    for char in expression:
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts
