"""The figures of the phrase rule, tuned on half of a set of clean and planted sentences (docs/detector.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """When a stretch of words is a phrase. Scores ("points") are in hundredths of a decade of probability.

    A *small* word is one in small letters, or one so common that it begins sentences rather than names.
    """

    # A phrase has at least so many words; one of English, whose terms of two words travel, so many.
    words: int = 2
    english: int = 3
    # The words must score so much before fastText is asked.
    likely: float = 60.0
    # Words and fastText together, the latter with so many points a decade of its odds.
    sure: float = 260.0
    bonus: float = 100.0
    # What a phrase of the least length, of one word more and so on must score on top, and its small words.
    short: tuple[float, ...] = (340.0, 140.0)
    small: int = 2
    # Points that must come from words that are no names.
    lower: float = 120.0
    # Words that speak for the target instead count so many times over.
    against: float = 2.0
    # In a phrase of at most so many words, one must not be ``familiar`` to the target.
    few: int = 3
    # With so many, one small word suffices that begins a phrase of three words or more.
    begins: float = 300.0
    # What the names must score if all that is said besides is one capitalised word.
    others: float = 150.0
    # Weight of a capitalised word, and of a small word inside a name.
    capital: float = 0.4
    connector: float = 0.1
    # A capitalised word cheaper than that in German or Vietnamese and unknown elsewhere is no name; its weight.
    common: float = 560.0
    noun: float = 0.8
    # A capitalised word unknown to the target and cheaper than that in another language (not English) is small.
    everyday: float = 242.0
    # Points for Turkish of a name with a Turkish case ending.
    suffixed: float = 150.0
    # A word cheaper than ``familiar`` in the target speaks for another language by at most ``shared`` points and what
    # it costs over ``native`` in the target.
    native: float = 360.0
    familiar: float = 430.0
    shared: float = 75.0
    # Points a decade of fastText's odds for a word of no list.
    unlisted: float = 50.0


DEFAULT = Limits()
# For Latin words in non-Latin text, while English words are fine there.
FOREIGN = Limits(words=4, english=4, sure=350.0, short=(200.0,), lower=200.0)
# One word suffices.
STRICT = Limits(words=1, english=1, sure=250.0, short=(0.0,), small=1, lower=0.0, against=1.0, few=0)
