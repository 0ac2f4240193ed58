"""What is wrong with a text file that is read, and where in it."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tlpo.errors import UserError


def check_header(columns: Sequence[str], name: str) -> None:
    """Refuse the header of the table ``name`` if two columns share a name, so that one of them would be passed over.

    Raises:
        UserError: naming it.
    """
    repeated = [f"'{column}'" for column, count in Counter(columns).items() if column and count > 1]
    if repeated:
        raise UserError(f"{name}, line 1: more than one column is called {', '.join(repeated)}: rename or remove one")


def not_utf8(path: Path) -> str:
    """For a file, gzipped or not, that turned out not to be UTF-8: on which line, and what to do."""
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    with suppress(OSError, EOFError, zlib.error), opener(path, "rb") as lines:  # it may be damaged besides
        for number, line in enumerate(lines, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return f"line {number}: not UTF-8 (byte {error.start + 1} of the line): save the file as UTF-8"
    return "not UTF-8: save the file as UTF-8"
