"""A text in its composed form (Unicode NFC), and offsets back into it as it was written.

The rules see one form of every text, so a letter with its mark weighs the same whether it came as one character or as
two. Offsets stay those of the text that was given.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

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
_HEAP = regex.compile(rf"\p{{M}}{{{_MOST + 1}}}")
_JOINS = regex.compile(rf"[\p{{M}}{_VOWELS}{_FINALS}]")
_FINISHED = regex.compile(r"[\p{P}\p{Z}\p{C}]")


def compose(text: str) -> str:
    """The composed form of any string, lone surrogates included; ``text`` itself if it is composed already."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    if _HEAP.search(text):
        return "".join(unicodedata.normalize("NFC", text[a:b]) for a, b in _parts(text))
    return unicodedata.normalize("NFC", text)


def origins(text: str) -> tuple[list[int], list[int]]:
    """Starts and ends, in ``text``, of what each character of its composed form was made of."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _parts(text):
        # Each composed character stands for as many characters as it decomposes to.
        made_of = [at for at in range(start, end) for _ in unicodedata.normalize("NFD", text[at])]
        position = 0
        for char in unicodedata.normalize("NFC", text[start:end]):
            after = position + len(unicodedata.normalize("NFD", char))
            starts.append(made_of[position])
            ends.append(made_of[after - 1] + 1)
            position = after
    return starts, ends


def spans_as_given(spans: Sequence[Span], text: str) -> list[Span]:
    """Spans of the composed form of ``text`` as spans of ``text``."""
    if not spans:
        return []
    starts, ends = origins(text)
    bounds = [(starts[span.start], ends[span.end - 1]) for span in spans]
    return [replace(span, start=a, end=b, text=text[a:b]) for span, (a, b) in zip(spans, bounds, strict=True)]


def _parts(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of the parts that are composed each for itself, in order, covering the text."""
    position = 0
    for cluster in _CLUSTER.finditer(text):
        yield from ((at, at + 1) for at in range(position, cluster.start()))
        yield cluster.span()
        position = cluster.end()
    yield from ((at, at + 1) for at in range(position, len(text)))


def unfinished(text: str) -> int:
    """Where the last character of ``text`` begins that what follows may still change: ``len(text)`` if none may."""
    if not text or _FINISHED.match(text[-1]):
        return len(text)
    start = len(text) - 1
    while start and len(text) - start <= _MOST and _JOINS.match(text[start]):
        start -= 1
    return start
