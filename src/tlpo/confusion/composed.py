"""A text in its composed form (Unicode NFC), and offsets back into it as it was written.

The rules see one form of every text, so a letter with its mark weighs the same whether it came as one character or as
two. Offsets stay those of the text that was given.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import regex

from tlpo.confusion.types import Span

# Marks join the character before them, and so do the vowels and final consonants of Korean. No more than _MOST marks
# (Unicode's "stream-safe" limit) are composed together, so that the work stays linear in any text.
_MOST = 30
_VOWELS, _FINALS = r"\u1161-\u1175", r"\u11a8-\u11c2"
_CLUSTER = regex.compile(
    rf"[\u1100-\u1112][{_VOWELS}][{_FINALS}]?\p{{M}}{{,{_MOST}}}|[가-힣][{_FINALS}]\p{{M}}{{,{_MOST}}}"
    rf"|\P{{M}}\p{{M}}{{1,{_MOST}}}|\p{{M}}{{2,{_MOST}}}"
)
_JOINS = regex.compile(rf"[\p{{M}}{_VOWELS}{_FINALS}]")
_FINISHED = regex.compile(r"[\p{P}\p{Z}\p{C}]")


@dataclass(frozen=True, slots=True)
class Composed:
    """A composed text. starts, ends: of each of its characters, in the text as given; None if they are the same."""

    text: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None

    def given(self, span: Span, text: str) -> Span:
        """The span of the composed text as a span of ``text``, the text as given."""
        if self.starts is None or self.ends is None:
            return span
        start, end = self.starts[span.start], self.ends[span.end - 1]
        return replace(span, start=start, end=end, text=text[start:end])

    def offset(self, position: int) -> int:
        """Where the character at ``position`` of the composed text begins in the text as given."""
        return position if self.starts is None else self.starts[position]


def compose(text: str) -> Composed:
    """The composed form of any string, lone surrogates included."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return Composed(text)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for cluster in _CLUSTER.finditer(text):
        _single(text, position, cluster.start(), pieces, starts, ends)
        _add(text, cluster.start(), cluster.end(), pieces, starts, ends)
        position = cluster.end()
    _single(text, position, len(text), pieces, starts, ends)
    return Composed("".join(pieces), starts, ends)


def _single(text: str, start: int, end: int, pieces: list[str], starts: list[int], ends: list[int]) -> None:
    """Characters that nothing joins: each has a composed form of its own, mostly itself."""
    form = unicodedata.normalize("NFC", text[start:end])
    if len(form) != end - start:
        for at in range(start, end):
            _add(text, at, at + 1, pieces, starts, ends)
        return
    pieces.append(form)
    starts += range(start, end)
    ends += range(start + 1, end + 1)


def _add(text: str, start: int, end: int, pieces: list[str], starts: list[int], ends: list[int]) -> None:
    """A character and what joins it: each composed character stands for as many parts as it decomposes to."""
    form = unicodedata.normalize("NFC", text[start:end])
    pieces.append(form)
    parts = [at for at in range(start, end) for _ in unicodedata.normalize("NFD", text[at])]
    position = 0
    for char in form:
        after = position + len(unicodedata.normalize("NFD", char))
        starts.append(parts[position])
        ends.append(parts[after - 1] + 1)
        position = after


def unfinished(text: str) -> int:
    """Where the last character of ``text`` begins that what follows may still change: ``len(text)`` if none may."""
    if not text or _FINISHED.match(text[-1]):
        return len(text)
    start = len(text) - 1
    while start and len(text) - start <= _MOST and _JOINS.match(text[start]):
        start -= 1
    return start
