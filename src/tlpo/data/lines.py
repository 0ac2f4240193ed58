"""Records to JSON lines, a file at a time: it appears when it is whole, and not before."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tlpo.errors import UserError

Write = Callable[[Mapping[str, Any]], None]


def to_line(values: Mapping[str, Any]) -> str:
    """One line without its newline; ASCII only where a lone surrogate could not be written otherwise.

    What JSON does not know (a date, say) is written as text.
    """
    line = json.dumps(values, ensure_ascii=False, default=str)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(values, default=str)
    return line


def check_output(path: Path, *inputs: str | Path | None) -> None:
    """Refuse an output that is no JSON-lines file, or one of the inputs; make its folder.

    Raises:
        UserError: naming what is wrong with it.
    """
    if path.is_dir() or path.suffix not in (".jsonl", ".ndjson"):
        raise UserError(f"the output '{path}' is no JSON-lines file: give a name that ends in .jsonl")
    for given in inputs:
        if given is not None and path.exists() and Path(given).exists() and path.samefile(given):
            raise UserError(f"the output '{path}' is the input: choose another name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write '{path}' ({error.strerror}): choose another output") from None


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Write]:
    """A function that writes one record; the file takes its name when the block ends without an error.

    Raises:
        UserError: the folder cannot be written.
    """
    building = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        stream = building.open("w", encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write '{path}' ({error.strerror}): choose another output") from None

    def write(values: Mapping[str, Any]) -> None:
        stream.write(to_line(values) + "\n")

    try:
        with stream:
            yield write
            stream.flush()
            os.fsync(stream.fileno())
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)


def write_json(path: Path, values: Any) -> None:
    """Write a JSON file; a reader sees the old one or the new one, never a part."""
    building = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        building.write_text(json.dumps(values, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)
