"""The output folder that all `tlpo heads` commands share, and what it remembers.

    settings.json                 what decides the results, a section for each stage; the tasks and the seeds
    embeddings/TASK/seed-N/       task embeddings
    adapters/TASK/seed-N/         fitted selections, each with its embedding (`TaskAdapter.from_pretrained`)
    results.jsonl                 one line for each task, method and seed, written as it is done
    results.json, results.md      the table of `evaluate`
    analysis/                     `analyze`: patching.jsonl, analysis.json, report.html, figures/

A stage's section is fixed once it was used and anything was kept. Options that a later command leaves out are taken
from there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.errors import UserError
from tlpo.files import check_folder, holds_others, make_folder, write_json, write_text
from tlpo.runs.heads.records import Result, lines_of, read_results

if TYPE_CHECKING:
    from tlpo.head_selection.tasks import Task


class HeadsFolder:
    """Raises UserError when the folder holds something else, cannot be written into, or its settings are damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings_path, self.results_path = path / "settings.json", path / "results.jsonl"
        self.analysis = path / "analysis"
        check_folder(path)
        self._known = self._read()

    def claim(
        self,
        stage: str,
        given: Mapping[str, Any],
        defaults: Mapping[str, Any],
        *,
        keep: bool = True,
        called: Callable[[str], str] = str,
    ) -> dict[str, Any]:
        """The options of a stage: those given, else those the folder has from before, else the defaults.

        given: options that the user has set; None counts as not set. keep: whether the stage is used now, so that its
        options are fixed from here on. called: from a setting's name to that of its option.

        Raises UserError when an option was another before, and there are results.
        """
        before = self._known.get(stage, {})
        wanted = {name: value for name, value in given.items() if value is not None}
        told = [
            f"{called(name)} was {before[name]!r}, now {value!r}"
            for name, value in wanted.items()
            if name in before and before[name] != value
        ]
        if told and self._begun():
            raise UserError(f"{self.path} holds results with other settings ({'; '.join(told)}): give another --output")
        chosen = {**defaults, **before, **wanted}
        if keep:
            self._known[stage] = chosen
        return chosen

    def tasks(self, given: Sequence[str], load: Any) -> dict[str, Task]:
        """Load the tasks given, or else those that the folder knows, by name.

        load: from a task's path or name to the task.

        Raises UserError when there is none, two have one name, or one has changed since results were made with it.
        """
        known = self._known.setdefault("tasks", {})
        found: dict[str, Task] = {}
        for source in dict.fromkeys(given or [entry["source"] for entry in known.values()]):
            task = load(source)
            entry = {"source": str(source), "digest": digest_of(task)}
            if task.name in found:
                raise UserError(f"two tasks are named '{task.name}': rename one of the folders or files")
            if known.get(task.name, entry)["digest"] != entry["digest"] and self._begun():
                raise UserError(f"{self.path} holds results of another task '{task.name}': give another --output")
            found[task.name], known[task.name] = task, entry
        if not found:
            raise UserError("there is no task: give --task with a folder, a file or the name of a bundled task")
        return found

    def seeds(self, given: Sequence[int]) -> list[int]:
        """The seeds given, or else those that the folder knows, or else 0."""
        known = self._known.setdefault("seeds", [])
        chosen = list(dict.fromkeys(given or known or [0]))
        known += [seed for seed in chosen if seed not in known]
        return chosen

    def save(self) -> None:
        """Write the settings down: once they are known to be good and before the first result."""
        make_folder(self.path)
        write_json(self.settings_path, self._known)

    def embedding(self, task: str, seed: int) -> Path:
        """Where the task embedding lies, or will."""
        return self.path / "embeddings" / task / f"seed-{seed}"

    def adapter(self, task: str, seed: int) -> Path:
        """Where the fitted selection lies, or will."""
        return self.path / "adapters" / task / f"seed-{seed}"

    def _begun(self) -> bool:
        """Whether anything was kept that other settings would contradict."""
        kept = self.path / "embeddings", self.path / "adapters", self.results_path, self.analysis
        return any(place.exists() for place in kept)

    def _read(self) -> dict[str, Any]:
        if not self.settings_path.is_file():
            if holds_others(self.path):
                raise UserError(f"{self.path} holds other files and no results of 'tlpo heads': give a new --output")
            return {}
        try:
            known = dict(json.loads(self.settings_path.read_text(encoding="utf-8")))
            told = [text for entry in known["tasks"].values() for text in (entry["source"], entry["digest"])]
            sections = [value for name, value in known.items() if name != "seeds"]
            kinds = ((told, str), (known["seeds"], int), (sections, dict))
            if not all(isinstance(value, kind) for values, kind in kinds for value in values):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self.damaged() from None
        return known

    def damaged(self) -> UserError:
        """What to raise for settings that cannot be those of `tlpo heads`."""
        return UserError(f"{self.settings_path} is damaged, or another command's: give --output another folder")


class ResultsFile:
    """The results of a JSON-lines file, kept in memory and added to on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._results = {result.key: result for result in read_results(path)}
        if path.is_file():
            write_text(path, lines_of(self._results.values()))  # without what a kill left half-written

    def has(self, task: str, method: str, seed: int | None) -> bool:
        """Whether the result is there."""
        return (task, method, seed) in self._results

    def get(self, task: str, method: str, seed: int | None) -> Result:
        """The result; KeyError if it is not there."""
        return self._results[task, method, seed]

    def add(self, result: Result) -> None:
        """Append a result and see it onto the disk."""
        make_folder(self.path.parent)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(lines_of([result]))
            file.flush()
            os.fsync(file.fileno())
        self._results[result.key] = result

    def all(self) -> list[Result]:
        """Every result, in the order of the file."""
        return list(self._results.values())


def digest_of(task: Task) -> str:
    """A short digest of a task's examples."""
    splits = [[[item.input, item.output] for item in split] for split in (task.train, task.valid, task.test)]
    return hashlib.sha256(json.dumps(splits).encode()).hexdigest()[:16]
