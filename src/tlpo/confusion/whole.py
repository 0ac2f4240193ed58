"""Judging a text as a whole when no part of it is confused."""

from __future__ import annotations

from tlpo.confusion import lid
from tlpo.confusion.engine import Engine
from tlpo.confusion.latin_words import Word, latin_words
from tlpo.confusion.masking import find_masks
from tlpo.confusion.segments import FenceTracker, segments
from tlpo.confusion.types import Span, Verdict

# Words of running text, one of them in small letters, that suffice to call a text English as a whole.
ENOUGH_WORDS = 4


def judge_whole(text: str, engine: Engine, truncated: bool) -> tuple[Verdict, Span | None]:
    """The verdict on a text without confused parts, and the span if the text as a whole is in another language."""
    if not engine.options.latin and engine.patterns.target.search(text):
        return "clean", None
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
    if len(words) < ENOUGH_WORDS or not any(word.lower for word in words):
        return "undecided", None
    if engine.options.latin:
        return "clean", None
    ranked = lid.predict(" ".join(word.text for word in words[:200]))
    language, probability = ranked[0] if ranked else (None, 0.0)
    first, last = words[0].start, words[-1].end
    return "confused", Span(first, last, text[first:last], "Latn", language, probability, "whole")
