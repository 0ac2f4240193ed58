"""Judging a text as a whole when no part of it is confused."""

from __future__ import annotations

import re
from dataclasses import replace

from tlpo.confusion import lid
from tlpo.confusion.engine import Engine
from tlpo.confusion.latin_words import Word, latin_words
from tlpo.confusion.masking import find_masks
from tlpo.confusion.phrase_rule import foreign_phrases, speaks_for_target
from tlpo.confusion.segments import FenceTracker, segments
from tlpo.confusion.types import Span, Verdict

# Words of running text, one of them in small letters, that suffice to call a text English as a whole when it holds no
# letter of the target; and when it does hold some, as long as English outweighs them so many times.
ENOUGH_WORDS = 4
ENOUGH_WORDS_MIXED = 7
OUTWEIGHS = 2.5
# Letters of an alphabet that one character of a dense script is worth.
_DENSE = {"Hani": 3.0, "Hira": 2.0, "Kana": 2.0, "Hang": 2.5}


def judge_whole(text: str, engine: Engine, truncated: bool) -> tuple[Verdict, Span | None]:
    """The verdict on a text without confused parts, and the span if the text as a whole is in another language."""
    if engine.options.latin:
        return _latin_target(text, engine, truncated)
    has_target = engine.patterns.target.search(text) is not None
    if has_target and not _latin_outweighs(text, engine):
        return "clean", None
    words = _plain_words(text, engine, truncated)
    enough = ENOUGH_WORDS_MIXED if has_target else ENOUGH_WORDS
    if len(words) < enough or not any(word.lower for word in words):
        return ("clean" if has_target else "undecided"), None
    if has_target and sum(len(word.text) for word in words) < OUTWEIGHS * _target_weight(text, engine):
        return "clean", None
    return "confused", _whole_span(text, words)


def _latin_target(text: str, engine: Engine, truncated: bool) -> tuple[Verdict, Span | None]:
    """Under English-neutral the text may be English from end to end; otherwise the rules before have judged it."""
    options = engine.options
    other = tuple(script for script in options.language.scripts if script != "Latn")
    if other and engine.patterns.target.search(text) and len(re.findall(r"[^\W\d_]", text)) > len(re.findall(r"[A-Za-z]", text)):
        return "clean", None
    words = _plain_words(text[:4000], engine, truncated)
    if options.english == "neutral" and "en" not in options.codes and len(words) >= ENOUGH_WORDS:
        ranked = dict(lid.predict(" ".join(word.text for word in words), 5))
        if ranked.get("en", 0.0) > 0.4:
            phrases = foreign_phrases(words, replace(options, english="confusion"))
            inside = [w for w in words if any(p.start <= w.start < p.end and p.language == "en" for p in phrases)]
            if len(inside) >= ENOUGH_WORDS and len(inside) >= 0.6 * len(words):
                return "confused", _whole_span(text, inside)
    return ("clean" if speaks_for_target(words, options) else "undecided"), None


def _latin_outweighs(text: str, engine: Engine) -> bool:
    latin = sum(map(len, re.findall("[A-Za-z]+", text)))
    return latin > OUTWEIGHS * _target_weight(text, engine)


def _target_weight(text: str, engine: Engine) -> float:
    dense = max(_DENSE.get(script, 1.0) for script in engine.options.language.scripts)
    return dense * len(engine.patterns.target.findall(text))


def _whole_span(text: str, words: list[Word]) -> Span:
    ranked = lid.predict(" ".join(word.text for word in words[:200]))
    language, probability = ranked[0] if ranked else (None, 0.5)
    first, last = words[0].start, words[-1].end
    return Span(first, last, text[first:last], "Latn", language, probability, "whole")


def _plain_words(text: str, engine: Engine, truncated: bool) -> list[Word]:
    """The Latin words of a text that are not masked; without the last if the text is truncated right after it."""
    words: list[Word] = []
    fences = FenceTracker()
    for start, end in segments(text):
        segment = text[start:end]
        if not fences.enter(segment):
            masks = find_masks(segment, engine.allow)
            found = latin_words(segment, (0, len(segment)), masks, engine.patterns)
            words += [Word(w.start + start, w.end + start, w.text, False) for w in found if not w.masked]
    if truncated and words and words[-1].end == len(text):
        words.pop()
    return words
