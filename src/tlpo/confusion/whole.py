"""Judging a text as a whole when no part of it is confused."""

from __future__ import annotations

from tlpo.confusion import lid
from tlpo.confusion.engine import Engine, Seen
from tlpo.confusion.latin_words import Word
from tlpo.confusion.types import Span, Verdict
from tlpo.confusion.vocabulary import ORDINARY

# Words of running text that suffice to call a text English as a whole: in a language of Latin script, and without a
# letter of a target in another script.
ENOUGH_WORDS = 4
ENOUGH_WORDS_ALONE = 3
# With letters of the target beside them, so many words, so many of them plain English ones (names aside), as long as
# their letters outweigh the target's so many times.
MIXED = ((7, 1, 2.5), (5, 4, 3.0))
# What fastText must give another language for a text of names and titles to count as in that language.
SURE_WHOLE = 0.75
_ENOUGH_TO_JUDGE = 600
# Letters of an alphabet that one character of a dense script is worth.
_DENSE = {"Hani": 3.0, "Hira": 2.0, "Kana": 2.0, "Hang": 2.5}


def judge_whole(text: str, seen: Seen, engine: Engine, truncated: bool) -> tuple[Verdict, Span | None]:
    """The verdict on a text without confused parts, and the span if the text as a whole is in another language.

    seen: the Latin words of the text.
    """
    if engine.latin:
        return _latin_target(text, seen, engine, truncated)
    has_target = engine.patterns.target.search(text) is not None
    if has_target and not _latin_outweighs(text, seen, engine):
        return "clean", None
    words = _plain_words(text, seen, truncated)
    plain = sum(word.lower for word in words)
    ordinary = plain + sum(word.name_like and word.text.casefold() in ORDINARY for word in words)
    if has_target:
        share = sum(len(word.text) for word in words) / max(_target_weight(text, engine), 1.0)
        enough = any(
            len(words) >= least and plain and ordinary >= known and share >= times for least, known, times in MIXED
        )
    else:
        enough = len(words) >= ENOUGH_WORDS_ALONE and (plain > 0 or ordinary > 1)
    if not enough:
        return ("clean" if has_target else "undecided"), None
    return "confused", _whole_span(text, words)


def _latin_target(text: str, seen: Seen, engine: Engine, truncated: bool) -> tuple[Verdict, Span | None]:
    """Under English-neutral the text may be English from end to end; otherwise the rules before have judged it."""
    options = engine.options
    told = [word for _, found in seen for word in found if not word.masked]
    if truncated and told and seen[-1][1][-1] is told[-1] and seen[-1][0] + told[-1].end == len(text):
        told.pop()
    if engine.own_phrases.plainly_target(told[:_ENOUGH_TO_JUDGE]):
        return "clean", None
    words = _plain_words(text, seen, truncated)[:_ENOUGH_TO_JUDGE]
    if len(words) >= ENOUGH_WORDS:
        inside = _english_inside(words, engine) or _other_altogether(words, engine)
        if inside:
            return "confused", _whole_span(text, inside)
    own = set(options.language.scripts)  # of Serbian, or of Korean if a Latin language is fine beside it
    if own != {"Latn"} and engine.patterns.target.search(engine.patterns.latin.sub("", text)):
        return "clean", None
    return ("clean" if engine.own_phrases.speaks_for_target(words) else "undecided"), None


def _english_inside(words: list[Word], engine: Engine) -> list[Word]:
    """Under English-neutral: the English words if they make up most of the text."""
    if engine.options.english != "neutral" or "en" in engine.options.codes:
        return []
    if dict(lid.predict(" ".join(word.text for word in words), 5)).get("en", 0.0) <= 0.4:
        return []
    phrases = engine.own_phrases.phrases(words)
    inside = [w for w in words if any(p.start <= w.start < p.end and p.language == "en" for p in phrases)]
    return inside if len(inside) >= max(ENOUGH_WORDS, 0.6 * len(words)) else []


def _other_altogether(words: list[Word], engine: Engine) -> list[Word]:
    """All words, if fastText is sure of another language and the words, names or not, bear it out."""
    ranked = lid.predict(" ".join(word.text for word in words), 5)
    code, probability = ranked[0] if ranked else ("", 0.0)
    own = sum(p for other, p in ranked if other in engine.options.codes)
    if probability < SURE_WHOLE or own > 0.1 or not engine.own_phrases.speaks_for(words, code):
        return []
    return words


def _latin_outweighs(text: str, seen: Seen, engine: Engine) -> bool:
    """Whether it is worth a closer look: enough Latin words, and more of their letters than of the target's."""
    if sum(len(words) for _, words in seen) < min(least for least, _, _ in MIXED):
        return False
    latin = sum(len(word.text) for _, words in seen for word in words if not word.masked)
    return latin >= min(times for _, _, times in MIXED) * _target_weight(text, engine)


def _target_weight(text: str, engine: Engine) -> float:
    dense = max(_DENSE.get(script, 1.0) for script in engine.options.language.scripts)
    return dense * sum(map(len, engine.patterns.targets.findall(text)))


def _whole_span(text: str, words: list[Word]) -> Span:
    ranked = lid.predict(" ".join(word.text for word in words[:200]))
    language, probability = ranked[0] if ranked else (None, 0.5)
    first, last = words[0].start, words[-1].end
    return Span(first, last, text[first:last], "Latn", language, probability, "whole")


def _plain_words(text: str, seen: Seen, truncated: bool) -> list[Word]:
    """The words that are not masked, with offsets into the text; without the last if the text is cut right after it."""
    words = [
        Word(word.start + base, word.end + base, word.text, False)
        for base, found in seen
        for word in found
        if not word.masked
    ]
    if truncated and words and words[-1].end == len(text):
        words.pop()
    return words
