"""Files to rows: JSON lines, JSON, CSV, TSV, plain text (each also gzipped), Parquet and Hugging Face data sets.

A row is a mapping of fields with the place it came from, so that every later complaint can name file and line.
Reading is lazy: no file is ever held in memory whole.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from tlpo.data.json_stream import json_values
from tlpo.data.tables import is_hub_id, table_rows
from tlpo.errors import UserError
from tlpo.input_files import check_header, not_utf8

_TABLES = (".parquet", ".arrow")
_CSV_FIELD_LIMIT = 10**8  # characters; the csv module's own limit of 131,072 is short of a long chat


@dataclass(frozen=True)
class Row:
    """Fields of one record and where it stands, e.g. ``prompts.jsonl, line 12``.

    blank: columns of a table in which the record has nothing; they are no fields.
    """

    where: str
    fields: dict[str, Any]
    blank: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All that the record could have named: its fields, and the columns that it leaves blank."""
        return (*self.fields, *self.blank)


def read_rows(
    path: str | Path,
    *,
    split: str | None = None,
    subset: str | None = None,
    opened: Callable[[BinaryIO], None] | None = None,
) -> Iterator[Row]:
    """The rows of a file, by its suffix, or of a data set; a text file gives rows with the one field ``prompt``.

    Args:
        path: a file, a folder with a data set (saved by ``datasets``, or holding data files), or a data set of the hub
            ("owner/name").
        split, subset: which split and configuration of a data set that has several.
        opened: called with the open file (of a gzip file, the compressed one), whose position tells how far it is read.

    Raises:
        UserError: the file is missing, of an unknown kind, not UTF-8, or one of its records cannot be parsed.
    """
    name, path = str(path), Path(path)
    suffix = (path.suffixes[-2] if path.suffix == ".gz" and len(path.suffixes) > 1 else path.suffix).lower()
    is_table = suffix in _TABLES
    if not name or (is_table and not path.is_dir()):
        require_file(name)
    if is_table or path.is_dir() or (suffix not in _READERS and is_hub_id(name)):
        for number, fields in table_rows(name, split, subset):
            yield _row_of_table(f"{name}, record {number}", fields)
        return
    reader = _READERS.get(suffix)
    if reader is None:
        require_file(path)
        known = ", ".join([*sorted(_READERS), ".parquet"])
        raise UserError(f"cannot tell what kind of file '{path}' is from its name: use one of {known} (.gz may follow)")
    with open_binary(path) as stream:
        if opened is not None:
            opened(getattr(stream, "fileobj", None) or stream)
        yield from _guarded(reader(stream, str(path)), str(path))


def require_file(path: str | Path) -> None:
    """Raise a UserError unless ``path`` is a file."""
    if not Path(path).is_file():
        kind = "is a folder, not a file" if str(path) and Path(path).is_dir() else "does not exist"
        raise UserError(f"the file '{path}' {kind}: check the path")


def open_binary(path: str | Path) -> BinaryIO:
    """Open a file for reading bytes, through gzip if its name ends in ``.gz``.

    Raises:
        UserError: it is missing, a folder, or may not be read.
    """
    require_file(path)
    path = Path(path)
    try:
        return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
    except PermissionError:
        raise UserError(f"the file '{path}' may not be read: check its permissions") from None


def read_json_lines(stream: Iterable[bytes], name: str, field: str = "prompt") -> Iterator[Row]:
    """One row for each line that holds a JSON object; blank lines are skipped.

    Only a line feed ends a line: other Unicode line separators may stand inside a JSON string. field: one that the
    records should have, for the message.

    Raises:
        UserError: naming ``name`` and the line, when a line is not UTF-8, not JSON, or not an object.
    """
    for number, line in enumerate(stream, start=1):
        where = f"{name}, line {number}"
        text = _decoded(line, where).strip(" \t\r\n")
        if text:
            yield Row(where, _json_object(text, where, field))


def _json_object(text: str, where: str, field: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UserError(f"{where}: not JSON ({error}): {text[:60]!r}; every line must be one JSON object") from None
    except RecursionError:
        raise UserError(f"{where}: not usable JSON: nested too deeply") from None
    if not isinstance(value, dict):
        raise UserError(f'{where}: {text[:60]!r} is not a JSON object: write it as {{"{field}": ...}} or the like')
    return value


def _decoded(line: bytes, where: str) -> str:
    try:
        return line.decode("utf-8-sig" if where.endswith(" line 1") else "utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{where}: not UTF-8 (byte {error.start + 1} of the line): save the file as UTF-8") from None


def _json_rows(stream: BinaryIO, name: str) -> Iterator[Row]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig")
    number = 0
    try:
        for number, value in enumerate(json_values(text), start=1):
            fields = {"prompt": value} if isinstance(value, str) else value
            if not isinstance(fields, dict):
                raise UserError(f"{name}, record {number}: {value!r:.60} is neither an object nor text")
            yield Row(f"{name}, record {number}", fields)
    except json.JSONDecodeError as error:
        raise UserError(f"{name}: not JSON after record {number} ({error.msg}): give one list of records") from None
    except RecursionError:
        raise UserError(f"{name}, record {number + 1}: not usable JSON: nested too deeply") from None
    finally:
        text.detach()  # or it would close the stream, which is not its own


def _delimited(delimiter: str) -> Callable[[BinaryIO, str], Iterator[Row]]:
    def rows(stream: BinaryIO, name: str) -> Iterator[Row]:
        csv.field_size_limit(min(_CSV_FIELD_LIMIT, sys.maxsize))
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        reader = csv.DictReader(text, delimiter=delimiter)
        try:
            check_header(reader.fieldnames or (), name)
            for fields in reader:
                where = f"{name}, line {reader.line_num}"
                if None in fields:
                    raise UserError(f"{where}: more fields than the header has columns: quote fields that hold commas")
                yield _row_of_table(where, {key: value or None for key, value in fields.items()})
        except csv.Error as error:
            raise UserError(f"{name}, line {reader.line_num}: not CSV ({error})") from None
        finally:
            text.detach()  # or it would close the stream, which is not its own

    return rows


def _row_of_table(where: str, cells: Mapping[str, Any]) -> Row:
    filled = {name: cell for name, cell in cells.items() if cell is not None}
    return Row(where, filled, tuple(name for name in cells if name not in filled))


def _text_rows(stream: BinaryIO, name: str) -> Iterator[Row]:
    for number, line in enumerate(stream, start=1):
        text = _decoded(line, f"{name}, line {number}").strip()
        if text:
            yield Row(f"{name}, line {number}", {"prompt": text})


def _guarded(rows: Iterator[Row], name: str) -> Iterator[Row]:
    """Turn what a damaged file raises while it is read into one line."""
    try:
        yield from rows
    except UnicodeDecodeError:
        raise UserError(f"{name}, {not_utf8(Path(name))}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(f"{name}: a damaged gzip file ({error})") from None


_READERS: dict[str, Callable[[BinaryIO, str], Iterator[Row]]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": _json_rows,
    ".csv": _delimited(","),
    ".tsv": _delimited("\t"),
    ".txt": _text_rows,
}
