"""Checkpoint folders count when they are whole, and JSON files are whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tlpo.loop.checkpoints import (
    MARKER,
    checkpoint_folders,
    last_complete,
    mark_complete,
    remove_incomplete,
    write_json,
)


class TestCheckpoints:
    def test_only_marked_folders_count_and_numbers_are_compared_as_numbers(self, tmp_path: Path) -> None:
        for step in (2, 10, 9, 11):
            (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / "checkpoint-best").mkdir()
        assert last_complete(tmp_path) is None
        for step in (2, 9, 10):
            mark_complete(tmp_path / f"checkpoint-{step}", step)
        assert last_complete(tmp_path) == tmp_path / "checkpoint-10"
        assert [step for step, _ in checkpoint_folders(tmp_path)] == [2, 9, 10, 11]
        remove_incomplete(tmp_path)
        left = {path.name for path in tmp_path.iterdir()}
        assert left == {"checkpoint-2", "checkpoint-9", "checkpoint-10", "checkpoint-best"}

    def test_no_folder_yet(self, tmp_path: Path) -> None:
        assert last_complete(tmp_path / "none") is None
        remove_incomplete(tmp_path / "none")

    def test_json_is_written_whole_or_not_at_all(self, tmp_path: Path) -> None:
        path = tmp_path / MARKER
        write_json(path, {"step": 1, "text": "한국어"})
        with pytest.raises(TypeError):
            write_json(path, {"step": object()})
        assert json.loads(path.read_text(encoding="utf-8")) == {"step": 1, "text": "한국어"}
