"""An evaluation's output folder: settings.json, evaluation.json, and one file of items a part.

The settings are written first and compared when the folder is met again: an interrupted evaluation goes on, and two
different ones never mix. evaluation.json is written anew after each part, whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tlpo.errors import UserError
from tlpo.evaluation.claim import is_begun
from tlpo.evaluation.parts import Item, read_items, write_items
from tlpo.files import write_json

SCHEMA = 1


class EvaluationFolder:
    """The folder of one evaluation. Raises UserError when it already holds something else.

    path: created if need be. identity: what decides the figures, by name.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self.settings_path, self.report_path = path / "settings.json", path / "evaluation.json"
        self._claim(dict(identity))

    def add_items(self, name: str, items: Sequence[Item]) -> str:
        """Write a part's items; returns the file's path relative to the folder."""
        relative = f"items/{_file_name(name)}.jsonl"
        (self.path / "items").mkdir(exist_ok=True)
        write_items(self.path / relative, items)
        return relative

    def write_report(self, report: Mapping[str, Any]) -> None:
        """Write evaluation.json."""
        write_json(self.report_path, report)

    def _claim(self, identity: dict[str, Any]) -> None:
        items, remedy = self.path / "items", "give --output a new or empty folder"
        if is_begun(self.settings_path, items, "evaluation", remedy):
            self._compare(identity)
        write_json(self.settings_path, identity)

    def _compare(self, identity: Mapping[str, Any]) -> None:
        try:
            known = json.loads(self.settings_path.read_text(encoding="utf-8"))
            differing = [name for name in identity if known.get(name) != identity[name]]
        except (ValueError, AttributeError) as error:
            raise UserError(f"{self.settings_path} is damaged: give --output another folder") from error
        if differing and (self.path / "items").exists():  # else nothing was measured yet, and nothing is lost
            told = ", ".join(f"{name} was {known.get(name)!r}, now {identity[name]!r}" for name in differing)
            raise UserError(f"{self.path} already holds another evaluation ({told}): give --output another folder")


def read_evaluation(folder: Path) -> dict[str, Any]:
    """The contents of a folder's evaluation.json. Raises UserError when there is none, or one of another kind."""
    path = folder / "evaluation.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        schema = found["schema"]
    except FileNotFoundError:
        raise UserError(
            f"{folder} holds no evaluation (no evaluation.json): give the --output of 'tlpo evaluate'"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no evaluation ({error!r})") from None
    if schema != SCHEMA:
        raise UserError(f"{path} has schema {schema}, not {SCHEMA}: evaluate again with this version")
    return dict(found)


def evaluation_items(folder: Path, report: Mapping[str, Any], part: str, name: str) -> list[Item] | None:
    """The items of a part ("consistency", "capability", "nll", "kl_from_base") of a folder; None if it has none."""
    relative = report["items"].get(part, {}).get(name)
    if relative is None:
        return None
    try:
        return read_items(folder / relative)
    except OSError as error:
        raise UserError(f"{folder / relative} cannot be read ({error.strerror}): evaluate again") from None


def _file_name(name: str) -> str:
    """Names of tasks may hold characters that a file's name should not."""
    return "".join(character if character.isalnum() or character in "-_." else "_" for character in name)
