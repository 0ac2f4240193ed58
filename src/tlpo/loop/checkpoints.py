"""Checkpoints that survive a kill at any moment.

A checkpoint folder counts only once it holds the marker file, which is written last; a half-written folder is passed
over, and removed when the run resumes.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tlpo.files import write_json

MARKER = "checkpoint_complete.json"
_FOLDER = re.compile(r"checkpoint-(\d+)")


def mark_complete(folder: Path, step: int) -> None:
    """Declare a checkpoint whole."""
    write_json(folder / MARKER, {"step": step})


def checkpoint_folders(output_dir: Path) -> list[tuple[int, Path]]:
    """(step, folder) of every checkpoint folder, whole or not, oldest first."""
    if not output_dir.is_dir():
        return []
    found = [(match, path) for path in output_dir.iterdir() if (match := _FOLDER.fullmatch(path.name))]
    return sorted((int(match.group(1)), path) for match, path in found)


def last_complete(output_dir: Path) -> Path | None:
    """The newest whole checkpoint, or None."""
    whole = [path for _, path in checkpoint_folders(output_dir) if (path / MARKER).is_file()]
    return whole[-1] if whole else None


def remove_incomplete(output_dir: Path) -> None:
    """Delete checkpoint folders without their marker: the remains of a kill during saving."""
    for _, path in checkpoint_folders(output_dir):
        if not (path / MARKER).is_file():
            shutil.rmtree(path, ignore_errors=True)  # what stays is passed over
