"""The detector for text that comes piece by piece, as a roll-out does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tlpo.confusion.composed import compose, origins, unfinished
from tlpo.confusion.engine import Ending, engine_for
from tlpo.confusion.segments import FenceTracker, segment_end
from tlpo.confusion.types import Detection, Span

if TYPE_CHECKING:
    from tlpo.confusion.detector import ConfusionDetector


class StreamingDetector:
    """Feed pieces of one text; the work for a piece does not depend on the length of the text before it."""

    def __init__(self, detector: ConfusionDetector) -> None:
        self._detector = detector
        self._engine = engine_for(detector.options)
        self._pieces: list[str] = []
        self._fences = FenceTracker()
        self._pending = ""  # composed, of the segment that may still grow
        self._tail = ""  # as given: the last character, which a mark may still join
        self._base = 0  # offsets of the composed text, until the point is found
        self._point: int | None = None

    def feed(self, piece: str) -> int | None:
        """Take the next piece. The offset of the confusion point once no continuation can undo it, else None.

        Once found, every further call returns the same offset. A word that may still become something excused (a
        file name, a gloss) is held back until the text after it decides, at most to the end of its segment (400
        characters).
        """
        self._pieces.append(piece)
        if self._point is None and piece:
            point = self._advance(self._tail + piece)
            if point is not None:
                text = "".join(self._pieces)
                self._point = point if compose(text) is text else origins(text)[0][point]
        return self._point

    def _advance(self, text: str) -> int | None:
        known = unfinished(text)
        self._pending += compose(text[:known])
        self._tail = text[known:]
        while (end := segment_end(self._pending, 0)) is not None and end <= len(self._pending) and self._pending:
            segment, self._pending = self._pending[:end], self._pending[end:]
            spans = [] if self._fences.enter(segment) else self._judge(segment, "closed", self._fences.formula)
            self._base += end
            if spans:
                return spans[0].start
        pending = self._pending + compose(self._tail)
        if not pending or self._fences.would_be_code(pending):
            return None
        spans = self._judge(pending, "cut", self._fences.would_be_formula(pending))
        return spans[0].start if spans else None

    def _judge(self, segment: str, ending: Ending, formula: bool) -> list[Span]:
        if not self._engine.suspicious(segment):
            return []
        return self._engine.judge(segment, self._base, ending, formula=formula)

    def finish(self) -> Detection:
        """The verdict on the whole text; equals ``ConfusionDetector.check`` of the pieces joined."""
        return self._detector.check("".join(self._pieces))
