"""The detector: text in, verdict, spans and the confusion point out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace

from tlpo.confusion.bulk import check_all
from tlpo.confusion.composed import compose, spans_as_given
from tlpo.confusion.engine import Ending, Engine, Seen, engine_for
from tlpo.confusion.options import Options
from tlpo.confusion.segments import FenceTracker, segments
from tlpo.confusion.stream import StreamingDetector
from tlpo.confusion.types import Detection, Span
from tlpo.confusion.whole import judge_whole
from tlpo.errors import UserError
from tlpo.languages import get_language


class ConfusionDetector:
    """Finds where a text leaves its language. Cheap to make, picklable, without state between calls.

    language: BCP-47 code of the target (see :data:`tlpo.languages.LANGUAGES`).
    english: "neutral": English words are fine, but a text that is English as a whole is confused; "confusion":
        English is confusion like any other language, names, acronyms, code, addresses and formulas aside.
    also: codes of further languages that are fine.
    allow: terms that are fine wherever they stand (case aside).
    strictness: "default"; "strict" also counts a single foreign word in text of one script and, while English is
        confusion, names and acronyms in Latin letters.
    glosses: whether a short bracket right after a word of the target, as in 개항(開港), may be foreign.
    quotes: whether text in quotation marks may be foreign.

    Raises UserError for an unknown language or option.
    """

    def __init__(
        self,
        language: str,
        *,
        english: str = "neutral",
        also: Iterable[str] = (),
        allow: Iterable[str] = (),
        strictness: str = "default",
        glosses: bool = True,
        quotes: bool = False,
    ) -> None:
        _one_of("english", english, ("neutral", "confusion"))
        _one_of("strictness", strictness, ("default", "strict"))
        rows = tuple(dict.fromkeys(get_language(code) for code in (language, *_several(also))))
        self.options = Options(rows, english, tuple(_several(allow)), strictness, glosses, quotes)
        self._made: Engine | None = None

    def __getstate__(self) -> Options:
        return self.options

    def __setstate__(self, options: Options) -> None:
        self.options = options
        self._made = None

    def strict(self) -> ConfusionDetector:
        """The same detector with strictness "strict"."""
        made = copy(self)  # with its options alone, as when it is pickled
        made.options = replace(self.options, strictness="strict")
        return made

    @property
    def language(self) -> str:
        """Code of the target language."""
        return self.options.language.code

    @property
    def _engine(self) -> Engine:
        if self._made is None:
            self._made = engine_for(self.options)
        return self._made

    def check(self, text: str, *, start: int = 0, truncated: bool = False) -> Detection:
        """Judge ``text``; offsets are characters of ``text``. Never raises on any string.

        start: the text before it is context only: spans that end at or before ``start`` are not reported.
        truncated: the text stops mid-way, as a sampled continuation does. A letter of a wrong script counts all the
            same, as nothing that follows can turn it into the target's; a Latin word cut by the end of the text is not
            judged, nor one that may still become a file name, a formula, code or a gloss.
        """
        seen: Seen = []
        spans: list[Span] = []
        composed = compose(text)
        if self._engine.wanted(composed):
            spans = _reported(self._spans(composed, truncated, seen), composed, text, start)
        if spans:
            return Detection("confused", spans[0].start, tuple(spans))
        verdict, found = judge_whole(composed, seen, self._engine, truncated)
        if found is not None and (spans := _reported([found], composed, text, start)):
            return Detection("confused", spans[0].start, tuple(spans))
        return Detection("clean" if verdict == "confused" else verdict, None, ())

    def confusion_point(self, text: str) -> int | None:
        """Offset of the first confused character, None without one; equals ``check(text).confusion_point``."""
        engine, composed = self._engine, compose(text)
        if not engine.wanted(composed):
            return None
        seen: Seen = []
        first = next(iter(self._spans(composed, False, seen)), None) or judge_whole(composed, seen, engine, False)[1]
        if first is None or composed is text:
            return None if first is None else first.start
        return spans_as_given([first], text)[0].start

    def check_many(self, texts: Sequence[str], workers: int | None = None) -> list[Detection]:
        """``check`` of each text, in order; on all cores if there is enough to do, or on ``workers`` processes."""
        return check_all(self, texts, workers)

    def has_target_letter(self, text: str) -> bool:
        """Whether ``text`` holds any letter of the language's scripts."""
        return self._engine.has_target(text)

    def stream(self) -> StreamingDetector:
        """A detector for text that comes piece by piece."""
        return StreamingDetector(self)

    def _spans(self, text: str, truncated: bool, seen: Seen) -> Iterable[Span]:
        """The spans of a composed text that is worth a look, in order; its Latin words are added to ``seen``."""
        engine, fences = self._engine, FenceTracker()
        everything = not engine.has_target(text)
        for start, end in segments(text):
            segment = text[start:end]
            if fences.enter(segment):
                continue
            ending: Ending = "closed" if end < len(text) or segment.endswith("\n") else "cut" if truncated else "end"
            if everything or end - start == len(text) or engine.suspicious(segment):
                yield from engine.judge(segment, start, ending, seen, fences.formula)


def _reported(found: Iterable[Span], composed: str, text: str, start: int) -> list[Span]:
    """The spans that end after ``start``, with offsets into ``text``."""
    spans = list(found) if composed is text else spans_as_given(list(found), text)
    return [span for span in spans if span.end > start]


def _several(values: Iterable[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UserError(f"{name} is {value!r}; it must be one of {', '.join(known)}")
