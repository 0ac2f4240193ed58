"""Cutting a text into segments that are judged one by one.

A segment is a line, or a part of a long line. Where a segment ends depends only on the text up to the character after
its end, so that a stream cuts as the whole text is cut, and no segment is longer than LONGEST characters: the work for
one more character is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 400
_SENTENCE_FROM = 60
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]?(?=\s)|[。！？।؟۔።॥]")
_SPACE = re.compile(r"\s\S*\Z")
_FENCE = re.compile(r"[ \t>]{0,12}(?:```|~~~)")
_FORMULA = re.compile(r"[ \t>]{0,12}(\\\[|\$\$)")
_FORMULA_END = {"\\[": "\\]", "$$": "$$"}


def segment_end(text: str, start: int) -> int | None:
    """End of the segment that begins at ``start``, or None if the text may go on within it."""
    line = text.find("\n", start, start + LONGEST + 1)
    limit = line if line >= 0 else min(len(text), start + LONGEST)
    sentence = _SENTENCE_END.search(text, min(start + _SENTENCE_FROM, limit), min(limit + 1, len(text)))
    if sentence and sentence.end() <= limit:
        return sentence.end()
    if line >= 0:
        return line + 1
    if len(text) <= start + LONGEST:
        return None
    space = _SPACE.search(text, start + LONGEST // 2, start + LONGEST)
    return space.start() + 1 if space else start + LONGEST


def segments(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each segment, in order, covering the text."""
    start = 0
    while start < len(text):
        end = segment_end(text, start)
        end = len(text) if end is None else end
        yield start, end
        start = end


class FenceTracker:
    """Whether the next segment lies in a fenced code block or in a formula of several lines.

    An unclosed fence runs to the end of the text, an unclosed formula to the next empty line. formula: whether the
    segment taken last belongs to one.
    """

    def __init__(self) -> None:
        self.inside = False
        self.formula = False
        self._closing = ""
        self._line_start = True

    def enter(self, segment: str) -> bool:
        """Take the next segment; True if it is code or a fence."""
        code = self.inside
        if self._line_start and _FENCE.match(segment):
            self.inside = not self.inside
            code = True
        self.formula = not code and self.would_be_formula(segment)
        if not self.formula or (self._closing and self._closing in segment):
            self._closing = ""
        elif not self._closing:
            self._closing = self._opened(segment)
        self._line_start = segment.endswith("\n")
        return code

    def would_be_formula(self, unfinished: str) -> bool:
        """Whether a segment belongs to a formula of several lines, as far as it goes."""
        if self._closing:
            return not self._line_start or not unfinished.isspace()
        return self._opened(unfinished) != ""

    def _opened(self, segment: str) -> str:
        """What closes the formula that begins with the segment and does not end in it; "" without one."""
        opened = _FORMULA.match(segment) if self._line_start else None
        closing = _FORMULA_END[opened[1]] if opened else ""
        return "" if opened and closing in segment[opened.end() :] else closing

    def would_be_code(self, unfinished: str) -> bool:
        """Whether a segment that may still grow is code so far."""
        return self.inside or (self._line_start and _FENCE.match(unfinished) is not None)
