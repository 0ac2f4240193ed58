"""Rule ``script``: letters of a script the language is not written in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from tlpo.confusion.masking import LONGEST_GLOSS, Masks, covers, gloss_around, open_code, open_quote
from tlpo.confusion.options import Options, Patterns
from tlpo.confusion.scripts import script_of

# Letters in a row that are still a symbol: α, Δx, ωt; a word of Greek has more.
_GREEK_SYMBOL = 2
# Letters of the longest run that is a gloss by itself.
_HEAD = 12
_OPENS, _COMMAS = tuple("(（［["), tuple(",，、;；:：·")
_JOINED = re.compile(r"[\s\d.,·・ー、,:'’-]{0,3}\Z")


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one wrong script: [start, end) of the segment. pending: the text after it may still excuse it."""

    start: int
    end: int
    pending: bool


def script_runs(segment: str, masks: Masks, options: Options, pattern: Patterns, ending: str) -> list[Run]:
    """The wrong-script runs of a segment that are not excused, in order. ending: see
    :data:`tlpo.confusion.engine.Ending`.

    A run in an unclosed bracket or back-tick is pending even at the end of a finished text, so that what is found in a
    prefix stays found in every continuation.
    """
    runs: list[Run] = []
    for match in pattern.foreign.finditer(segment):
        start, end = match.span()
        state = _excused(segment, start, end, masks, options, pattern)
        if state is not True:
            runs.append(Run(start, end, state is None and ending != "closed"))
    return runs


def merge_runs(segment: str, runs: list[Run]) -> list[Run]:
    """Runs of one script with nothing but a little space or punctuation between them made one."""
    merged: list[Run] = []
    for run in runs:
        last = merged[-1] if merged else None
        if last and last.pending == run.pending and _joined(segment, last, run):
            merged[-1] = Run(last.start, run.end, run.pending)
        else:
            merged.append(run)
    return merged


def _excused(segment: str, start: int, end: int, masks: Masks, options: Options, pattern: Patterns) -> bool | None:
    """True if the run is excused, False if it is not, None if the text after it decides."""
    if masks.code and covers(masks.code, start, end):
        return True
    if script_of(segment[start]) == "Grek" and end - start <= _GREEK_SYMBOL:
        return True
    if open_code(segment, start, masks.code):
        return None
    if options.quotes and open_quote(segment, start, masks.code):
        return None
    if options.glosses:
        return _heads_gloss(segment, start, end, pattern) or _gloss(segment, start, pattern)
    return False


def _heads_gloss(segment: str, start: int, end: int, pattern: Patterns) -> bool:
    """Whether a short run opens a bracket after a word of the target and a comma ends it, whatever else the bracket
    says: 공자(孔子, 기원전 551년 ~ 기원전 479년)."""
    if not start or segment[start - 1] not in _OPENS or segment[end : end + 1] not in _COMMAS:
        return False
    if end - start > _HEAD:
        return False
    before = _before(segment, start - 1)
    return bool(before and pattern.target.match(before))


def _gloss(segment: str, start: int, pattern: Patterns) -> bool | None:
    """A short bracket in one script after a word of the target explains it; one of symbols is a face: (´・ω・`)."""
    around = gloss_around(segment, start)
    if around is None:
        return False
    opened, closed = around
    before = _before(segment, opened)
    inside = segment[opened + 1 : closed if closed is not None else len(segment)]
    letters = sum(char.isalpha() for char in inside)
    explains = bool(before and (pattern.target.match(before) or before in "\"'”’»」』》`*"))
    drawn = len(inside) >= 3 * letters or before == "_"
    face = letters <= 2 and drawn and not any(char.isalnum() and char.isascii() for char in inside)
    script = script_of(segment[start])
    mixed = any(
        char.isalpha() and script_of(char) not in (script, "Zyyy") and script_of(char) != "Hani" for char in inside
    )
    if closed is not None:
        return (explains and not mixed) or face
    explains = explains and not mixed
    return None if explains or (len(inside) <= LONGEST_GLOSS and letters <= 2) else False


def _before(segment: str, opened: int) -> str:
    """The last character before a bracket, spaces and combining marks aside; "" at the start."""
    for char in reversed(segment[max(0, opened - 6) : opened]):
        if not char.isspace() and unicodedata.category(char)[0] != "M":
            return char
    return ""


def _joined(segment: str, first: Run, second: Run) -> bool:
    between = segment[first.end : second.start]
    return bool(_JOINED.match(between)) and script_of(segment[first.start]) == script_of(segment[second.start])
