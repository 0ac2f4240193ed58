"""Prompts from a file, or the project's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Literal

from tlpo.data.records import PromptRecord, problem_with
from tlpo.data.rows import Row, read_json_lines, read_rows
from tlpo.errors import UserError
from tlpo.languages import get_language

Split = Literal["train", "eval", "all"]

PROMPT_LANGUAGES = ("ar", "de", "en", "es", "fr", "hi", "id", "it", "ja", "ko", "pt", "ru", "tr", "vi", "zh")


def load_prompts(
    path: str | Path | None = None,
    *,
    language: str | Sequence[str] | None = None,
    split: Split = "all",
) -> list[PromptRecord]:
    """Load prompts from a file (JSONL, JSON, CSV, TSV, TXT, each also ``.gz``; Parquet), or the bundled ones.

    A record has ``prompt`` (text or chat messages; ``messages`` is read too) and may have ``language``, ``id``,
    ``source`` and ``split``. ``language`` is the language of the *answer*.

    Args:
        path: the file; None for the bundled prompts (see ``PROMPT_LANGUAGES``).
        language: one code or several. Records that name a language are kept only if it is among them; records that
            name none are taken to be in it, which needs a single code.
        split: keep only this part, of files whose records have a ``split``; records without one belong to every part.

    Raises:
        UserError: naming file and line: a file or field is missing, a language is unknown, or no record is left.
    """
    if split not in ("train", "eval", "all"):
        raise UserError(f"split is {split!r}: choose train, eval or all")
    asked = [language] if isinstance(language, str) else list(language or ())
    wanted = tuple(get_language(code).code for code in asked)
    rows: Iterable[Row]
    if path is None:
        name, rows = "the bundled prompts", _bundled(wanted)
    else:
        name, rows = str(path), read_rows(path)
    records: list[PromptRecord] = []
    seen: dict[str, int] = {}
    for row in rows:
        code = _language_of(row, wanted)
        seen[code] = seen.get(code, 0) + 1
        if wanted and code not in wanted:
            continue
        if split != "all" and row.fields.get("split", split) not in (split, "all"):
            continue
        records.append(_record(row, len(records), code))
    if not records:
        raise UserError(_nothing_left(name, seen, wanted, split))
    return records


def _bundled(wanted: Sequence[str]) -> Iterator[Row]:
    if not wanted:
        raise UserError(f"the bundled prompts need a language: one of {', '.join(PROMPT_LANGUAGES)}")
    for code in wanted:
        if code not in PROMPT_LANGUAGES:
            raise UserError(
                f"no prompts are bundled for '{code}', only for {', '.join(PROMPT_LANGUAGES)}: give a file of prompts"
            )
        name = f"{code}.jsonl"
        with resources.files("tlpo.data").joinpath("prompts").joinpath(name).open("rb") as stream:
            for row in read_json_lines(stream, name):
                row.fields["language"] = code
                yield row


def _language_of(row: Row, wanted: Sequence[str]) -> str:
    named = row.fields.get("language")
    if named is None:
        if len(wanted) == 1:
            return wanted[0]
        raise UserError(f"{row.where}: no 'language': add the field, or name one language for all records")
    try:
        return get_language(str(named)).code
    except UserError as error:
        if wanted:
            return str(named)  # somebody else's language; the file may well be in many
        raise UserError(f"{row.where}: {error}") from None


def _record(row: Row, index: int, code: str) -> PromptRecord:
    fields = row.fields
    prompt = fields.get("prompt", fields.get("messages"))
    if prompt is None:
        have = ", ".join(map(str, fields)) or "nothing"
        raise UserError(f"{row.where}: no 'prompt' (nor 'messages'); the record has {have}")
    problem = problem_with(prompt)
    if problem:
        raise UserError(f"{row.where}: {problem}")
    name, source = fields.get("id"), fields.get("source")
    return PromptRecord(
        index=index,
        prompt=prompt,
        language=code,
        id=None if name is None else str(name),
        source=None if source is None else str(source),
        where=row.where,
    )


def _nothing_left(name: str, seen: dict[str, int], wanted: Sequence[str], split: str) -> str:
    if not seen:
        return f"{name}: no prompt in it: give at least one record"
    if wanted and not set(wanted) & set(seen):
        return f"{name}: no prompt for {', '.join(wanted)}: it has {', '.join(sorted(seen))}"
    return f"{name}: no prompt of the split '{split}'"
