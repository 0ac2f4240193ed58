"""The figures of the phrase rule, tuned on half of a set of clean and planted sentences (docs/detector.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """When a stretch of words is a phrase. Scores are in hundredths of a decade of probability.

    words: a phrase has at least so many; english: one of English, whose terms of two words travel. likely: the words
    must score so much before fastText is asked; sure: words and fastText together, ``bonus`` points a decade of
    fastText's odds. short: what a phrase of the least length, of one word more and so on must score on top. lower,
    small: points, and words (of such a short phrase), that must come from words that are no names.
    capital, connector: weight of a capitalised word, and of a small word inside a name. common, noun: a capitalised
    word cheaper than ``common`` in German or Vietnamese and unknown elsewhere is no name and weighs ``noun``.
    familiar, shared: a word cheaper than ``familiar`` in the target speaks for another language by at most ``shared``.
    unlisted: points a decade of fastText's odds for a word of no list.
    """

    words: int = 2
    english: int = 3
    likely: float = 60.0
    sure: float = 200.0
    bonus: float = 100.0
    short: tuple[float, ...] = (400.0, 200.0)
    lower: float = 120.0
    small: int = 2
    capital: float = 0.4
    connector: float = 0.1
    common: float = 560.0
    noun: float = 0.8
    familiar: float = 430.0
    shared: float = 75.0
    unlisted: float = 50.0


DEFAULT = Limits()
# For Latin words in non-Latin text, while English words are fine there.
FOREIGN = Limits(words=4, english=4, sure=350.0, short=(200.0,), lower=200.0)
# One word suffices.
STRICT = Limits(words=1, english=1, sure=250.0, short=(0.0,), small=1, lower=0.0)
