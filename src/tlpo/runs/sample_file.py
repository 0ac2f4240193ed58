"""The file of sampled responses and the settings beside it: whose it is, how far it has come, and how it goes on."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tlpo.data import PromptRecord
from tlpo.data.lines import check_output, to_line
from tlpo.errors import UserError
from tlpo.files import write_json
from tlpo.provenance import git_commit, versions

Batch = list[tuple[PromptRecord, list[int]]]
"""Prompts that are sampled together, with their token ids."""


@dataclass(frozen=True)
class Sampled:
    """What `sample_responses` did.

    verdicts: responses by verdict, over the whole file. mixed: prompts with clean and confused responses, of which
    pairs can be made. resumed: responses that were there before.
    """

    path: Path
    prompts: int
    responses: int
    verdicts: Mapping[str, int]
    mixed: int
    resumed: int


class SampleFile:
    """``<name>.jsonl`` and ``<name>.settings.json``. Raises UserError when they cannot be written."""

    def __init__(self, path: Path) -> None:
        check_output(path)
        self.path, self.settings_path = path, path.with_suffix(".settings.json")
        self.resumed = 0

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other commands away from the file; the lock dies with the process."""
        lock = FileLock(self.path.with_name(f".{self.path.name}.lock"))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"another command is writing {self.path}: wait for it, or choose another --output"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def status(self, settings: Mapping[str, Any]) -> str:
        """What the file holds of these settings' responses: "new" (nothing), "running" or "finished".

        Raises UserError when it holds other responses.
        """
        empty = not self.path.exists() or not self.path.stat().st_size
        if not self.settings_path.is_file():
            if self.path.exists():
                raise UserError(f"{self.path} is there already, without its settings: choose another --output")
            return "new"
        try:
            known = json.loads(self.settings_path.read_text(encoding="utf-8"))
            differing = [name for name in settings if known["settings"].get(name) != settings[name]]
            status = str(known["status"])
        except (ValueError, KeyError, AttributeError, TypeError):
            raise UserError(f"{self.settings_path} is damaged: choose another --output") from None
        if empty:
            return "new"
        if differing:
            told = ", ".join(
                f"{name} was {known['settings'].get(name)!r}, now {settings[name]!r}" for name in differing
            )
            raise UserError(f"{self.path} already holds other responses ({told}): choose another --output")
        return status

    def note(self, settings: Mapping[str, Any], status: str) -> None:
        """Write the settings down, and "running" or "finished"."""
        values = {"status": status, "settings": settings, "versions": versions(), "git_commit": git_commit()}
        write_json(self.settings_path, values)

    def keep_whole(self, batches: Sequence[Batch]) -> int:
        """Cut the file back to whole batches of the order given; returns how many there are.

        Raises UserError when a line is of another prompt.
        """
        if not self.path.exists():
            return 0
        whole, end, position = 0, 0, 0
        with self.path.open("rb") as lines:
            for batch in batches:
                for prompt, _ in batch:
                    line = lines.readline()
                    if not line.endswith(b"\n"):
                        break
                    position += len(line)
                    self._check(line, prompt, position)
                else:
                    whole, end = whole + 1, position
                    continue
                break
        os.truncate(self.path, end)
        return whole

    def append(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Add lines at the end and see them onto the disk."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{to_line(record)}\n" for record in records))
            file.flush()
            os.fsync(file.fileno())

    def summary(self) -> Sampled:
        """Count the verdicts, a line at a time."""
        verdicts: Counter[str] = Counter(dict.fromkeys(("clean", "confused", "undecided"), 0))
        prompts = mixed = 0
        with self.path.open("rb") as lines:
            for line in lines:
                found = [response["verdict"] for response in json.loads(line)["responses"]]
                verdicts.update(found)
                prompts, mixed = prompts + 1, mixed + ("clean" in found and "confused" in found)
        return Sampled(self.path, prompts, verdicts.total(), dict(verdicts), mixed, self.resumed)

    def _check(self, line: bytes, prompt: PromptRecord, position: int) -> None:
        try:
            found = json.loads(line)["id"]
        except (ValueError, KeyError, TypeError):
            found = None
        if found != name_of(prompt):
            raise UserError(
                f"{self.path}: the line that ends at byte {position} is not of the prompt '{name_of(prompt)}': the "
                "file was changed; choose another --output"
            )


def name_of(prompt: PromptRecord) -> str:
    """What a prompt is called in the files: its id, else its place among the prompts."""
    return prompt.id if prompt.id is not None else str(prompt.index)
