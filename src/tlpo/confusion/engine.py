"""Judging one segment: masks, then scripts, then words."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Literal

from tlpo.confusion.english_rule import english_phrases, stretches
from tlpo.confusion.guess import language_by_script
from tlpo.confusion.latin_words import Word, hold_tail, latin_words, ordinary_word, words_in_a_row
from tlpo.confusion.limits import DEFAULT, FOREIGN, STRICT
from tlpo.confusion.masking import Masks, find_masks
from tlpo.confusion.options import Options, Patterns, allow_pattern, patterns
from tlpo.confusion.phrase_rule import phrase_rule
from tlpo.confusion.phrases import Phrase
from tlpo.confusion.script_rule import merge_runs, script_runs
from tlpo.confusion.scripts import script_of
from tlpo.confusion.sister_rule import sister_rule
from tlpo.confusion.types import Span

# How a segment stands: "closed" cannot grow and is followed by more text or a line break; "end" is the end of a
# finished text; "cut" may go on.
Ending = Literal["closed", "end", "cut"]


# Latin words met so far, by segment: (offset of the segment in the text, words with offsets into the segment).
Seen = list[tuple[int, list[Word]]]


class Engine:
    """The rules for one set of options; made once a process, see :func:`engine_for`."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.patterns: Patterns = patterns(options.scripts, options.language.scripts)
        self._foreign, self._target = self.patterns.foreign.search, self.patterns.target.search
        self.latin = options.latin
        self._latin_gate: Callable[[str], object] = words_in_a_row if options.english == "neutral" else ordinary_word
        if options.english == "confusion" and options.strictness == "strict":
            self._latin_gate = self.patterns.latin.search  # names and acronyms count too
        self.allow = allow_pattern(options.allow)
        self.sister = sister_rule(options)
        own, english = options.codes, frozenset({"en"} if options.english == "neutral" or not options.latin else ())
        limits = FOREIGN if not options.latin else STRICT if options.strictness == "strict" else DEFAULT
        self.phrases = phrase_rule(own | english, limits)
        self.own_phrases = phrase_rule(own, DEFAULT)

    def suspicious(self, text: str) -> bool:
        """Whether any rule could fire; False for most clean text, at the price of a scan or two."""
        if self.latin or self._foreign(text) or self._latin_gate(text):
            return True
        return self.sister is not None and self.sister.suspicious(text)

    def has_target(self, text: str) -> bool:
        """Whether the text holds a letter of the target's own scripts."""
        return self._target(text) is not None

    def wanted(self, text: str) -> bool:
        """Whether the text must be gone through: a rule could fire, or, as it holds no letter of the target, its words
        are to be judged as a whole."""
        return self.suspicious(text) or self._target(text) is None

    def judge(
        self, segment: str, base: int, ending: Ending, seen: Seen | None = None, formula: bool = False
    ) -> list[Span]:
        """The spans of one segment that begins at offset ``base`` of the text, in order.

        In a segment that is "cut", only what no continuation can excuse is a span. The Latin words are added to
        ``seen``. formula: the segment is part of a formula, so its Latin words are symbols. A segment that is not
        :meth:`suspicious` has no span.
        """
        masks = find_masks(segment, self.allow, self.options.quotes, self.options.glosses)
        if formula:
            masks = Masks(masks.code, ((0, len(segment)),))
        spans: list[Span] = []
        position = 0
        for run in merge_runs(segment, script_runs(segment, masks, self.options, self.patterns, ending)):
            if run.pending:  # it may come to be the first span, so nothing after it is certain
                return spans + self._words(segment, base, (position, run.start), masks, "closed", seen)
            spans += self._words(segment, base, (position, run.start), masks, "closed", seen)
            language = language_by_script(segment[run.start : run.end])
            spans.append(_span(segment, base, Phrase(run.start, run.end, language, 1.0), "script"))
            position = run.end
        spans += self._words(segment, base, (position, len(segment)), masks, ending, seen)
        return spans

    def _words(
        self, segment: str, base: int, piece: tuple[int, int], masks: Masks, ending: Ending, seen: Seen | None
    ) -> list[Span]:
        """The rules that look at words, on a piece between script errors."""
        words = latin_words(segment, piece, masks, self.patterns, clitics=self.latin)
        if seen is not None and words:
            seen.append((base, words))
        if ending == "cut":
            words = hold_tail(segment, words)
        found: list[Span] = []
        if self.latin:
            if ending != "cut":
                found = [_span(segment, base, p, "language") for p in self.phrases.phrases(words)]
        elif words and self.options.english == "confusion":
            phrases = english_phrases(segment, words, self.options, self.patterns, ending == "cut")
            found = [_span(segment, base, p, "english") for p in phrases]
        elif len(words) > 2 and ending != "cut":
            for group in stretches(segment, words, len(words)):
                found += [_span(segment, base, p, "language") for p in self.phrases.phrases(group)]
        return self._with_sisters(segment, base, piece, ending, found)

    def _with_sisters(
        self, segment: str, base: int, piece: tuple[int, int], ending: Ending, found: list[Span]
    ) -> list[Span]:
        """The spans found among Latin words, and the phrases of sister languages between them.

        The text up to a found span is complete, so its phrases are certain even in a segment that may go on.
        """
        if self.sister is None:
            return found
        spans: list[Span] = []
        position = piece[0]
        for span in found:
            phrases = self.sister.phrases(segment, (position, span.start - base))
            spans += [*(_span(segment, base, phrase, "language") for phrase in phrases), span]
            position = span.end - base
        if ending != "cut":
            phrases = self.sister.phrases(segment, (position, piece[1]))
            spans += [_span(segment, base, phrase, "language") for phrase in phrases]
        return spans


def _span(segment: str, base: int, phrase: Phrase, rule: str) -> Span:
    text = segment[phrase.start : phrase.end]
    return Span(
        base + phrase.start, base + phrase.end, text, script_of(text[0]), phrase.language, phrase.confidence, rule
    )


@functools.lru_cache(maxsize=64)
def engine_for(options: Options) -> Engine:
    """The engine of ``options``, shared by every detector that asks for them."""
    return Engine(options)
