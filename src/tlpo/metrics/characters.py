"""What a text is written with: letters of its language's scripts, digits, and all characters that can be seen."""

from __future__ import annotations

from functools import lru_cache

import regex

from tlpo.languages import get_language

_NON_SPACE = regex.compile(r"\S")
_NUMBER = regex.compile(r"\p{N}")


@lru_cache(maxsize=128)
def letter_pattern(language: str) -> regex.Pattern[str]:
    """Matches one letter or mark of the language's scripts. Raises UserError for an unknown language."""
    scripts = "".join(rf"\p{{scx={script}}}" for script in get_language(language).scripts)
    return regex.compile(rf"(?V1)[[\p{{L}}\p{{M}}]&&[{scripts}]]")


def character_counts(text: str, language: str) -> tuple[int, int, int]:
    """(target-language letters, digits, characters that are not white space) of a text.

    Letters are of category L or M and belong to the language's scripts (Unicode Script_Extensions); digits are of
    category N, which has letter and other numbers too. Raises UserError for an unknown language.
    """
    patterns = (letter_pattern(language), _NUMBER, _NON_SPACE)
    letters, digits, characters = (sum(1 for _ in pattern.finditer(text)) for pattern in patterns)
    return letters, digits, characters
