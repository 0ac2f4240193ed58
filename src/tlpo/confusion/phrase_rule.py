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

_ENGLISH = LATIN.index("en")

# Languages too close to be told apart in a phrase, and a language whose words stand in another's list.
CLOSE: dict[str, frozenset[str]] = {
    "ms": frozenset({"id"}),
    "id": frozenset({"ms"}),
    "hr": frozenset({"sr"}),
    "no": frozenset({"da"}),
    "da": frozenset({"no"}),
    "sk": frozenset({"cs"}),
    "cs": frozenset({"sk"}),
}
_LISTED_AS = {"sr": "hr"}


@dataclass(frozen=True)
class Limits:
    """When a stretch is a phrase. Scores are in hundredths of a decade of probability.

    words: at least so many.
    """

    words: int = 3
    sure: float = 300.0
    likely: float = 100.0
    price: float = 10.0
    capital: float = 0.4
    unlisted: float = 50.0
    connector: float = 0.1
    bonus: float = 100.0
    lower: float = 120.0
    short: float = 150.0
    common: float = 560.0
    noun: float = 0.8


DEFAULT = Limits()
# For Latin words in non-Latin text, while English words are fine there.
FOREIGN = Limits(words=4, sure=350.0, lower=200.0)
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
    if not options.latin:
        allowed.add("en")
    own, other = _columns(options, allowed)
    if not own:
        return _by_fasttext(plain, allowed)
    both = [_gains(word, _weight(plain, i, limits), own, other, limits) for i, word in enumerate(plain)]
    scores = _Scores(plain, [gains for gains, _ in both], [more for _, more in both], [LATIN[j] for j in other], allowed)
    phrases: list[Phrase] = []
    _search(scores, limits, (0, len(plain)), phrases)
    return phrases


def speaks_for_target(words: list[Word], options: Options) -> bool:
    """Whether the words hold enough to tell that they are in an allowed language."""
    own, other = _columns(options, set(options.codes))
    if not own:
        return len(words) >= 4
    rows = [latin_costs(fold(word.text)) for word in words if word.lower or len(words) > 3]
    margin = sum(min(row[j] for j in other) - min(row[i] for i in own) for row in rows if min(row) < ABSENT)
    known = sum(min(row[i] for i in own) < ABSENT for row in rows)
    return known >= 3 or (known >= 1 and margin > 0)


def _columns(options: Options, allowed: set[str]) -> tuple[list[int], list[int]]:
    """Indices into LATIN of the allowed languages, and of those that can be told from them."""
    own = [LATIN.index(_LISTED_AS.get(code, code)) for code in allowed if _LISTED_AS.get(code, code) in LATIN]
    other = [i for i, code in enumerate(LATIN) if i not in own and not CLOSE.get(code, frozenset()) & allowed]
    return own, other


def _gains(word: Word, weight: float, own: list[int], other: list[int], limits: Limits) -> tuple[list[float], list[bool]]:
    """For each other language: how much likelier the word is there than in the likeliest allowed one, and whether the
    word is more than a name.

    A capitalised word that is common in one language and unknown in English and in the allowed ones is no name:
    names travel, German nouns do not.
    """
    folded = fold(word.text)
    row: tuple[float, ...] = latin_costs(folded)
    best = min(row[i] for i in own)
    if weight == limits.capital and best == ABSENT and row[_ENGLISH] == ABSENT:
        plain = [row[j] < limits.common for j in other]
        return [(limits.noun if known else weight) * (best - row[j]) for j, known in zip(other, plain)], plain
    if weight == 1.0 and min(row) == ABSENT and len(folded) > 3:
        row = _guess(folded, limits.unlisted)
        best = min(row[i] for i in own)
    return [weight * (best - row[j]) for j in other], [weight == 1.0] * len(other)


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


@dataclass(frozen=True, slots=True)
class _Scores:
    """Words of a piece; for each word and other language the gain, and whether the word is more than a name."""

    words: list[Word]
    gains: list[list[float]]
    plain: list[list[bool]]
    codes: list[str]
    allowed: set[str]


def _search(scores: _Scores, limits: Limits, piece: tuple[int, int], out: list[Phrase]) -> None:
    """Find the best stretch of a piece in any language, then look on both sides of it."""
    low, high = piece
    if high - low < limits.words:
        return
    best = max((*_best_stretch(scores.gains, k, low, high, limits.price), k) for k in range(len(scores.codes)))
    score, start, end, k = best
    if score < limits.likely:
        return
    while start > low and scores.gains[start - 1][k] >= 0:
        start -= 1
    while end < high and scores.gains[end][k] >= 0:
        end += 1
    if end - start < limits.words or _plain_score(scores, k, start, end) < limits.lower:
        return
    if end - start == limits.words:
        score -= limits.short
    words = scores.words[start:end]
    if score + limits.bonus * _fasttext_odds(words, scores.allowed) < limits.sure:
        return
    _search(scores, limits, (low, start), out)
    out.append(Phrase(words[0].start, words[-1].end, scores.codes[k], 0.9))
    _search(scores, limits, (end, high), out)


def _plain_score(scores: _Scores, k: int, start: int, end: int) -> float:
    """The part of the score that comes from words that are no names; 0 without a word in small letters among them."""
    counted = [i for i in range(start, end) if scores.plain[i][k] and scores.gains[i][k] > 0]
    if all(scores.words[i].text[0].isupper() for i in counted):
        return 0.0
    return sum(scores.gains[i][k] for i in counted)


def _by_fasttext(words: list[Word], allowed: set[str]) -> list[Phrase]:
    """For a target without a word list: the piece as a whole, as fastText sees it."""
    ranked = lid.predict(" ".join(word.text for word in words), 10)
    own = sum(probability for code, probability in ranked if code in allowed)
    if len(words) < 4 or not ranked or ranked[0][0] in allowed or ranked[0][1] < 0.8 or own > 0.05:
        return []
    return [Phrase(words[0].start, words[-1].end, ranked[0][0], ranked[0][1])]


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
