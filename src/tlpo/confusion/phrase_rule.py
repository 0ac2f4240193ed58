"""Rule ``language`` for Latin words: phrases of another language, by how common each word is in each language.

For each other language L the words score cost(target) - cost(L), costs being negative log frequencies; the stretch with
the highest sum is a phrase of L if it is long and high enough. Names say little: a capitalised word counts for less.
"""

from __future__ import annotations

import functools
import math
import unicodedata
from dataclasses import dataclass

from tlpo.confusion import lid
from tlpo.confusion.frequencies import ABSENT, LATIN, latin_costs
from tlpo.confusion.latin_words import Word
from tlpo.confusion.options import Options
from tlpo.confusion.phrases import Phrase
from tlpo.confusion.vocabulary import CONNECTORS

# Languages too close to be told apart in a phrase.
CLOSE = {"ms": {"id"}, "id": {"ms"}, "hr": {"sl"}, "no": {"da"}, "da": {"no"}, "sk": {"cs"}, "cs": {"sk"}, "ca": set()}


@dataclass(frozen=True)
class Limits:
    """When a stretch is a phrase. Scores are in hundredths of a decade of probability.

    words: at least so many.
    """

    words: int = 3
    sure: float = 300.0
    likely: float = 100.0
    price: float = 20.0
    capital: float = 0.4
    unlisted: float = 50.0
    connector: float = 0.1
    bonus: float = 100.0
    lower: float = 120.0
    short: float = 150.0


DEFAULT = Limits()
STRICT = Limits(words=1, sure=250.0, short=0.0)


def fold(text: str) -> str:
    """A word as the lists spell it."""
    return unicodedata.normalize("NFC", text).replace("İ", "i").replace("’", "'").replace("ʼ", "'").lower()


def foreign_phrases(words: list[Word], options: Options, limits: Limits | None = None) -> list[Phrase]:
    """The phrases among ``words`` that are in no allowed language, in order."""
    limits = limits or (STRICT if options.strictness == "strict" else DEFAULT)
    plain = [word for word in words if not word.masked]
    if len(plain) < limits.words:
        return []
    allowed = {*options.codes, *(("en",) if options.english == "neutral" else ())}
    own = [LATIN.index(code) for code in allowed if code in LATIN]
    other = [i for i, code in enumerate(LATIN) if code not in allowed and not CLOSE.get(code, set()) & allowed]
    rows = [_gains(word, _weight(plain, i, limits), own, other, limits) for i, word in enumerate(plain)]
    phrases: list[Phrase] = []
    _search(plain, rows, [LATIN[j] for j in other], limits, (0, len(plain)), phrases, allowed)
    return phrases


def _gains(word: Word, weight: float, own: list[int], other: list[int], limits: Limits) -> list[float]:
    """How much likelier the word is in each other language than in the likeliest allowed one."""
    folded = fold(word.text)
    row = latin_costs(folded)
    if weight == 1.0 and min(row) == ABSENT and len(folded) > 3:
        row = _guess(folded, limits.unlisted)
    best = min(row[i] for i in own)
    return [weight * (best - row[j]) for j in other]


@functools.lru_cache(maxsize=4096)
def _guess(folded: str, scale: float) -> tuple[float, ...]:
    """Costs of a word that no list holds, from its letters."""
    found = dict(lid.predict(folded, 20))
    return tuple(-scale * math.log10(max(found.get(code, 0.0), 0.002)) for code in LATIN)


def _weight(words: list[Word], i: int, limits: Limits) -> float:
    """A name says little about the language around it, nor does a small word inside a name (Bank of America)."""
    word = words[i]
    if word.text[0].isupper():
        return limits.capital
    if word.text in CONNECTORS and _named(words, i, -1) and _named(words, i, 1):
        return limits.connector
    return 1.0 if len(word.text) > 1 else 0.5


def _named(words: list[Word], i: int, step: int) -> bool:
    """Whether the nearest word to that side that is no connector is capitalised."""
    i += step
    while 0 <= i < len(words) and words[i].text in CONNECTORS:
        i += step
    return 0 <= i < len(words) and words[i].text[0].isupper()


def _search(
    words: list[Word],
    gains: list[list[float]],
    codes: list[str],
    limits: Limits,
    piece: tuple[int, int],
    out: list[Phrase],
    allowed: set[str],
) -> None:
    """Find the best stretch of a piece in any language, then look on both sides of it."""
    low, high = piece
    if high - low < limits.words:
        return
    best = (0.0, 0, 0, 0)
    for k in range(len(codes)):
        best = max(best, (*_best_stretch(gains, k, low, high, limits.price), k))
    score, start, end, k = best
    if score < limits.likely:
        return
    while start > low and gains[start - 1][k] >= 0:
        start -= 1
    while end < high and gains[end][k] >= 0:
        end += 1
    if end - start < limits.words:
        return
    if _plain_score(words, gains, k, start, end, limits) < limits.lower:
        return
    if end - start == limits.words:
        score -= limits.short
    if score + limits.bonus * _fasttext_odds(words[start:end], allowed) < limits.sure:
        return
    _search(words, gains, codes, limits, (low, start), out, allowed)
    out.append(Phrase(words[start].start, words[end - 1].end, codes[k], 0.9))
    _search(words, gains, codes, limits, (end, high), out, allowed)


def _plain_score(words: list[Word], gains: list[list[float]], k: int, start: int, end: int, limits: Limits) -> float:
    """The part of the score that comes from words that are no names."""
    return sum(gains[i][k] for i in range(start, end) if _weight(words, i, limits) == 1.0)


def _fasttext_odds(words: list[Word], allowed: set[str]) -> float:
    """log10 of fastText's odds that the words are in none of the allowed languages, within -3 and 3."""
    ranked = lid.predict(" ".join(word.text for word in words).lower(), 10)
    own = min(max(sum(p for code, p in ranked if code in allowed), 0.001), 0.999)
    return math.log10((1 - own) / own)


def _best_stretch(gains: list[list[float]], k: int, low: int, high: int, price: float) -> tuple[float, int, int]:
    best, best_start, best_end = 0.0, low, low
    total, start = 0.0, low
    for i in range(low, high):
        total += gains[i][k] - price
        if total <= 0:
            total, start = 0.0, i + 1
        elif total > best:
            best, best_start, best_end = total, start, i + 1
    return best, best_start, best_end
