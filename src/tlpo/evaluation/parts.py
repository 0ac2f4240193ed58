"""The parts of an evaluation, each done once: results kept by a hash of everything that decides them.

A part's key is made of contents (of weights, prompts, settings), never of names: a renamed model finds its results, and
one changed weight does not. While a part is worked on, its folder holds what is done so far, so that an interrupted
evaluation goes on, from whatever output folder it is asked for:

    <cache>/<kind>-<key>/
        inputs.json     what the key is made of
        work            folder of what is done so far; removed at the end
        items.jsonl     one line a response or question
        facts.json      what else came of it; written last: the part is then complete
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlpo import __version__
from tlpo.errors import UserError
from tlpo.files import json_text, make_folder, write_json, write_text
from tlpo.modeling.cache import locked

logger = logging.getLogger(__name__)

Item = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """kind: what is measured, for the folder's name. inputs: JSON values, everything that decides the result."""

    kind: str
    inputs: Mapping[str, Any]

    @property
    def described(self) -> dict[str, Any]:
        """The inputs, with the version of this package that reads them."""
        return {"kind": self.kind, "tlpo": __version__, **self.inputs}

    @property
    def key(self) -> str:
        """SHA-256 of the inputs, 32 hexadecimal digits of it."""
        return digest(self.described)[:32]


@dataclass(frozen=True)
class PartResult:
    """items: one a response, line or question, in order. facts: what is true of all together. Both hold JSON values."""

    items: list[Item]
    facts: dict[str, Any] = field(default_factory=dict)


class PartCache:
    """Results by content. root: a folder, created if need be, that any number of evaluations share."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, part: Part) -> Path:
        """Where a part's results lie."""
        return self.root / f"{part.kind}-{part.key}"

    def found(self, part: Part) -> PartResult | None:
        """The part's result if it is complete."""
        folder = self.folder(part)
        try:
            facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
            items = read_items(folder / "items.jsonl")
        except (OSError, ValueError, UserError):
            return None
        return PartResult(items, facts["facts"]) if len(items) == facts["items"] else None

    def get(self, part: Part, compute: Callable[[Path], PartResult]) -> PartResult:
        """The part's result, computed unless it is there.

        compute: is given a folder for what it has done so far, which it may find filled.

        Raises:
            UserError: the folder cannot be made or written into.
        """
        if (kept := self.found(part)) is not None:
            return kept
        folder = self.folder(part)
        make_folder(folder / "work", "give --cache another folder")
        with locked(folder / "lock", f"measuring the same ({folder.name})"):
            if (kept := self.found(part)) is not None:  # another process did it while this one waited
                return kept
            write_json(folder / "inputs.json", part.described)
            result = compute(folder / "work")
            write_items(folder / "items.jsonl", result.items)
            write_json(folder / "facts.json", {"items": len(result.items), "facts": result.facts})
            shutil.rmtree(folder / "work", ignore_errors=True)
        return result


def digest(value: Any) -> str:
    """SHA-256 (hexadecimal) of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def write_items(path: Path, items: Iterable[Item]) -> None:
    """Write one JSON object a line, whole or not at all."""
    write_text(path, "".join(json_text(item) + "\n" for item in items))


def read_items(path: Path) -> list[Item]:
    """The objects of a file of JSON lines. Raises UserError naming a broken line."""
    items = []
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            try:
                items.append(json.loads(line))
            except ValueError as error:
                raise UserError(f"{path}, line {number}: not JSON ({error}); evaluate again") from None
    return items
