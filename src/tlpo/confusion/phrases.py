"""A stretch of a segment in another language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrase:
    """[start, end) of a segment; language: best guess or None; confidence: 0 to 1."""

    start: int
    end: int
    language: str | None
    confidence: float
