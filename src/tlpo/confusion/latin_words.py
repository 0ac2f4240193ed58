"""The Latin words of a segment."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tlpo.confusion.masking import Masks
from tlpo.confusion.options import Patterns
from tlpo.confusion.vocabulary import ABBREVIATIONS, ORDINARY

# After one of these, unclosed, what follows may turn out to be code, a formula, markup, a key or a gloss.
_OPENER = re.compile(r"[`$<\"{\[(（\\]")
_OPEN_FOR = 160


@dataclass(frozen=True, slots=True)
class Word:
    """A Latin word: [start, end) of its segment. A masked word counts as a neighbour only."""

    start: int
    end: int
    text: str
    masked: bool

    @property
    def lower(self) -> bool:
        """Begins with a small letter and is more than a symbol."""
        return self.text[0].islower() and sum(map(str.isalpha, self.text)) > 1

    @property
    def name_like(self) -> bool:
        """Begins with a capital."""
        return self.text[0].isupper()


_ROW = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ][A-Za-zÀ-ɏḀ-ỿ'’]*(?:[^\w\n]{1,4}[A-Za-zÀ-ɏḀ-ỿ][A-Za-zÀ-ɏḀ-ỿ\u0300-\u036f'’]*){2}")
_ANY = re.compile("[A-Za-zÀ-ɏḀ-ỿ]")
_SMALL = re.compile(r"[a-zß-öø-ÿĀ-ɏḀ-ỿ](?<![A-Za-zÀ-ɏḀ-ỿ].)[A-Za-zÀ-ɏḀ-ỿ\u0300-\u036f'’]")
_CAPITALISED = re.compile(r"[A-Z][A-Za-z'’]+")


def words_in_a_row(text: str) -> bool:
    """Whether three Latin words follow each other, and any Latin word is in small letters."""
    first = _ANY.search(text)
    if first is None or not _SMALL.search(text, first.start()):
        return False
    return _ROW.search(text, first.start()) is not None


def ordinary_word(text: str) -> bool:
    """Whether a Latin word is in small letters or an ordinary English one."""
    first = _ANY.search(text)
    if first is None:
        return False
    if _SMALL.search(text, first.start()):
        return True
    capitalised = _CAPITALISED.findall(text, first.start())
    return any(word.lower().replace("’", "'") in ORDINARY for word in capitalised)


def latin_words(segment: str, piece: tuple[int, int], masks: Masks, pattern: Patterns) -> list[Word]:
    """The words of ``piece``, in order."""
    words: list[Word] = []
    regions = sorted(masks.latin)
    at, reach = 0, -1
    for match in pattern.latin.finditer(segment, *piece):
        start = match.start()
        while at < len(regions) and regions[at][0] <= start:
            reach = max(reach, regions[at][1])
            at += 1
        text = match.group().rstrip("'’ʼ")
        twice = bool(words) and words[-1].text == text and segment[words[-1].end : start] == "-"  # Malay: gerai-gerai
        words.append(Word(start, start + len(text), text, start < reach or twice or text in ABBREVIATIONS))
    return words


def hold_tail(segment: str, words: list[Word]) -> list[Word]:
    """The words of a segment that may go on, without the last if it may grow, with those masked that may yet be
    excused."""
    if words and not re.search(r"\s|[^\x00-\u024f]", segment[words[-1].end :]):
        words = words[:-1]
    held_from = len(segment)
    for match in _OPENER.finditer(segment, max(0, len(segment) - _OPEN_FOR)):
        held_from = match.start()
        break
    return [replace(word, masked=True) if word.start >= held_from else word for word in words]
