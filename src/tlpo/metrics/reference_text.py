"""How the `tlpo` definition cleans a response before it looks at words, with the offsets of the original kept.

Facts as in the reference implementation of Choo et al. 2026 (MIT licence, Samsung SDS). In order: listed symbols go,
then units and computer terms that no ASCII letter touches, then e-mail addresses and URLs, then phonetic letters and
combining marks. The order matters: ``https`` goes as a computer term, so what follows it stays. The rules are kept
as published, faults included ("estrés" loses its "s", since "é" is no ASCII letter): the point is comparability.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Å and ø, Greek signs and archaic or Coptic letters, letterlike symbols, circled numbers up to 15.
_SYMBOLS = re.compile(
    "[\u00c5\u00f8\u0374\u037a-\u037d\u03cf-\u03d8\u03da\u03dc\u03de\u03e0\u03e2-\u03f5\u03f9\u03fc-\u03ff"
    "\u210a-\u210c\u210e-\u2113\u211b\u211c\u2128\u212c\u212d\u212f-\u2139\u214e\u2460-\u246e]"
)

_TERMS = """
    in ft yd mi m mm cm km nm μm ly au pc   sq acre ha   l ml dl kl gal qt pt fl oz bbl
    g mg μg kg t st kt u da   s ms μs min h d   k °c °f   n kn dyn lbf kgf   j erg ev btu kwh   w kw mw hp
    pa bar atm psi torr mmhg inhg   hz khz mhz ghz db   v hv a c f p oe mx wb   lm lx cd   mol kat bq gy sv ppm mph x
    sin cos tan exp log ln lim det   bit byte kb mb gb tb cpu vcpu ram
    json html css python java c++ https
"""
_TERM = re.compile(
    r"(?<![a-zA-Z])(?:" + "|".join(re.escape(term) for term in _TERMS.split()) + r")(?![a-zA-Z])", re.IGNORECASE
)
_EMAIL_OR_URL = re.compile(
    r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}|https?://[!$-_a-z]+|www\.[a-zA-Z0-9-]+\.[a-zA-Z]{2,}\S*",
    re.IGNORECASE,
)
# IPA extensions, spacing modifiers, combining marks; phonetic extensions.
_PHONETIC = re.compile("[\u0250-\u036f\u1d00-\u1dbf]")
_LATEX = re.compile(r"\\[a-zA-Z]+")


@dataclass(frozen=True, slots=True)
class Aligned:
    """A text made from another by deletions. origin[i] is the offset, in the other, of character i."""

    text: str
    origin: Sequence[int]

    def without(self, pattern: re.Pattern[str], filler: str = "") -> Aligned:
        """Each match replaced by `filler`, whose characters take the offset of the match's start."""
        kept: list[str] = []
        origin: list[int] = []
        end = 0
        for match in pattern.finditer(self.text):
            kept += self.text[end : match.start()], filler
            origin += self.origin[end : match.start()]
            origin += [self.origin[match.start()]] * len(filler)
            end = match.end()
        if not kept:
            return self
        return Aligned("".join(kept) + self.text[end:], [*origin, *self.origin[end:]])

    def lines(self) -> Iterator[Aligned]:
        """The parts between newlines that are not empty."""
        start = 0
        for line in self.text.split("\n"):
            if line:
                yield Aligned(line, self.origin[start : start + len(line)])
            start += len(line) + 1


def cleaned_lines(text: str) -> Iterator[Aligned]:
    """The lines of a response that are judged, cleaned. Offsets are those of `text`."""
    aligned = Aligned(text, range(len(text))).without(_SYMBOLS).without(_TERM)
    if "@" in text or "://" in text or "www" in text.lower():
        aligned = aligned.without(_EMAIL_OR_URL)
    for line in aligned.without(_PHONETIC).lines():
        yield line.without(_LATEX, " ") if "\\" in line.text else line
