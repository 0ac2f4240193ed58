"""Languages for the rows of a generation batch."""

from __future__ import annotations

from collections.abc import Sequence

from tlpo.errors import UserError


def row_languages(language: str | Sequence[str], rows: int) -> list[str]:
    """One language a row: one for all, or one a prompt, each repeated for the sequences that a prompt yields.

    Raises:
        UserError: the rows are no multiple of the languages.
    """
    if isinstance(language, str):
        return [language] * rows
    if not language or rows % len(language):
        raise UserError(f"{len(language)} languages for {rows} rows: give one language, or one for each prompt")
    return [code for code in language for _ in range(rows // len(language))]
