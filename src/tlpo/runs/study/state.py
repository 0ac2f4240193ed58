"""What is known of a stage's past: whether it is done, how long it took, and how it ended."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tlpo.errors import UserError
from tlpo.files import check_folder, holds_others, write_json
from tlpo.runs.study.plan import EVALUATIONS, Stage

DONE, FAILED, STOPPED, NEW = "done", "failed", "stopped", "new"

_OF_A_STUDY = ("cells", "prompts/validation.jsonl", "choices.json")  # any of them; the rest may be whose it will


def check_study_folder(root: Path) -> None:
    """See whether a study may work in a folder: one that is not there yet, an empty one, or one of a study.

    Raises:
        UserError: it holds other files and no study, or cannot be written into.
    """
    check_folder(root)
    if holds_others(root) and not any((root / name).exists() for name in _OF_A_STUDY):
        raise UserError(f"{root.absolute()} holds other files and no study: give --output a new or empty folder")


@dataclass(frozen=True)
class Record:
    """status: one of the above. seconds: at work, over all attempts. reason: the last line of a failure."""

    status: str = NEW
    seconds: float = 0.0
    attempts: int = 0
    reason: str = ""


class States:
    """The records of a study's stages, each kept in its stage's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def record(self, stage: Stage) -> Record:
        """What is known; a new record where nothing is, or where what is there cannot be read."""
        try:
            found: dict[str, Any] = json.loads((stage.folder(self.root) / "stage.json").read_text(encoding="utf-8"))
            return Record(found["status"], found["seconds"], found["attempts"], found["reason"])
        except (OSError, ValueError, KeyError, TypeError):
            return Record()

    def save(self, stage: Stage, record: Record) -> None:
        """Write the record with what identifies the stage."""
        told = {
            "label": stage.label, "kind": stage.kind, "status": record.status, "seconds": round(record.seconds, 1),
            "attempts": record.attempts, "reason": record.reason, "identity": stage.identity,
        }  # fmt: skip
        folder = stage.folder(self.root)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "stage.json", told)

    def done(self, stage: Stage) -> bool:
        """Whether it has been done. A model or data may have been cleared away since; an evaluation is still read."""
        if self.record(stage).status != DONE:
            return False
        return stage.kind not in EVALUATIONS or (stage.result(self.root) / "evaluation.json").is_file()

    def usable(self, stage: Stage) -> bool:
        """Whether it is done and its result is there."""
        return self.done(stage) and stage.result(self.root).exists()

    def clear_weights(self, stage: Stage) -> None:
        """Delete a trained model and its checkpoints; the run's records stay."""
        run = stage.result(self.root).parent
        for folder in (run / "final", *run.glob("checkpoint-*")):
            shutil.rmtree(folder, ignore_errors=True)

    def clear_checkpoints(self, stage: Stage) -> None:
        """Delete what a finished training no longer needs: the checkpoint that an interruption left."""
        for folder in stage.result(self.root).parent.glob("checkpoint-*"):
            shutil.rmtree(folder, ignore_errors=True)
