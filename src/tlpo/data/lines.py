"""Records to JSON lines, a file at a time: it appears when it is whole, and not before."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tlpo.errors import UserError
from tlpo.files import json_text, make_folder, refuse_inputs, replacing

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
    refuse_inputs(path, *inputs)
    make_folder(path.parent, "choose another output")


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
