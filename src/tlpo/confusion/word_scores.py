"""How much each Latin word speaks for another language than the allowed ones."""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass

from tlpo.confusion import lid
from tlpo.confusion.frequencies import ABSENT, LATIN, latin_costs
from tlpo.confusion.latin_words import Word
from tlpo.confusion.limits import Limits
from tlpo.confusion.vocabulary import CONNECTORS
from tlpo.languages import LANGUAGES

_ENGLISH = LATIN.index("en")
_NOUNS = (LATIN.index("de"), LATIN.index("vi"))
_TURKISH = LATIN.index("tr")
_ELIDED_NAME = re.compile("['’ʼ][A-ZÀ-Þ]")
# A Turkish case ending, which an apostrophe parts from a name: Trump'ın, Meksika'dan.
_SUFFIXED_NAME = re.compile(
    r"[A-ZÀ-ÞĞİŞ]\w{2,}['’ʼ](?:n?[ıiuü]n|nd[ae]n?|[dt][ae]n?(?:ki)?|y[ıiuüae]|y?l[ae]|n[ae]|n[ıiuü]|l[ae]r\w*)"
)
_AFTER_VAN = ("der", "den")
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


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """One word against each other language: the gain (how much likelier there), whether it is more than a name, and
    whether it counts as a word in small letters.

    top: the highest gain. told: the highest gain of a language in which it is more than a name, at least 0.
    """

    gains: tuple[float, ...]
    plain: tuple[bool, ...]
    small: tuple[bool, ...]
    top: float
    told: float

    @classmethod
    def of(cls, gains: tuple[float, ...], plain: tuple[bool, ...], small: tuple[bool, ...]) -> Score:
        """The score with its sums."""
        told = max((gain for gain, known in zip(gains, plain, strict=True) if known), default=0.0)
        return cls(gains, plain, small, max(gains), max(told, 0.0))


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
        self._alone: dict[str, Score] = {}  # of words that score the same whatever stands beside them

    def scores(self, words: list[Word]) -> list[Score]:
        """The score of each word, its neighbours deciding whether it is part of a name."""
        remembered = self._alone.get
        found = [remembered(word.text) for word in words]
        return [self._beside_others(words, i) if score is None else score for i, score in enumerate(found)]

    def _beside_others(self, words: list[Word], i: int) -> Score:
        text = words[i].text
        score = self._remembered(text, self._weight(words, i))
        if text not in CONNECTORS:
            if len(self._alone) >= _MEMO:
                self._alone.clear()
            self._alone[text] = score
        return score

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
        limits, folded = self._limits, fold(text)
        row: tuple[float, ...] = latin_costs(folded)
        best = min(row[i] for i in self._own)
        if weight == limits.capital and (best == ABSENT or _turkish_name(text)):
            return self._score_capitalised(text, row)
        if weight == 1.0 and min(row) == ABSENT and len(folded) > 3:
            row = _guess(folded, limits.unlisted)
            best = min(row[i] for i in self._own)
        most = limits.shared + max(0.0, best - limits.native) if best < limits.familiar else float(ABSENT)
        gains = tuple(weight * min(best - row[j], most) for j in self._other)
        same = len(gains)
        return Score.of(gains, (weight == 1.0,) * same, (text[0].islower(),) * same)

    def _score_capitalised(self, text: str, row: tuple[float, ...]) -> Score:
        """A capitalised word that no allowed language knows: a name, unless it is common in German or Vietnamese and
        unknown in English (names travel, German nouns and the words of a Vietnamese title do not), or so common in a
        language that it begins its sentences. A name with a Turkish case ending is Turkish, known or not."""
        limits, best = self._limits, min(row[i] for i in self._own)
        nouns = _NOUNS if row[_ENGLISH] == best == ABSENT else ()
        turkish = _turkish_name(text)
        gains, plain, small = [], [], []
        for j in self._other:
            suffixed = turkish and j == _TURKISH
            everyday = suffixed or (best == ABSENT and j != _ENGLISH and row[j] < limits.everyday)
            noun = j in nouns and row[j] < limits.common
            weight = 1.0 if everyday else limits.noun if noun else limits.capital
            gains.append(max(weight * (best - row[j]), limits.suffixed if suffixed else -ABSENT))
            plain.append(everyday or noun)
            small.append(everyday)
        return Score.of(tuple(gains), tuple(plain), tuple(small))

    def _weight(self, words: list[Word], i: int) -> float:
        """A name says little about the language around it, nor does a small word inside a name (Bank of America)."""
        text = words[i].text
        if text not in CONNECTORS:
            if _like_a_name(text):
                return self._limits.capital
        elif i and ((self._named(words, i, -1) and self._named(words, i, 1)) or _in_dutch_name(words, i)):
            return self._limits.connector
        return 1.0 if len(text) > 1 or not text.isascii() else 0.5

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
    return text.replace("İ", "i").replace("’", "'").replace("ʼ", "'").lower()


@functools.lru_cache(maxsize=4096)
def _guess(folded: str, scale: float) -> tuple[float, ...]:
    """Costs of a word that no list holds, from its letters."""
    found = dict(lid.predict(folded, 20))
    return tuple(-scale * math.log10(max(found.get(code, 0.0), 0.002)) for code in LATIN)


def _in_dutch_name(words: list[Word], i: int) -> bool:
    """Whether the word belongs to the "van der" of a name: running Dutch and German have no such two words."""
    start = i - 1 if i and words[i - 1].text == "van" else i
    if start < 1 or start + 2 >= len(words) or words[start].text != "van":
        return False
    return words[start + 1].text in _AFTER_VAN and words[start - 1].name_like and words[start + 2].name_like


def _turkish_name(text: str) -> bool:
    """Whether a Turkish case ending follows an apostrophe."""
    return not text.isalpha() and _SUFFIXED_NAME.fullmatch(text) is not None


def _like_a_name(text: str) -> bool:
    """Begins with a capital, an article or preposition elided before it aside."""
    return text[0].isupper() or (("'" in text or "’" in text) and _ELIDED_NAME.search(text) is not None)
