"""The language that letters of a wrong script most likely belong to."""

from __future__ import annotations

import functools

from tlpo.confusion.scripts import script_of
from tlpo.languages import LANGUAGES

_KANA = ("Hira", "Kana")


@functools.cache
def _only_writers() -> dict[str, str]:
    """The scripts that one language of the table alone is written in, and that language; regions aside."""
    writers: dict[str, set[str]] = {}
    for row in LANGUAGES.values():
        for script in row.scripts:
            writers.setdefault(script, set()).add(row.code.split("-")[0])
    return {script: min(codes) for script, codes in writers.items() if len(codes) == 1}


def language_by_script(text: str) -> str | None:
    """The one language of the table that writes the script of the first letter of ``text``, or None if several do.

    Han characters are Japanese with kana among them, and Chinese without.
    """
    script = script_of(text[0])
    if script == "Hani":
        return "ja" if any(script_of(char) in _KANA for char in text) else "zh"
    return _only_writers().get(script)
