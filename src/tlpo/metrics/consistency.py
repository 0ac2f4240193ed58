"""The `default` profile: the pass rates that this package's own detector gives.

- Response pass rate (RPR): clean responses over clean and confused ones. A response too short to tell is undecided
  and left out; the rate `undecided` says how many were.
- Line pass rate (LPR): lines that no confusion span touches, over lines with a letter.
- Word pass rate (WPR): words that no confusion span touches, over words with a letter. Where a language writes no
  spaces (zh ja th lo km my) each letter counts in place of a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import regex

from tlpo.confusion import ConfusionDetector, Detection, Span
from tlpo.errors import UserError
from tlpo.languages import get_language
from tlpo.metrics.passrates import English
from tlpo.metrics.profile import Tally

_LINE = regex.compile(r"[^\n]*\p{L}[^\n]*")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}'’]*\p{L}[\p{L}\p{M}\p{N}'’]*")
_LETTER = regex.compile(r"\p{L}\p{M}*")


def unit_pattern(language: str) -> regex.Pattern[str]:
    """What counts as a word in the language: a word, or a single letter where no spaces are written."""
    return _WORD if get_language(language).segmentation == "space" else _LETTER


def touched(pattern: regex.Pattern[str], text: str, spans: Sequence[Span]) -> tuple[int, int]:
    """(pieces of the text that match the pattern and that no span touches, pieces in all). Spans are in order."""
    if pattern is _LETTER:  # counted, which is several times faster than matching
        total = _letters(text)
        return total - sum(_letters(span.text) for span in spans), total
    if not spans:
        total = len(pattern.findall(text))
        return total, total
    passed = total = place = 0
    for match in pattern.finditer(text):
        total += 1
        while place < len(spans) and spans[place].end <= match.start():
            place += 1
        passed += place == len(spans) or spans[place].start >= match.end()
    return passed, total


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def word_counts(text: str, language: str, detection: Detection) -> tuple[int, int]:
    """(words that no span of the detection touches, words)."""
    return touched(unit_pattern(language), text, detection.spans)


@lru_cache(maxsize=256)
def _detector(language: str, english: English) -> ConfusionDetector:
    return ConfusionDetector(language, english=english)


class ConsistencyProfile:
    """The `default` profile. A tally is (RPR, LPR, WPR, undecided)."""

    name = "default"
    rates: tuple[str, ...] = ("rpr", "lpr", "wpr", "undecided")
    empty: float | None = None

    def __init__(self, english: English = "neutral") -> None:
        self._english: English = english
        self.definition = f"tlpo's own detector; English is {english}"

    def rates_of(self, language: str) -> tuple[str, ...]:
        """All rates, for every language in the table of languages."""
        try:
            get_language(language)
        except UserError:
            return ()
        return self.rates

    def tally(self, text: str, language: str) -> Tally:
        """(passed, judged) of the response, its lines and words; (undecided, 1)."""
        detection = _detector(language, self._english).check(text)
        decided = detection.verdict != "undecided"
        words = word_counts(text, language, detection)
        lines = touched(_LINE, text, detection.spans)
        return (int(detection.verdict == "clean"), int(decided)), lines, words, (int(not decided), 1)
