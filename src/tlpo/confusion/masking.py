"""What may be foreign: code, addresses, formulas, names of files and variables, markup, glosses, allowed terms.

Masking never changes the text: it lists regions (start, end), so offsets stay what they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from tlpo.confusion.vocabulary import UNITS

Region = tuple[int, int]

# Longest gloss in brackets, in characters. A stream holds its judgement on a bracket for so long.
LONGEST_GLOSS = 32

# Marks that make an accented letter of a plain one: composed or not, such a letter is no letter of ASCII. _NO_LETTER:
# not in the middle of a word.
_ACCENTS = "\u0300-\u036f"
_NO_LETTER = f"(?![A-Za-zÀ-ɏḀ-ỿ{_ACCENTS}])"

# An address goes on through Latin letters; through others where a new part begins, so that text of a language without
# spaces right after it is no part of it.
_IN_URL = f"!-~À-ɏḀ-ỿ{_ACCENTS}"
_PUNCTUATION = r"\u2000-\u206f\u3000-\u3020\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65،؛؟।॥"
_URL = rf"(?:(?:https?|ftp)://|www\.)(?:[{_IN_URL}]|(?<=[/=_-])[^{_IN_URL}\x00-\x1f\x7f\s{_PUNCTUATION}]+)+"
_CODE = re.compile(rf"``[^\n]*?``|`[^`\n]*`|{_URL}")
_QUOTED = re.compile(r"“[^”]*”|„[^“”]*[“”]|«[^»]*»|「[^」]*」|『[^』]*』|‘[^’]*’|\"[^\"]*\"")
_QUOTE_OPEN = re.compile(r"[“„«「『‘\"]")
_MARKS = re.compile(r"[$\\<&{\[%\"]")
_MARKUP = re.compile(
    rf"""
      \$\$[^$]*\$\$ | (?<!\w)\$[^$\n]{{1,160}}\$ | \\\(.*?\\\) | \\\[.*?\\\]        # formulas
    | \\[A-Za-z]+\*?(?:\[[^\[\]\n]{{0,80}}\]|\{{[^{{}}\n]{{0,80}}\}})*                     # LaTeX commands
    | </?[A-Za-z!][^<>\n]*> | &[A-Za-z]{{2,8}};                                      # markup
    | \{{\{{?[\w.${_ACCENTS}-]+(?:\ [\w.${_ACCENTS}-]+){{0,2}}\}}\}}? | \[[A-Z_ ]+\] | %\(?\w+\)?s   # placeholders
    | "[A-Za-z_$][\w $.{_ACCENTS}-]{{0,40}}"(?=\s?:)                                # JSON keys
    """,
    re.VERBOSE,
)
_SPECIAL = re.compile(r"[0-9_@#/\\=(]|[.~-][A-Za-z]|[a-z][A-Z]")
_TOKEN = re.compile(f"[!-~À-ɏḀ-ỿ{_ACCENTS}]+")
_TECHNICAL = re.compile(
    rf"""(?:
      [A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+ | (?<![A-Za-z0-9])[@\#][A-Za-z0-9_]+   # addresses, handles
    | (?:[A-Za-z]:)?[\w.~{_ACCENTS}-]*(?:[/\\][\w.{_ACCENTS}-]+){{2,}}/?                          # paths
    | (?<![\w{_ACCENTS}])[~.]{{0,2}}/[A-Za-z][\w./{_ACCENTS}-]*
    | (?<![A-Za-z])[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[a-z][a-z0-9]{{1,4}}{_NO_LETTER}           # files, hosts
    | (?<![A-Za-z0-9_])[A-Za-z0-9]*_[A-Za-z0-9_]+ | (?<![A-Za-z])[A-Za-z]+_(?!\w)    # snake_case
    | (?<![A-Za-z-])[A-Za-z-]*[0-9][A-Za-z0-9-]*                                     # h264, x2, 3D
    | (?<![A-Za-z])[a-z]+[A-Z][A-Za-z0-9]*                                           # camelCase
    | (?<![A-Za-z])[A-Za-z]+\((?=[\w"'\[$)-])(?:[!-~ ]*\))?                          # calls
    | --?[A-Za-z][\w-]*(?==) | (?<![A-Za-z])[A-Za-z]+(?==[\w"'])                     # options, keywords
    | \.[a-z]{{1,5}}{_NO_LETTER}                                                     # .py
    | (?<![A-Za-z])(?:{"|".join(sorted(UNITS, key=len, reverse=True))})/[A-Za-z]{{1,3}}{_NO_LETTER}  # km/h
    | (?<=[0-9°/])(?:{"|".join(sorted(UNITS, key=len, reverse=True))}){_NO_LETTER}   # units
    )(?![{_ACCENTS}])""",
    re.VERBOSE,
)
_UNIT = re.compile(
    rf"[0-9][.,]?\ (?:{'|'.join(sorted(UNITS, key=len, reverse=True))}){_NO_LETTER}"
    rf"|[0-9]\ ?[a-z]{{1,4}}/[a-z]{{1,3}}{_NO_LETTER}"  # of speed and the like, in any language: 800 km/sa
    rf"|[0-9]['’][A-Za-zÀ-ɏḀ-ỿ{_ACCENTS}]+"  # an ending of a number: 1870'te
)
_LONGEST_EXPANSION = 80
_BOOLEAN = re.compile(r"\([!-~ ]{0,40}(?:\|\||⊕)[!-~ ⊕]{0,60}\)")  # H(opad XOR K || M)
_EXPANSION = re.compile(r"(?<!\w)([A-Za-z]{2,8})\ ?[(（]([A-Z][^()（）\n]{4,140})[)）]")
_GLOSS_CLOSE = re.compile(r"[)）］\]〕】]")


@dataclass(frozen=True, slots=True)
class Masks:
    """Regions of one segment. code: any script is excused there. latin: Latin letters are."""

    code: tuple[Region, ...]
    latin: tuple[Region, ...]


def find_masks(segment: str, allow: re.Pattern[str] | None, quotes: bool = False, glosses: bool = True) -> Masks:
    """The regions of ``segment`` that may be foreign. allow: matches the allowed terms. quotes: quoted text may be
    foreign. glosses: so may a bracket that says what an acronym stands for."""
    code = [m.span() for m in _CODE.finditer(segment)] if "`" in segment or "/" in segment or "www" in segment else []
    if allow is not None:
        code += [m.span() for m in allow.finditer(segment)]
    if quotes:
        code += [m.span() for m in _QUOTED.finditer(segment)]
    latin = [m.span() for m in _MARKUP.finditer(segment)] if _MARKS.search(segment) else []
    for token in _special_tokens(segment):
        latin += [m.span() for m in _TECHNICAL.finditer(segment, *token)]
    latin += [m.span() for m in _UNIT.finditer(segment)]
    if "||" in segment or "⊕" in segment:
        latin += [m.span() for m in _BOOLEAN.finditer(segment)]
    if glosses and ("(" in segment or "（" in segment):
        latin += [m.span(2) for m in _EXPANSION.finditer(segment) if _stands_for(m[1], m[2])]
    return Masks(tuple(code), tuple(code + latin))


def _stands_for(acronym: str, words: str) -> bool:
    """Whether an acronym is made of the first letters of the words, in order: GmbH (Gesellschaft mit beschränkter
    Haftung)."""
    if sum(map(str.isupper, acronym)) < 2 or len(words) > _LONGEST_EXPANSION:
        return False
    plain = "".join(char for char in unicodedata.normalize("NFD", words) if not unicodedata.combining(char))
    initials = iter(word[0].casefold() for word in re.findall(r"\w+", plain))
    return all(letter in initials for letter in acronym.casefold())


def _special_tokens(segment: str) -> Iterator[Region]:
    """The tokens that may be technical, in order. Most text has none: looking for what is special in them first is
    several times faster than looking at every token."""
    special = _SPECIAL.search(segment)
    while special:
        # What is special lies within one token, which begins after the last character that belongs to none.
        start = special.start()
        while start and _TOKEN.match(segment, start - 1, start):
            start -= 1
        token = _TOKEN.match(segment, start)
        if token is None:  # cannot be: it begins with a character that belongs to one
            return
        yield token.span()
        special = _SPECIAL.search(segment, token.end())


def covers(regions: tuple[Region, ...], start: int, end: int) -> bool:
    """Whether one region holds all of [start, end)."""
    return any(a <= start and end <= b for a, b in regions)


def open_code(segment: str, position: int, code: tuple[Region, ...]) -> bool:
    """Whether a back-tick before ``position`` is still unclosed: what follows may turn out to be code."""
    tick = segment.rfind("`", 0, position)
    return tick >= 0 and not any(a <= tick < b for a, b in code)


def open_quote(segment: str, position: int, code: tuple[Region, ...]) -> bool:
    """Whether a quotation mark before ``position`` is still unclosed."""
    opened = [m.start() for m in _QUOTE_OPEN.finditer(segment, 0, position)]
    return any(not any(a <= at < b for a, b in code) for at in opened)


def gloss_around(segment: str, start: int) -> tuple[int, int | None] | None:
    """The bracket around ``start``: (open, close), close None while it is unclosed within LONGEST_GLOSS characters.

    None if ``start`` lies in no bracket, or in one that is too long for a gloss.
    """
    low = max(0, start - LONGEST_GLOSS)
    opened = max(segment.rfind(mark, low, start) for mark in "(（［[〔【")
    if opened < 0 or _GLOSS_CLOSE.search(segment, opened, start):
        return None
    closed = _GLOSS_CLOSE.search(segment, start, opened + LONGEST_GLOSS + 2)
    if closed:
        return opened, closed.start()
    return (opened, None) if len(segment) < opened + LONGEST_GLOSS + 2 else None
