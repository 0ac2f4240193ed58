"""A task's answers so far, so that an interrupted task goes on within itself.

One JSON line an answer, by lm-eval's own hash of the request. Answers are written batch by batch: lm-eval sorts
requests by length and takes batches of one size off that order, so that what is left of a task after whole batches is
batched as it would have been, and every figure is what an unbroken run gives.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tlpo.files import write_text


class Answers:
    """The answers kept in a file, which is created when the first are written.

    From a damaged or half-written line on they are dropped, and asked for again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: dict[str, Any] = {}
        self.known: dict[str, Any] = {}
        if path.is_file():
            text, whole = path.read_text(encoding="utf-8", errors="replace"), 0
            for line in text.split("\n")[:-1]:
                try:
                    key, answer = json.loads(line)
                except (ValueError, TypeError):
                    break
                self.known[key] = answer
                whole += len(line) + 1
            if whole < len(text):
                write_text(path, text[:whole])

    def add(self, key: str, answer: Any) -> None:
        """Remember an answer until its batch is done."""
        self._waiting[key] = answer

    def write(self) -> None:
        """Append the answers of a whole batch and see them onto the disk."""
        if not self._waiting:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(pair) + "\n" for pair in self._waiting.items()))
            file.flush()
            os.fsync(file.fileno())
        self.known |= self._waiting
        self._waiting = {}
