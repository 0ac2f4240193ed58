"""Response, line and word pass rates of the TLPO paper (Choo et al. 2026), and its confusion point.

Text is cleaned (`reference_text`) and split into words, each of which passes, fails or does not count
(`reference_words`). A line of 5 counted words or more passes if at least half of them pass; a response fails if any
line or word fails, and is not counted if nothing in it counts. The counts agree with the reference implementation;
the confusion point is the place of the first failing word itself, where the reference searches the response for the
word and may find an earlier, innocent occurrence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tlpo.errors import UserError, did_you_mean
from tlpo.metrics.profile import Tally, base_code, without_surrogates
from tlpo.metrics.reference_text import Aligned, cleaned_lines
from tlpo.metrics.reference_words import LANGUAGES, Outcomes, first_wrong_letter, outcomes, split_words

English = Literal["neutral", "confusion"]
_FEWEST_WORDS = 5


@dataclass(frozen=True, slots=True)
class FailedWord:
    """A word that fails: the word as cleaned, the offset in the response of its start, and of its wrong letter."""

    word: str
    start: int
    offset: int


@dataclass(frozen=True, slots=True)
class ResponseCounts:
    """What passed and failed in one response, and the first failing word."""

    lines_passed: int
    lines_failed: int
    words_passed: int
    words_failed: int
    first_failed: FailedWord | None

    @property
    def counted(self) -> bool:
        """Whether anything in the response counted."""
        return self.lines_passed + self.lines_failed + self.words_passed + self.words_failed > 0

    @property
    def passed(self) -> bool:
        """Whether the response counted and nothing in it failed."""
        return self.counted and self.lines_failed + self.words_failed == 0

    @property
    def confusion_point(self) -> int | None:
        """Character offset of the first wrong letter (languages in Latin script: of the first wrong word), or None."""
        return self.first_failed.offset if self.first_failed else None


def check_response(text: str, language: str, english: English = "neutral") -> ResponseCounts:
    """Judge one response as the TLPO paper does.

    language: one of the 13 codes ko zh ja ar ru hi en es de fr id it pt. english: whether English words in another
    language count for nothing ("neutral") or fail ("confusion").

    Raises:
        UserError: the definition does not cover the language.
    """
    if language not in LANGUAGES:
        hint = did_you_mean(language, LANGUAGES)
        raise UserError(f"the TLPO paper's definition has no language '{language}'{hint}; it has {' '.join(LANGUAGES)}")
    setting = 0 if english == "confusion" else 1
    lines_passed = lines_failed = words_passed = words_failed = 0
    first: FailedWord | None = None
    for line in cleaned_lines(without_surrogates(text)):
        words = list(_judged_words(line, language))
        results = [outcome[setting] for _, _, outcome in words]
        passed, failed = results.count(1), results.count(-1)
        words_passed, words_failed = words_passed + passed, words_failed + failed
        # Whether a line is long enough is decided with English as confusion, in either setting.
        if passed + failed and sum(1 for _, _, outcome in words if outcome[0]) >= _FEWEST_WORDS:
            lines_passed, lines_failed = lines_passed + (passed >= failed), lines_failed + (passed < failed)
        if failed and first is None:
            word, place, _ = words[results.index(-1)]
            wrong = place + first_wrong_letter(word, language, english_is_wrong=english == "confusion")
            first = FailedWord(word, line.origin[place], line.origin[wrong])
    return ResponseCounts(lines_passed, lines_failed, words_passed, words_failed, first)


def _judged_words(line: Aligned, language: str) -> Iterator[tuple[str, int, Outcomes]]:
    return ((word, place, outcomes(word, language)) for word, place in split_words(line, language))


class TLPOProfile:
    """The `tlpo` profile. A tally is (RPR of 0 or 1 responses, LPR of the lines, WPR of the words)."""

    name = "tlpo"
    rates: tuple[str, ...] = ("rpr", "lpr", "wpr")
    empty: float | None = None

    def __init__(self, english: English = "neutral") -> None:
        self._english: English = english
        self.definition = f"Choo et al. 2026; English is {english}; lines of {_FEWEST_WORDS} counted words or more"

    def rates_of(self, language: str) -> tuple[str, ...]:
        """All three rates for the 13 languages of the definition, none for others."""
        return self.rates if base_code(language) in LANGUAGES else ()

    def tally(self, text: str, language: str) -> Tally:
        """(passed, counted) of the response, its lines and its words."""
        counts = check_response(text, base_code(language), self._english)
        return (
            (int(counts.passed), int(counts.counted)),
            (counts.lines_passed, counts.lines_passed + counts.lines_failed),
            (counts.words_passed, counts.words_passed + counts.words_failed),
        )
