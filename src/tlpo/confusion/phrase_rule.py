"""Rule ``language`` for Latin words: phrases of another language, by how common each word is in each language.

For each other language L a word gains cost(target) - cost(L), costs being negative log frequencies. The stretch of
words with the highest sum is a phrase of L if it is long and high enough, fastText's odds counting as well.
"""

from __future__ import annotations

import functools
import math
from itertools import accumulate
from operator import sub

from tlpo.confusion import lid
from tlpo.confusion.frequencies import ABSENT
from tlpo.confusion.latin_words import Word
from tlpo.confusion.limits import Limits
from tlpo.confusion.phrases import Phrase
from tlpo.confusion.vocabulary import EXPRESSIONS
from tlpo.confusion.word_scores import Score, WordScorer, fold


class PhraseRule:
    """Finds phrases that are in none of the ``allowed`` languages."""

    def __init__(self, allowed: frozenset[str], limits: Limits) -> None:
        self._limits = limits
        self._scorer = WordScorer(allowed, limits)

    def phrases(self, words: list[Word]) -> list[Phrase]:
        """The phrases among ``words``, in order. Masked words are passed over."""
        words = [word for word in words if not word.masked]
        if len(words) < self._limits.words:
            return []
        if not self._scorer.usable:
            return self._by_fasttext(words)
        found = self._found(words)
        if found and (said := _expressions(words)):
            found = self._found([word for i, word in enumerate(words) if i not in said])
        return found

    def _found(self, words: list[Word]) -> list[Phrase]:
        found: list[Phrase] = []
        self._search(words, self._scorer.scores(words), (0, len(words)), found)
        return found

    def _search(self, words: list[Word], scores: list[Score], piece: tuple[int, int], out: list[Phrase]) -> None:
        """Find the best stretch of a piece in any language, then look on both sides of it."""
        low, high = piece
        if not self._possible(scores[low:high]):
            return
        score, start, end, k = max((*_best_stretch(scores, k, low, high), k) for k in _promising(scores, low, high))
        if score < self._limits.likely:
            return
        while start > low and scores[start - 1].gains[k] >= 0:
            start -= 1
        while end < high and scores[end].gains[k] >= 0:
            end += 1
        if not self._is_phrase(words, scores, (start, end), k, score):
            return
        self._search(words, scores, (low, start), out)
        out.append(Phrase(words[start].start, words[end - 1].end, self._scorer.codes[k], 0.9))
        self._search(words, scores, (end, high), out)

    def _possible(self, scores: list[Score]) -> bool:
        """Whether the words may hold a phrase: false for most clean text, at the price of a few sums."""
        limits = self._limits
        if len(scores) < limits.words or sum([score.told for score in scores]) < limits.lower:
            return False
        return _highest_sum(scores) >= limits.likely

    def _is_phrase(self, words: list[Word], scores: list[Score], piece: tuple[int, int], k: int, score: float) -> bool:
        limits, (start, end) = self._limits, piece
        if end - start < (limits.english if self._scorer.codes[k] == "en" else limits.words):
            return False
        more = end - start - limits.words
        short = limits.short[more] if more < len(limits.short) else None
        counted = [i for i in range(start, end) if scores[i].plain[k] and scores[i].gains[k] > 0]
        small = [i for i in counted if scores[i].small[k]]
        told = sum(scores[i].gains[k] for i in counted)
        needed = 1 if short is None or self._begins(words, small, told, end - start) else limits.small
        if len(small) < needed or told < limits.lower:
            return False
        if len(counted) == 1 and words[counted[0]].name_like and score - told < limits.others:
            return False
        if end - start <= limits.few and not any(self._strange(words[i]) for i in counted):
            return False
        own = sum([min(scores[i].gains[k], 0.0) for i in range(start, end) if not words[i].name_like])
        odds = _fasttext_odds(words[start:end], self._scorer.allowed)
        return score + (limits.against - 1.0) * own - (short or 0.0) + limits.bonus * odds >= limits.sure

    def _strange(self, word: Word) -> bool:
        """Whether no allowed language uses the word often."""
        return self._scorer.costs(word.text)[0] >= self._limits.familiar

    def _begins(self, words: list[Word], small: list[int], told: float, size: int) -> bool:
        """Whether the only small word of a phrase follows no name, so that it is no part of one, and tells much."""
        if size < 3 or len(small) != 1 or told < self._limits.begins:
            return False
        return small[0] == 0 or not words[small[0] - 1].name_like

    def _by_fasttext(self, words: list[Word]) -> list[Phrase]:
        """For a target without a word list: the piece as a whole, as fastText sees it."""
        ranked = lid.predict(" ".join(word.text for word in words), 10)
        own = sum(probability for code, probability in ranked if code in self._scorer.allowed)
        if len(words) < 4 or not ranked or ranked[0][0] in self._scorer.allowed or ranked[0][1] < 0.8 or own > 0.05:
            return []
        return [Phrase(words[0].start, words[-1].end, ranked[0][0], ranked[0][1])]

    def speaks_for_target(self, words: list[Word]) -> bool:
        """Whether the words hold enough to tell that they are in an allowed language."""
        if not self._scorer.usable:
            return len(words) >= 4
        rows = [self._scorer.costs(word.text) for word in words[:40] if word.lower or len(words) > 3]
        margin = sum(min(other) - own for own, other in rows if min(own, *other) < ABSENT)
        known = sum(own < ABSENT for own, _ in rows)
        return known >= 3 or (known >= 1 and margin > 0)

    def plainly_target(self, words: list[Word]) -> bool:
        """Whether so many words are likelier in an allowed language that nothing else needs a look."""
        if not words or not self._scorer.usable:
            return False
        scores = self._scorer.scores(words)
        ours = sum([score.top <= 0 and score.plain[0] for score in scores])
        theirs = sum([score.top >= self._limits.shared for score in scores])
        return ours >= max(2, 0.25 * len(words)) and ours > theirs

    def speaks_for(self, words: list[Word], code: str) -> bool:
        """Whether all words together, names included, are likelier in ``code`` than in the allowed languages."""
        if not self._scorer.usable or code not in self._scorer.codes:
            return False
        k = self._scorer.codes.index(code)
        rows = [self._scorer.costs(word.text) for word in words]
        gains = [own - other[k] for own, other in rows]
        return sum(gains) >= 60 * max(4, len(words) / 2) and sum(gain > 20 for gain in gains) >= 0.5 * len(gains)


def _expressions(words: list[Word]) -> set[int]:
    """Which of the words belong to an expression of every language, such as "ad hoc"."""
    folded = [fold(word.text) for word in words]
    said: set[int] = set()
    for i in range(len(folded)):
        for size in (2, 3, 4):
            if tuple(folded[i : i + size]) in EXPRESSIONS:
                said.update(range(i, i + size))
    return said


def _highest_sum(scores: list[Score]) -> float:
    """No language's stretch can score more than this."""
    best = total = 0.0
    for score in scores:
        total += score.top
        if total <= 0:
            total = 0.0
        elif total > best:
            best = total
    return best


def _promising(scores: list[Score], low: int, high: int) -> list[int]:
    """The languages whose best stretch of [low, high) may be the best of all, by differences of running sums."""
    highest = []
    for column in zip(*[score.gains for score in scores[low:high]], strict=True):
        sums = list(accumulate(column, initial=0.0))
        highest.append(max(map(sub, sums, accumulate(sums, min))))
    least = max(highest) - 1e-6  # running sums round differently
    return [k for k, value in enumerate(highest) if value >= least]


def _best_stretch(scores: list[Score], k: int, low: int, high: int) -> tuple[float, int, int]:
    """(sum, start, end) of the stretch of [low, high) with the highest sum of gains for language ``k``."""
    best, best_start, best_end = 0.0, low, low
    total, start = 0.0, low
    for i in range(low, high):
        total += scores[i].gains[k]
        if total <= 0:
            total, start = 0.0, i + 1
        elif total > best:
            best, best_start, best_end = total, start, i + 1
    return best, best_start, best_end


def _fasttext_odds(words: list[Word], allowed: frozenset[str]) -> float:
    """log10 of fastText's odds that the words are in none of the allowed languages, within -3 and 3."""
    ranked = lid.predict(" ".join(word.text for word in words).lower(), 10)
    own = min(max(sum(p for code, p in ranked if code in allowed), 0.001), 0.999)
    return math.log10((1 - own) / own)


@functools.lru_cache(maxsize=128)
def phrase_rule(allowed: frozenset[str], limits: Limits) -> PhraseRule:
    """The rule for a set of allowed languages, shared within a process."""
    return PhraseRule(allowed, limits)
