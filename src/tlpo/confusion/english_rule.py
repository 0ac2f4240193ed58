"""Rule ``english``: Latin words in non-Latin text while English counts as confusion.

Lower-case words are confusion, but for units, single letters and what masking excuses. A capitalised word is taken
for a name and one in capitals for an acronym, unless it is an ordinary English word ("However", "The") with no name
beside it, or begins a run whose lower-case words are confusion ("The quick answer is"). With strictness "strict"
names and acronyms are confusion too: what the published definition counts, less what masking excuses.
"""

from __future__ import annotations

import re
import unicodedata

from tlpo.confusion.latin_words import Word
from tlpo.confusion.masking import gloss_around
from tlpo.confusion.options import Options, Patterns
from tlpo.confusion.phrases import Phrase
from tlpo.confusion.vocabulary import CONNECTORS, ORDINARY

_GROUP = 8


_GAP = re.compile(r"[^\S\n]{0,3}[\"'“”‘’(,;:&*-]{0,3}[^\S\n]{0,2}\Z")


def stretches(segment: str, words: list[Word], longest: int = _GROUP) -> list[list[Word]]:
    """Words grouped into stretches with nothing but space and light punctuation between, at most ``longest`` words
    each."""
    groups: list[list[Word]] = []
    for word in words:
        last = groups[-1] if groups else None
        if last and len(last) < longest and _GAP.match(segment[last[-1].end : word.start]):
            last.append(word)
        else:
            groups.append([word])
    return groups


def english_phrases(segment: str, words: list[Word], options: Options, pattern: Patterns, cut: bool) -> list[Phrase]:
    """The confused parts of the Latin words of a piece, in order. cut: the last word's neighbour is not known yet."""
    phrases: list[Phrase] = []
    for group in stretches(segment, words):
        # A letter of the target after the last word ends its group.
        open_end = cut and group[-1] is words[-1] and not pattern.target.search(segment, group[-1].end)
        for start, end in _wrong_parts(group, open_end, options.strictness == "strict"):
            if not (options.glosses and _is_gloss(segment, start, pattern)):
                phrases.append(Phrase(start, end, "en", 0.95))
    return phrases


def _is_gloss(segment: str, start: int, pattern: Patterns) -> bool:
    around = gloss_around(segment, start)
    if around is None or around[1] is None:
        return False
    before = _before(segment, around[0])
    return bool(before and pattern.target.match(before)) and not pattern.target.search(segment, around[0], around[1])


def _before(segment: str, opened: int) -> str:
    """The last letter before a bracket, spaces, quotes and combining marks aside."""
    for char in reversed(segment[max(0, opened - 6) : opened]):
        if char not in " \"'”’»」』》`*" and unicodedata.category(char)[0] != "M":
            return char
    return ""


def _wrong_parts(group: list[Word], cut: bool, strict: bool) -> list[tuple[int, int]]:
    wrong = [_wrong(group, i, cut, strict) for i in range(len(group))]
    for i in range(len(group) - 2, -1, -1):
        if wrong[i + 1] and _ordinary(group[i]) and not group[i].masked:
            wrong[i] = True
    parts: list[tuple[int, int]] = []
    for i, word in enumerate(group):
        if wrong[i] and i and wrong[i - 1]:
            parts[-1] = (parts[-1][0], word.end)
        elif wrong[i]:
            parts.append((word.start, word.end))
    return parts


def _wrong(group: list[Word], i: int, cut: bool, strict: bool) -> bool:
    word = group[i]
    if word.masked or strict:
        return not word.masked
    before = group[i - 1] if i else None
    after = group[i + 1] if i + 1 < len(group) else None
    open_end = cut and after is None
    if word.text == "et" and (open_end or (after is not None and after.text == "al")):
        return False
    if word.lower:
        named_before = before is not None and (before.name_like or _connects(before))
        named_after = open_end or (after is not None and (after.name_like or _connects(after)))
        if word.text == "the" and before is None and _names_follow(group, i, cut):
            return False
        return not (_connects(word) and named_before and named_after)
    if word.name_like and _ordinary(word) and not open_end and not (word.text.isupper() and len(group) < 3):
        return not any(other is not None and other.name_like and not _ordinary(other) for other in (before, after))
    return False


def _names_follow(group: list[Word], i: int, cut: bool) -> bool:
    """Whether a name of two words or more follows, as in "the Great Basin", or may yet."""
    names = group[i + 1 : i + 3]
    return all(word.name_like and not _ordinary(word) for word in names) and (cut or len(names) == 2)


def _connects(word: Word) -> bool:
    return word.text in CONNECTORS


def _ordinary(word: Word) -> bool:
    return len(word.text) > 1 and word.text.casefold().replace("’", "'") in ORDINARY
