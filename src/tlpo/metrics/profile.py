"""What a profile is: a published (or our own) definition of the pass rates, reduced to counts per response."""

from __future__ import annotations

import re
from typing import Protocol

# For each rate of the profile, in its order: how many things passed, and how many were judged. A rate over many
# responses is the sum of the first over the sum of the second.
Tally = tuple[tuple[int, int], ...]

_SURROGATE = re.compile("[\ud800-\udfff]")


class Profile(Protocol):
    """A definition of pass rates.

    name: as given to ``--profile``. rates: the names of its rates, in the order of a tally.
    empty: what a rate is when nothing was judged, in [0, 1]; None if it is then undefined.
    definition: one sentence for the report, options and word lists included.
    """

    name: str
    rates: tuple[str, ...]
    empty: float | None
    definition: str

    def rates_of(self, language: str) -> tuple[str, ...]:
        """The rates that the profile defines for this language; () if it does not cover it."""

    def tally(self, text: str, language: str) -> Tally:
        """The counts of one response. language: a code that `rates_of` covers."""


def base_code(language: str) -> str:
    """The language of a tag without script and region: "pt" for "pt-BR"."""
    return re.split("[-_]", language, maxsplit=1)[0].lower()


def without_surrogates(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD, offsets unchanged: segmenters and models want UTF-8."""
    return _SURROGATE.sub("�", text)
