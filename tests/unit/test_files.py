"""Files that are replaced when whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tlpo.files import json_text, replacing, write_bytes, write_json, write_text


@pytest.mark.parametrize(
    ("write", "old", "new"),
    [
        (lambda path: write_text(path, "가\n"), "old", "가\n".encode()),
        (lambda path: write_bytes(path, b"\x00\n"), "old", b"\x00\n"),
        (lambda path: write_json(path, {"a": "가"}), None, '{\n  "a": "가"\n}\n'.encode()),
    ],
)
def test_what_is_written(write: Callable[[Path], None], old: str | None, new: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_text(old)
    write(path)
    assert path.read_bytes() == new
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as building:
        building.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_json_in_its_own_letters_unless_they_cannot_be_written() -> None:
    assert json_text({"a": "가"}) == '{"a": "가"}'
    broken = json_text({"a": "가\ud800"})
    assert broken == '{"a": "\\uac00\\ud800"}'
    assert json.loads(broken) == {"a": "가\ud800"}
    with pytest.raises(TypeError):
        json_text({"a": Path("b")})
    assert json_text({"a": Path("b")}, default=str) == '{"a": "b"}'
