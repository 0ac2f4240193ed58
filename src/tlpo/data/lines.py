"""Records to JSON lines, a file at a time: it appears when it is whole, and not before."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tlpo.errors import UserError
from tlpo.files import json_text, make_folder, replacing

Write = Callable[[Mapping[str, Any]], None]


def to_line(values: Mapping[str, Any]) -> str:
    """One line without its newline; ASCII only where a lone surrogate could not be written otherwise.

    What JSON does not know (a date, say) is written as text.
    """
    return json_text(values, default=str)


def check_output(path: Path, *inputs: str | Path | None) -> None:
    """Refuse an output that is no JSON-lines file, or is one of the other files given; make its folder.

    Raises:
        UserError: naming what is wrong with it.
    """
    if os.path.isdir(path) or path.suffix not in (".jsonl", ".ndjson"):
        raise UserError(f"the output '{path}' is no JSON-lines file: give a name that ends in .jsonl")
    for given in inputs:
        if given is not None and _same(path, Path(given)):
            raise UserError(f"the output '{path}' is also given as another file: choose another name")
    make_folder(path.parent, "choose another output")


def _same(one: Path, other: Path) -> bool:
    """Whether two paths are one file, be it there yet or not."""
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Write]:
    """A function that writes one record; the file takes its name when the block ends without an error.

    Raises:
        UserError: the folder cannot be written.
    """
    with replacing(path) as building:
        try:
            stream = building.open("w", encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot write '{path}' ({error.strerror}): choose another output") from None
        with stream:
            yield lambda values: print(to_line(values), file=stream)
