"""The Latin words of a segment."""

from __future__ import annotations

import re
from typing import NamedTuple

from tlpo.confusion.masking import Masks
from tlpo.confusion.options import Patterns
from tlpo.confusion.vocabulary import ABBREVIATIONS, ORDINARY

# After one of these, unclosed, what follows may turn out to be code, a formula, markup, a key or a gloss.
_OPENER = re.compile(r"[`$<\"{\[(（\\]")
_OPEN_FOR = 160
_APOSTROPHES = "'’ʼ"
# What no address, file name or formula goes across.
_BREAK = re.compile("[^!-~À-ɏḀ-ỿ\u0300-\u036f]")


class Word(NamedTuple):
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


# Looked for from the beginning of a word only: from each of its letters, one giant word would cost its length squared.
_ROW = re.compile(
    r"[A-Za-zÀ-ɏḀ-ỿ](?<![A-Za-zÀ-ɏḀ-ỿ].)[A-Za-zÀ-ɏḀ-ỿ'’]*"
    r"(?:[^\w\n]{1,4}[A-Za-zÀ-ɏḀ-ỿ][A-Za-zÀ-ɏḀ-ỿ\u0300-\u036f'’]*){2}"
)
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


def _clitic(text: str) -> bool:
    return text.islower() and len(text) <= 4


def latin_words(
    segment: str, piece: tuple[int, int], masks: Masks, pattern: Patterns, clitics: bool = False
) -> list[Word]:
    """The words of ``piece``, in order. clitics: a short word that a hyphen joins to the one before is part of it, and
    masked: enfrentá-las, peut-il."""
    words: list[Word] = []
    regions = sorted(masks.latin)
    at, reach, last, last_end = 0, -1, "", -1
    new = tuple.__new__  # what Word(...) comes to, without a call of Python code
    for match in pattern.latin.finditer(segment, *piece):
        start, text = match.start(), match.group()
        if text[-1] in _APOSTROPHES:
            text = text.rstrip(_APOSTROPHES)
        while at < len(regions) and regions[at][0] <= start:
            reach = max(reach, regions[at][1])
            at += 1
        masked = start < reach or text in ABBREVIATIONS
        hyphened = last and start == last_end + 1 and segment[last_end] == "-"
        if hyphened and (text == last or (clitics and _clitic(text))):
            masked = True  # text == last: Malay gerai-gerai
        last, last_end = text, start + len(text)
        words.append(new(Word, (start, last_end, text, masked)))
    return words


def hold_tail(segment: str, words: list[Word]) -> list[Word]:
    """The words of a segment that may go on, without those that may grow or become part of an address, a file name or
    the like, with those masked that may yet be excused."""
    end, count = len(segment), len(words)
    while count and not _BREAK.search(segment, words[count - 1].end, end):
        count -= 1
        end = words[count].start
    words = words[:count]
    held_from = len(segment)
    for match in _OPENER.finditer(segment, max(0, len(segment) - _OPEN_FOR)):
        held_from = match.start()
        break
    return [word._replace(masked=True) if word.start >= held_from else word for word in words]
