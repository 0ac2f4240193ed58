"""Records of a JSON file one after another, so that a file of any size takes the memory of one record.

A file holds one list of records, or records one after another (JSON lines under the name ``.json``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

_BLOCK = 1 << 18
_SPACE = " \t\r\n"
_AFTER_NUMBER = tuple(f"{_SPACE},]")


def json_values(text: TextIO) -> Iterator[Any]:
    """The values of a list, or of a file with one value after another.

    Raises:
        ValueError: what is there is not JSON (``json.JSONDecodeError``), or something follows the list.
        RecursionError: a value is nested too deeply.
    """
    reader = _Reader(text)
    is_list = reader.skip("[")
    if is_list and reader.skip("]"):
        reader.end()
        return
    while is_list or reader.peek():
        yield reader.value()
        if is_list and not reader.skip(","):
            reader.expect("]")
            reader.end()
            return


class _Reader:
    """A buffer over the text: decoded values leave it at its front, blocks come in at its end."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._buffer, self._at, self._size = text, "", 0, _BLOCK
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            while self._at < len(self._buffer) and self._buffer[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def skip(self, mark: str) -> bool:
        """Pass over ``mark`` if it comes next."""
        found = self.peek() == mark
        self._at += found
        return found

    def expect(self, mark: str) -> None:
        if not self.skip(mark):
            raise json.JSONDecodeError(f"Expecting ',' or '{mark}'", self._buffer, self._at)

    def end(self) -> None:
        if self.peek():
            raise json.JSONDecodeError("Extra data", self._buffer, self._at)

    def value(self) -> Any:
        """The next value; more is read until it is whole."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError:
                if self._more():
                    continue
                raise
            # What looks like a number may go on: the "12" of 12, 12.5 and 12e5.
            whole = not isinstance(value, int | float) or self._buffer[end : end + 1] in _AFTER_NUMBER
            if whole or not self._more():
                self._at, self._size = end, _BLOCK
                return value

    def _more(self) -> bool:
        """Read another block, each twice the last while one value lasts: long values are not decoded time and again."""
        block = self._text.read(self._size)
        self._size *= 2
        self._buffer, self._at = self._buffer[self._at :] + block, 0
        return bool(block)
