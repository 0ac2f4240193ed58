"""What the detector returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["clean", "confused", "undecided"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text in a wrong language.

    start, end: character offsets into the checked text, end exclusive. text: ``text[start:end]``.
    script: ISO 15924 code of its first letter. language: best guess, a code of :data:`tlpo.languages.LANGUAGES`, or
    None, as for letters of a script that several languages share (``rule`` "script").
    confidence: 0 to 1. rule: which rule fired, one of

    - ``script``: letters of a script that the language is not written in;
    - ``english``: Latin words in non-Latin text while English counts as confusion;
    - ``language``: words of another language, told by context;
    - ``whole``: the text as a whole is in another language.
    """

    start: int
    end: int
    text: str
    script: str
    language: str | None
    confidence: float
    rule: str


@dataclass(frozen=True, slots=True)
class Detection:
    """The verdict on one text.

    verdict: ``confused`` if there is a span; else ``undecided`` if the text holds too little to tell; else ``clean``.
    confusion_point: start of the first span, None without one. spans: in order, never overlapping.
    """

    verdict: Verdict
    confusion_point: int | None
    spans: tuple[Span, ...]
