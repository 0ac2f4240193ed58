"""An audit's output folder: settings.json, responses.jsonl, audit.json, report.html.

The settings are written first and compared when the folder is met again, so that an interrupted audit goes on and
two different ones never mix. Files are replaced whole, but for the responses, which are appended to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tlpo.errors import UserError
from tlpo.evaluation.claim import is_begun
from tlpo.evaluation.records import ResponseRecord, read_records
from tlpo.evaluation.settings import differences
from tlpo.files import write_json, write_text


class AuditFolder:
    """The folder of one audit. Raises UserError when it already holds something else.

    path: created if need be. identity: what decides the responses (see `AuditSettings.identity`).
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self.settings_path, self.responses_path = path / "settings.json", path / "responses.jsonl"
        self.audit_path, self.report_path = path / "audit.json", path / "report.html"
        self._claim(dict(identity))

    def kept(self) -> list[ResponseRecord]:
        """The responses already there, each (prompt, sample) once."""
        if not self.responses_path.exists():
            return []
        return list({(record.index, record.sample): record for record in read_records(self.responses_path)}.values())

    def replace(self, records: Sequence[ResponseRecord]) -> None:
        """Make these the folder's responses."""
        write_text(self.responses_path, "".join(record.to_json() + "\n" for record in records))

    def append(self, records: Iterable[ResponseRecord]) -> None:
        """Add responses at the end and see them onto the disk."""
        with self.responses_path.open("a", encoding="utf-8") as file:
            file.write("".join(record.to_json() + "\n" for record in records))
            file.flush()
            os.fsync(file.fileno())

    def _claim(self, identity: dict[str, Any]) -> None:
        if is_begun(self.settings_path, self.responses_path, "audit", "give a new or empty output folder"):
            self._compare(identity)
        else:
            write_json(self.settings_path, identity)

    def _compare(self, identity: dict[str, Any]) -> None:
        try:
            known = json.loads(self.settings_path.read_text(encoding="utf-8"))
            differing = differences(known, identity)
        except (ValueError, AttributeError) as error:
            raise UserError(f"{self.settings_path} is damaged: give another output folder") from error
        if differing and not self.kept():
            write_json(self.settings_path, identity)  # nothing was sampled yet: nothing is lost
        elif differing:
            told = ", ".join(f"{name} was {known.get(name)!r}, now {identity[name]!r}" for name in differing)
            raise UserError(f"{self.path} already holds another audit ({told}): give another output folder")
