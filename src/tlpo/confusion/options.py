"""The options of a detector and the character patterns that follow from them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from tlpo.confusion.scripts import char_class, foreign_expression, letters_of, rare_class
from tlpo.languages import Language


@dataclass(frozen=True)
class Options:
    """What a detector was asked for. ``languages``: the target, then those allowed beside it."""

    languages: tuple[Language, ...]
    english: str
    allow: tuple[str, ...]
    strictness: str
    glosses: bool
    quotes: bool

    @property
    def language(self) -> Language:
        """The target."""
        return self.languages[0]

    @property
    def scripts(self) -> tuple[str, ...]:
        """Every allowed script."""
        return tuple(dict.fromkeys(script for row in self.languages for script in row.scripts))

    @property
    def codes(self) -> frozenset[str]:
        """Allowed languages, regions and scripts dropped ("zh-Hant" is "zh")."""
        return frozenset(row.code.split("-")[0] for row in self.languages)

    @property
    def latin(self) -> bool:
        """Whether Latin letters are letters of an allowed language."""
        return "Latn" in self.scripts


@dataclass(frozen=True)
class Patterns:
    """Compiled once per set of scripts.

    foreign: a run of letters of a wrong script (Latin aside), with its combining marks. target: a letter of the target;
    targets: a run of them. latin: a run of Latin letters.
    """

    foreign: re.Pattern[str]
    target: re.Pattern[str]
    targets: re.Pattern[str]
    latin: re.Pattern[str]


@functools.lru_cache(maxsize=64)
def patterns(scripts: tuple[str, ...], own: tuple[str, ...]) -> Patterns:
    """The patterns for allowed ``scripts``; ``own`` are those of the target language itself."""
    foreign = foreign_expression(scripts)
    latin = letters_of(("Latn",))
    rare, marks, target = rare_class(foreign), char_class(r"[\p{M}\u200c\u200d]"), letters_of(own)
    return Patterns(
        re.compile(f"{rare}(?:{rare}|[{marks}])*"),
        re.compile(f"[{target}]"),
        re.compile(f"[{target}]+"),
        re.compile(f"[{latin}][{latin}\u0300-\u036f'’ʼ]*"),
    )


def allow_pattern(terms: tuple[str, ...]) -> re.Pattern[str] | None:
    """Matches any of the allowed terms, longest first, case aside."""
    if not terms:
        return None
    return re.compile("|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True)), re.IGNORECASE)
