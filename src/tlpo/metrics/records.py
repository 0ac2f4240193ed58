"""Reading responses to score, one at a time: CSV as the Language Confusion Benchmark publishes them, or JSON lines.

Columns (JSON keys): `completion` and `language` are needed; `model`, `task` (or `setting`) and `source` are optional.
A JSON line may call the completion `response`. Other columns are passed over. Files may end in `.gz`.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from tlpo.errors import UserError, at, did_you_mean
from tlpo.input_files import check_header, not_utf8
from tlpo.languages import get_language

FORMATS = (".csv", ".jsonl", ".csv.gz", ".jsonl.gz")
_WHOLE_FIELD = 2**31 - 1  # the csv module's own limit is 128 KiB a field


@dataclass(frozen=True, slots=True)
class Response:
    """One response and where it belongs. setting: LCB's `task`, "monolingual" or "crosslingual"."""

    model: str
    setting: str
    source: str
    language: str
    text: str


def read_responses(paths: Sequence[str | Path], *, language: str | None = None) -> Iterator[Response]:
    """The responses of several files, in order, read as they are asked for.

    language: the language of files that have no such column.

    Raises:
        UserError: a language is unknown, or a file is missing, of another kind, or broken; the message names the file
            and the line.
    """
    if language is not None:
        get_language(language)
    for path in paths:
        yield from _read_file(Path(path), language)


def _read_file(path: Path, language: str | None) -> Iterator[Response]:
    name = path.name.lower()
    if not name.endswith(FORMATS):
        hint = did_you_mean("".join(path.suffixes[-2:]), FORMATS)
        raise UserError(f"cannot read '{path}': the name should end in one of {', '.join(FORMATS)}{hint}")
    rows = _csv_rows if name.removesuffix(".gz").endswith(".csv") else _json_rows
    model = path.name[: -len(next(ending for ending in reversed(FORMATS) if name.endswith(ending)))]
    with _opened(path) as file:
        for line, row in rows(path, file):
            yield _response(row, f"{path}, line {line}", model, language)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The file as text; what goes wrong while it is read becomes a UserError."""
    try:
        opener: Any = gzip.open if path.suffix.lower() == ".gz" else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError:
        raise UserError(f"{path}, {not_utf8(path)}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"cannot read '{path}': broken gzip file ({error}); copy it again") from None
    except OSError as error:
        raise UserError(f"cannot read '{path}': {error.strerror or error}") from None


def _csv_rows(path: Path, file: TextIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(_WHOLE_FIELD)
    reader = csv.DictReader(file, strict=True)
    first = 1
    try:
        header = reader.fieldnames or []
        if "completion" not in header:
            hint = did_you_mean("completion", header)
            raise UserError(f"{path}, line 1: no column 'completion' in the header{hint}; it has: {', '.join(header)}")
        check_header(header, str(path))
        first = reader.line_num + 1
        for row in reader:
            if None in row or None in row.values():
                raise UserError(f"{path}, line {first}: the row has not as many fields as the header ({len(header)})")
            yield first, row
            first = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path}, line {first}: not CSV ({error}); quote fields that hold commas") from None


def _json_rows(path: Path, file: TextIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}, line {number}: not JSON ({error}); write one object a line") from None
        if not isinstance(row, dict):
            raise UserError(f"{path}, line {number}: a {type(row).__name__} where an object is wanted")
        yield number, row


def _response(row: Mapping[str, Any], where: str, model: str, language: str | None) -> Response:
    name = next((name for name in ("completion", "response") if name in row), None)
    if name is None:
        have = ", ".join(row) or "no field at all"
        raise UserError(f"{where}: no field 'completion' or 'response'{did_you_mean('completion', row)}; it has {have}")
    text = row[name]
    if not isinstance(text, str):
        raise UserError(f"{where}: '{name}' should be text, not {text!r:.40}")
    target = row.get("language") or language
    if not isinstance(target, str) or not target.strip():
        raise UserError(f"{where}: no language; add a column 'language' or give --language")
    with at(where):
        get_language(target)
    return Response(
        model=str(row.get("model") or model),
        setting=str(row.get("task") or row.get("setting") or "all"),
        source=str(row.get("source") or "unknown"),
        language=target.strip(),
        text=text,
    )
