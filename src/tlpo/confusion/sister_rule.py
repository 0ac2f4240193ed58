"""Rule ``language`` for languages that share a script other than Latin."""

from __future__ import annotations

from typing import Protocol

from tlpo.confusion.options import Options
from tlpo.confusion.phrases import Phrase


class SisterRule(Protocol):
    """Tells a language from its sisters."""

    def suspicious(self, text: str) -> bool: ...

    def phrases(self, segment: str, piece: tuple[int, int]) -> list[Phrase]: ...


def sister_rule(options: Options) -> SisterRule | None:
    """The rule for the target, None if nothing shares its script."""
    return None
