"""Folders for output, and files that are replaced when the new one is whole: a kill leaves the old one as it was."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tlpo.errors import UserError, is_disk_full

_SURROGATE = re.compile("[\ud800-\udfff]")


def make_folder(path: Path, remedy: str = "give another output folder") -> None:
    """Make a folder to write into, with those above it, unless it is there.

    remedy: what the user can do where that does not work.

    Raises:
        UserError: as `check_folder`, or the system does not let it be made.
    """
    check_folder(path, remedy)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if is_disk_full(error):
            raise
        raise UserError(f"the folder {path} cannot be made ({error.strerror}): {remedy}") from None


def check_folder(path: Path, remedy: str = "give another output folder") -> None:
    """See whether a folder can be written into, or made, as far as that can be told without making it.

    Raises:
        UserError: it is a file, or lies in one, or it, or the nearest folder above it, cannot be written into.
    """
    # os.path says no where pathlib raises: below a folder that may not be looked into.
    there = next(place for place in (path, *path.parents) if os.path.exists(place))
    if not there.is_dir():
        raise UserError(f"{path} is a file, or lies in one: {remedy}")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"the folder {there} cannot be written into: {remedy}")


def holds_others(folder: Path, own: Collection[str] = ()) -> bool:
    """Whether a folder holds anything but files of these names; hidden ones do not count, nor a folder that is not."""
    return folder.is_dir() and any(
        not entry.name.startswith(".") and entry.name not in own for entry in folder.iterdir()
    )


def refuse_inputs(path: Path, *inputs: str | Path | None) -> None:
    """Refuse an output that is one of the other files given, which it would overwrite.

    Raises:
        UserError: naming it.
    """
    for given in inputs:
        if given is not None and _same(path, Path(given)):
            raise UserError(f"the output '{path}' is also given as another file: choose another name")


def _same(one: Path, other: Path) -> bool:
    """Whether two paths are one file, be it there yet or not."""
    if os.path.exists(one) and os.path.exists(other):
        return os.path.samefile(one, other)
    return os.path.realpath(one) == os.path.realpath(other)


def is_special(path: Path) -> bool:
    """Whether a path is there and neither a file nor a folder: a device or a pipe, which a rename would destroy."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to; it takes ``path``'s name when the block ends without an error.

    It is on the disk by then. After an error nothing of it is left. A link stays one: what it leads to is replaced. A
    device or a pipe is written through: it has nothing to lose, and the rename would put a file in its place.
    """
    if is_special(path):
        yield path
        return
    if os.path.islink(path):
        path = Path(os.path.realpath(path))
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
