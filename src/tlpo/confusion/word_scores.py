"""How much each Latin word speaks for another language than the allowed ones."""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from dataclasses import dataclass

from tlpo.confusion import lid
from tlpo.confusion.frequencies import ABSENT, LATIN, latin_costs
from tlpo.confusion.latin_words import Word
from tlpo.confusion.limits import Limits
from tlpo.confusion.vocabulary import CONNECTORS
from tlpo.languages import LANGUAGES

_ENGLISH = LATIN.index("en")
_NOUNS = (LATIN.index("de"), LATIN.index("vi"))
_ELIDED_NAME = re.compile("['’ʼ][A-ZÀ-Þ]")
_MEMO = 20_000

# Languages too close to be told apart in a phrase, and a language whose words stand in another's list.
_CLOSE: dict[str, frozenset[str]] = {
    "ms": frozenset({"id"}),
    "id": frozenset({"ms"}),
    "hr": frozenset({"sr"}),
    "no": frozenset({"da"}),
    "da": frozenset({"no"}),
    "sk": frozenset({"cs"}),
    "cs": frozenset({"sk"}),
}
_LISTED_AS = {"sr": "hr"}


@dataclass(frozen=True, slots=True)
class Score:
    """One word against each other language: the gain (how much likelier there), and whether it is more than a name.

    top: the highest gain.
    """

    gains: tuple[float, ...]
    plain: tuple[bool, ...]
    top: float


class WordScorer:
    """Scores words for one set of allowed languages; ``codes`` are the others, in the order of the gains.

    ``usable`` is False if an allowed language of Latin script has no word list.
    """

    def __init__(self, allowed: frozenset[str], limits: Limits) -> None:
        listed = sorted({_LISTED_AS.get(code, code) for code in allowed} & set(LATIN))
        self.allowed = allowed
        written = {code for code in allowed if code in LANGUAGES and LANGUAGES[code].latin}
        unlisted = written - set(LATIN) - set(_LISTED_AS)
        self.usable = bool(listed) and not unlisted
        self._limits = limits
        self._own = [LATIN.index(code) for code in listed]
        other = [code for code in LATIN if code not in listed and not _CLOSE.get(code, frozenset()) & allowed]
        self.codes = tuple(other)
        self._other = [LATIN.index(code) for code in other]
        self._memo: dict[tuple[str, float], Score] = {}

    def scores(self, words: list[Word]) -> list[Score]:
        """The score of each word, its neighbours deciding whether it is part of a name."""
        found: list[Score] = []
        for i, word in enumerate(words):
            found.append(self._remembered(word.text, self._weight(words, i)))
        return found

    def _remembered(self, text: str, weight: float) -> Score:
        score = self._memo.get((text, weight))
        if score is None:
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            score = self._memo[text, weight] = self._score(text, weight)
        return score

    def costs(self, text: str) -> tuple[int, tuple[int, ...]]:
        """Cost of a word in the likeliest allowed language, and in each other language."""
        row = latin_costs(fold(text))
        return min(row[i] for i in self._own), tuple(row[j] for j in self._other)

    def _score(self, text: str, weight: float) -> Score:
        """A capitalised word that is common in German or Vietnamese and unknown in English and in the allowed languages
        is no name: names travel, German nouns and the words of a Vietnamese title do not."""
        limits, folded = self._limits, fold(text)
        row: tuple[float, ...] = latin_costs(folded)
        best = min(row[i] for i in self._own)
        if weight == limits.capital and best == ABSENT and row[_ENGLISH] == ABSENT:
            plain = tuple(j in _NOUNS and row[j] < limits.common for j in self._other)
            weights = [limits.noun if known else weight for known in plain]
            gains = tuple(w * (best - row[j]) for w, j in zip(weights, self._other, strict=True))
            return Score(gains, plain, max(gains))
        if weight == 1.0 and min(row) == ABSENT and len(folded) > 3:
            row = _guess(folded, limits.unlisted)
            best = min(row[i] for i in self._own)
        most = limits.shared if best < limits.familiar else float(ABSENT)
        gains = tuple(weight * min(best - row[j], most) for j in self._other)
        return Score(gains, (weight == 1.0,) * len(gains), max(gains))

    def _weight(self, words: list[Word], i: int) -> float:
        """A name says little about the language around it, nor does a small word inside a name (Bank of America)."""
        text = words[i].text
        if _like_a_name(text):
            return self._limits.capital
        if text in CONNECTORS and self._named(words, i, -1) and self._named(words, i, 1):
            return self._limits.connector
        return 1.0 if len(text) > 1 else 0.5

    def _named(self, words: list[Word], i: int, step: int) -> bool:
        """Whether the nearest word to that side that is no connector is a name."""
        i += step
        while 0 <= i < len(words) and words[i].text in CONNECTORS:
            i += step
        if not 0 <= i < len(words) or not _like_a_name(words[i].text):
            return False
        return not any(self._remembered(words[i].text, self._limits.capital).plain)


def fold(text: str) -> str:
    """A word as the lists spell it."""
    return unicodedata.normalize("NFC", text).replace("İ", "i").replace("’", "'").replace("ʼ", "'").lower()


@functools.lru_cache(maxsize=4096)
def _guess(folded: str, scale: float) -> tuple[float, ...]:
    """Costs of a word that no list holds, from its letters."""
    found = dict(lid.predict(folded, 20))
    return tuple(-scale * math.log10(max(found.get(code, 0.0), 0.002)) for code in LATIN)


def _like_a_name(text: str) -> bool:
    """Begins with a capital, an article or preposition elided before it aside."""
    return text[0].isupper() or (("'" in text or "’" in text) and _ELIDED_NAME.search(text) is not None)
