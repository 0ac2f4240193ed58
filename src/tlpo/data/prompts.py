"""Prompts from a file, or the project's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal

from tlpo.data.fields import names_prompt, prompt_in
from tlpo.data.records import PromptRecord, problem_with
from tlpo.data.rows import Row, read_json_lines, read_rows
from tlpo.errors import UserError, at
from tlpo.languages import get_language, language_called

Split = Literal["train", "eval", "all"]

PROMPT_LANGUAGES = ("ar", "de", "en", "es", "fr", "hi", "id", "it", "ja", "ko", "pt", "ru", "tr", "vi", "zh")


def load_prompts(
    path: str | Path | None = None,
    *,
    language: str | Sequence[str] | None = None,
    split: Split = "all",
    table: tuple[str | None, str | None] = (None, None),
) -> list[PromptRecord]:
    """Load prompts from a file (JSONL, JSON, CSV, TSV, TXT, each also ``.gz``; Parquet), or the bundled ones.

    A record has ``prompt`` (text or chat messages; see `tlpo.data.fields.prompt_in` for the other names it may have)
    and may have ``language`` (that of the *answer*), ``id``, ``source``, ``setting``, ``split`` and a reference answer.

    Args:
        path: the file; None for the bundled prompts (see ``PROMPT_LANGUAGES``).
        language: one code or several. Records that name a language are kept only if it is among them; records that
            name none are taken to be in it, which needs a single code.
        split: keep only this part, of files whose records have a ``split``; records without one belong to every part.
        table: which split and which configuration of a data set that has several (of ``datasets``).

    Raises:
        UserError: naming file and line: a file or field is missing, a language is unknown, or no record is left.
    """
    wanted = known_codes(language)
    rows = None if path is None else read_rows(path, split=table[0], subset=table[1])
    seen: dict[str, int] = {}
    records = [
        prompt_record(row, index, code)
        for index, (row, code) in enumerate(chosen_rows(rows, language=wanted, split=split, seen=seen))
    ]
    if not records:
        raise UserError(nothing_left("the bundled prompts" if path is None else str(path), seen, wanted, split))
    return records


def known_codes(language: str | Sequence[str] | None) -> tuple[str, ...]:
    """The codes of the table of languages for those asked for. Raises UserError for an unknown one."""
    asked = [language] if isinstance(language, str) else list(language or ())
    return tuple(get_language(code).code for code in asked)


def chosen_rows(
    rows: Iterable[Row] | None, *, language: Sequence[str], split: Split = "all", seen: dict[str, int] | None = None
) -> Iterator[tuple[Row, str]]:
    """The rows (None: the bundled ones) of these languages and this split, as they come, each with its language's code.

    seen: filled in with the number of rows of each language, chosen or not.

    Raises UserError as `load_prompts` does, but for records without a usable prompt.
    """
    if split not in ("train", "eval", "all"):
        raise UserError(f"split is {split!r}: choose train, eval or all")
    seen = {} if seen is None else seen
    for row in _bundled(language) if rows is None else rows:
        code = _language_of(row, language)
        seen[code] = seen.get(code, 0) + 1
        if language and code not in language:
            continue
        if split == "all" or row.fields.get("split", split) in (split, "all"):
            yield row, code


def prompt_record(row: Row, index: int, code: str) -> PromptRecord:
    """The prompt of a row, whose answer's language is ``code``.

    Raises UserError, naming file and line, when the row has no prompt, an empty one, or one of another kind.
    """
    fields = row.fields
    prompt, answer = prompt_in(fields)
    if prompt is None:
        if names_prompt(row):
            raise UserError(f"{row.where}: the prompt is empty: fill it in, or let 'tlpo data filter' drop the record")
        have = ", ".join(map(str, row.names)) or "nothing"
        raise UserError(
            f"{row.where}: no 'prompt' (nor 'messages', 'conversations' or 'instruction'); the record has {have}: "
            "'tlpo data filter --prompt_field NAME' reads another field"
        )
    problem = problem_with(prompt)
    if problem:
        raise UserError(f"{row.where}: {problem}")
    name, source, setting = (None if (value := fields.get(key)) is None else str(value)
                             for key in ("id", "source", "setting"))  # fmt: skip
    return PromptRecord(
        index=index,
        prompt=prompt,  # type: ignore[arg-type]  # problem_with has looked at it
        language=code,
        id=name,
        source=source,
        where=row.where,
        answer=answer,
        setting=setting,
    )


def nothing_left(name: str, seen: Mapping[str, int], wanted: Sequence[str], split: str) -> str:
    """Why no prompt of a file was chosen, in one line. name: the file's; the others as in `chosen_rows`."""
    if not seen:
        return f"{name}: no prompt in it: give at least one record"
    if wanted and not set(wanted) & set(seen):
        return f"{name}: no prompt for {', '.join(wanted)}: it has {', '.join(sorted(seen))}"
    return f"{name}: no prompt of the split '{split}'"


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
    code = _code_of(str(named))
    if code is None and not wanted:
        with at(row.where):
            get_language(str(named))
    return code or str(named)  # maybe somebody else's language; the file may well be in many


@lru_cache(maxsize=1000)
def _code_of(named: str) -> str | None:
    """The code of a language by its code or its English name; None of one that is not known."""
    called = language_called(named)
    try:
        return called.code if called else get_language(named).code
    except UserError:
        return None
