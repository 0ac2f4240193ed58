"""Files that are replaced when the new one is whole: a kill or a full disk leaves the old one as it was."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to; it takes ``path``'s name when the block ends without an error.

    It is on the disk by then. After an error nothing of it is left.
    """
    building = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield building
        with building.open("rb") as written:
            os.fsync(written.fileno())
        building.replace(path)
    finally:
        with suppress(OSError):  # a path that cannot be written to cannot be cleaned up either: that is told already
            building.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file."""
    with replacing(path) as building:
        building.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole binary file."""
    with replacing(path) as building:
        building.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Write a whole JSON file, indented."""
    write_text(path, json_text(value, indent=2) + "\n")


def json_text(value: Any, *, indent: int | None = None, default: Callable[[Any], Any] | None = None) -> str:
    """JSON in its own letters; ASCII only where a lone surrogate could not be written otherwise.

    default: what becomes of values that JSON does not know; without it they raise TypeError.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=default)
    return json.dumps(value, indent=indent, default=default) if _SURROGATE.search(text) else text
