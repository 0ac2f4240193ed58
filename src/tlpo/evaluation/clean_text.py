"""Clean text, whose likelihood and divergence tell whether an update harmed what the model knows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tlpo.data import PROMPT_LANGUAGES, load_prompts
from tlpo.errors import UserError
from tlpo.languages import get_language

# Of a long text file this many lines are scored: enough for a standard error of the mean below 0.01 nats.
CLEAN_LINES = 200


def clean_texts(entries: Iterable[str]) -> dict[str, list[str]]:
    """The clean sentences of each language, from entries like ``ko=FILE`` or ``ko=bundled``.

    ``ko=bundled`` takes the bundled held-out prompts themselves: little text, but the project's own.

    Raises:
        UserError: for an entry of another form, an unknown language, or a file that is missing or empty.
    """
    texts = {}
    for entry in entries:
        code, separator, path = entry.partition("=")
        if not separator:
            raise UserError(f"clean_text '{entry}': write it as LANGUAGE=FILE, for example ko={entry}")
        lines = _lines(get_language(code).code, path)
        texts[get_language(code).code] = [line.strip() for line in lines if line.strip()][:CLEAN_LINES]
        if not texts[get_language(code).code]:
            raise UserError(f"clean_text '{path}' holds no text: give a file with one sentence a line")
    return texts


def default_texts(languages: Sequence[str]) -> dict[str, list[str]]:
    """Bundled text of these languages and of English, as far as there is any."""
    return clean_texts(f"{code}=bundled" for code in dict.fromkeys([*languages, "en"]) if code in PROMPT_LANGUAGES)


def _lines(code: str, path: str) -> list[str]:
    if path == "bundled":
        return [str(record.prompt) for record in load_prompts(language=code, split="eval")]
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"clean_text '{path}' cannot be read: {error}") from None
