"""Rule ``language`` for languages that share a script other than Latin and write spaces between words.

Each word is scored: letters that the target's alphabet lacks, how common the word is in the target and in its sisters,
and, for words that no list holds, fastText's guess. The stretch with the highest sum is a phrase if fastText agrees.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata

from tlpo.confusion import lid
from tlpo.confusion.alphabets import ALPHABETS, FAMILIES, SMALL_WORDS, Family
from tlpo.confusion.frequencies import ABSENT, word_costs
from tlpo.confusion.han_rule import HanRule
from tlpo.confusion.options import Options
from tlpo.confusion.phrases import Phrase
from tlpo.confusion.scripts import letters_expression, letters_of, rare_class

_COMMONEST = 250
_EXTEND = 12.0
_SENTENCE = re.compile(r"[.!?।؟…]\s")
_PUNCTUATION = re.compile('[.,!?:;()"«»।،؟…]')
_SURE, _LIKELY, _STRANGE, _BONUS, _PRICE, _UNLISTED = 260.0, 150.0, 120.0, 110.0, 10.0, 50.0
_STRICT = 120.0


class SisterRule:
    """Tells the target of ``options`` from the other languages of its script."""

    def __init__(self, options: Options, family: Family) -> None:
        codes = options.codes
        self._own = tuple(code for code in family.all if code in codes)
        self._other = tuple(code for code in family.all if code not in codes)
        self._listed = tuple(code for code in family.listed)
        self._sure = _STRICT if options.strictness == "strict" else _SURE
        self._least = 1 if options.strictness == "strict" else 2
        alphabet = "".join(ALPHABETS.get(code, "") for code in self._own)
        known = all(code in ALPHABETS for code in self._own)
        letters = letters_of((family.script,))
        keep = re.escape(alphabet + alphabet.upper())
        strange = f"[{letters_expression((family.script,))}--[{keep}]]"
        self._strange = re.compile(rare_class(strange) if known else "ळ")
        self._word = re.compile(
            rf"[{letters}][{letters}\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f'’ʼ\u200c\u200d-]*"
        )

    @functools.cached_property
    def _cues(self) -> frozenset[str]:
        """Commonest words of the sisters that the target does not have."""
        cues: set[str] = set()
        for code in self._other:
            cues |= SMALL_WORDS.get(code, frozenset())
            if code in self._listed:
                cues |= set(list(word_costs(code))[:_COMMONEST])
        for code in self._own:
            cues -= SMALL_WORDS.get(code, frozenset())
            if code in self._listed:
                cues -= word_costs(code).keys()
        return frozenset(cue for cue in cues if not cue.isascii() and (len(cue) > 1 or cue in "єіїў"))

    def suspicious(self, text: str) -> bool:
        """Whether a letter or a small word of a sister occurs."""
        text = _plain(text)
        return self._strange.search(text) is not None or not self._cues.isdisjoint(
            _PUNCTUATION.sub(" ", text).lower().split()
        )

    def phrases(self, segment: str, piece: tuple[int, int]) -> list[Phrase]:
        """The phrases of a sister language in ``piece`` of the segment, in order."""
        if not self.suspicious(segment[slice(*piece)]):
            return []
        out: list[Phrase] = []
        start, end = piece
        for stop in [*(m.end() for m in _SENTENCE.finditer(segment, start, end)), end]:
            words = list(self._word.finditer(segment, start, stop))
            gains = [self._gain(match.group()) for match in words]
            self._search(words, gains, 0, len(words), out)
            start = stop
        return out

    def _search(self, words: list[re.Match[str]], gains: list[float], low: int, high: int, out: list[Phrase]) -> None:
        score, start, end = _best(gains, low, high)
        if score < min(_LIKELY, self._sure):
            return
        while start > low and gains[start - 1] > _EXTEND:
            start -= 1
        while end < high and gains[end] > 0:
            end += 1
        if end - start < self._least and score < 2 * self._sure:
            return
        odds, language = self._odds([match.group() for match in words[start:end]])
        if score + _BONUS * odds < self._sure:
            return
        self._search(words, gains, low, start, out)
        out.append(Phrase(words[start].start(), words[end - 1].end(), language, 0.9))
        self._search(words, gains, end, high, out)

    def _gain(self, text: str) -> float:
        word = _plain(text).lower().replace("’", "'")
        return _gain(word, self._own, self._other, self._listed, self._strange) * (0.4 if text[0].isupper() else 1.0)

    def _odds(self, words: list[str]) -> tuple[float, str | None]:
        ranked = dict(lid.predict(_plain(" ".join(words)).lower(), 10))
        own = min(max(sum(ranked.get(code, 0.0) for code in self._own), 0.001), 0.999)
        best = max(self._other, key=lambda code: ranked.get(code, 0.0))
        return math.log10((1 - own) / own), best


def _plain(text: str) -> str:
    """The text with ligatures and presentation forms written out: ﷺ, ﻻ."""
    return unicodedata.normalize("NFKC", text)


@functools.lru_cache(maxsize=8192)
def _gain(
    word: str, own: tuple[str, ...], other: tuple[str, ...], listed: tuple[str, ...], strange: re.Pattern[str]
) -> float:
    """How much the word speaks for a sister language."""
    gain = _STRANGE if strange.search(word) else 0.0
    ours = min((word_costs(code).get(word, ABSENT) for code in own if code in listed), default=None)
    theirs = min((word_costs(code).get(word, ABSENT) for code in other if code in listed), default=ABSENT)
    small = any(word in SMALL_WORDS.get(code, ()) for code in other)
    mine = any(word in SMALL_WORDS.get(code, ()) for code in own)
    if small or mine:
        return gain + 150.0 * (small - mine)
    if ours is not None and min(ours, theirs) < ABSENT:
        return gain + ours - theirs
    if len(word) < 2:
        return gain
    ranked = dict(lid.predict(word, 20))
    p_own = max(sum(ranked.get(code, 0.0) for code in own), 0.02)
    p_other = max(max(ranked.get(code, 0.0) for code in other), 0.02)
    return gain + _UNLISTED * math.log10(p_other / p_own)


def _best(gains: list[float], low: int, high: int) -> tuple[float, int, int]:
    best, best_start, best_end = 0.0, low, low
    total, start = 0.0, low
    for i in range(low, high):
        total += gains[i] - _PRICE
        if total <= 0:
            total, start = 0.0, i + 1
        elif total > best:
            best, best_start, best_end = total, start, i + 1
    return best, best_start, best_end


def sister_rule(options: Options) -> SisterRule | HanRule | None:
    """The rule for the target, None if nothing shares its script."""
    if "ja" in options.codes and "zh" not in options.codes:
        return HanRule()
    for family in FAMILIES:
        if family.script in options.scripts and any(code not in options.codes for code in family.all):
            return SisterRule(options, family)
    return None
