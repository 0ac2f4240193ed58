"""Files of JSON lines: which paths they can have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlpo.data.lines import check_output
from tlpo.errors import UserError


def test_an_output_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="is a file, or lies in one: choose another output"):
        check_output(tmp_path / "file" / "out.jsonl")


def test_the_folder_is_made_and_a_folder_is_no_file(tmp_path: Path) -> None:
    check_output(tmp_path / "new" / "out.jsonl")
    assert (tmp_path / "new").is_dir()
    (tmp_path / "out.jsonl").mkdir()
    with pytest.raises(UserError, match="is no JSON-lines file"):
        check_output(tmp_path / "out.jsonl")
