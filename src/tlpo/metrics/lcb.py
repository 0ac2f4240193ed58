"""Line and word pass rates of the Language Confusion Benchmark (Marchisio et al. 2024, section 3).

A response is cut at the first "\\nQ:", punctuation is dropped, and its lines of 5 words or more are judged:

- a line is wrong if fastText's top label is not the target language (below 0.3 the label counts as unknown);
- line pass rate (LPR): responses without a wrong line, over responses with a line to judge;
- word pass rate (WPR, ar hi ja ko ru zh only): of the responses without a wrong line, those without an English word;
- LCPR is their harmonic mean (see `tlpo.metrics.rows`).
"""

from __future__ import annotations

import functools
import string
from dataclasses import dataclass

from tlpo.confusion.lid import load_model
from tlpo.metrics.profile import Tally, base_code, without_surrogates
from tlpo.metrics.segmenters import chinese_words, japanese_words
from tlpo.metrics.wordlist import WordList

WPR_LANGUAGES = ("ar", "hi", "ja", "ko", "ru", "zh")
_FEWEST_WORDS = 5
_LEAST_PROBABILITY = 0.3
# ASCII punctuation and the Arabic comma go; an em dash parts words.
_NORMALISED = str.maketrans({**dict.fromkeys(string.punctuation + "،", ""), "—": " "})


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """One judged line: its normalised text, its words, and the language fastText saw ("unknown" below 0.3)."""

    text: str
    words: tuple[str, ...]
    language: str


def normalise(text: str) -> str:
    """The response up to the first "\\nQ:", stripped, without ASCII punctuation."""
    return without_surrogates(text).split("\nQ:")[0].strip().translate(_NORMALISED)


def judged_lines(text: str, language: str) -> list[LineVerdict]:
    """The lines of 5 words or more with fastText's verdicts. language: the target, which chooses the word segmenter."""
    verdicts = []
    for line in normalise(text).split("\n"):
        words = _words(line, language)
        if len(words) >= _FEWEST_WORDS:
            verdicts.append(LineVerdict(line, tuple(words), _line_language(line)))
    return verdicts


def _line_language(line: str) -> str:
    """fastText's top label (its own code), or "unknown"."""
    ((probability, label),) = load_model().predict(line + "\n", 1, 0.0, "strict")
    return label.removeprefix("__label__") if probability > _LEAST_PROBABILITY else "unknown"


@functools.lru_cache(maxsize=1)
def _labels() -> frozenset[str]:
    """The 176 languages that fastText can name."""
    everything = load_model().predict("a\n", 1000, -1.0, "strict")  # at threshold 0 it leaves out the unlikeliest
    return frozenset(label.removeprefix("__label__") for _, label in everything)


def _words(line: str, language: str) -> list[str]:
    if language == "zh":
        return chinese_words(line)
    if language == "ja":
        return japanese_words(line)
    return line.split()


class LCBProfile:
    """The `lcb` profile. A tally is (LPR, WPR), each 0 or 1 of 0 or 1."""

    name = "lcb"
    rates: tuple[str, ...] = ("lpr", "wpr")
    empty: float | None = 1.0  # as in the public script: nothing judged, nothing wrong

    def __init__(self, word_list: WordList) -> None:
        self._words = word_list.words
        self.definition = (
            f"Marchisio et al. 2024; fastText lid.176.ftz, probability above {_LEAST_PROBABILITY}, lines of "
            f"{_FEWEST_WORDS} words or more; English words: {word_list.source}"
        )

    def rates_of(self, language: str) -> tuple[str, ...]:
        """LPR for every language that fastText knows; WPR only where the script is not Latin."""
        target = base_code(language)
        if target in WPR_LANGUAGES:
            return self.rates
        return ("lpr",) if target in _labels() else ()

    def tally(self, text: str, language: str) -> Tally:
        """(lines passed, response judged), (words passed, lines passed) of one response."""
        target = base_code(language)
        lines = judged_lines(text, target)
        if not lines:
            return (0, 0), (0, 0)
        if any(line.language != target for line in lines):
            return (0, 1), (0, 0)
        return (1, 1), (0 if self._has_english_word(lines) else 1, 1)

    def _has_english_word(self, lines: list[LineVerdict]) -> bool:
        return any(word.strip() in self._words for line in lines for word in line.words)
