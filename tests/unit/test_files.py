"""Folders that can be written into, or a line that says why not; files that are replaced when whole."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tlpo.errors import UserError
from tlpo.files import (
    check_folder,
    json_text,
    make_folder,
    refuse_inputs,
    replacing,
    write_bytes,
    write_json,
    write_text,
)


def test_a_folder_is_made_with_those_above_it_and_may_be_there(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    check_folder(tmp_path / "c" / "d")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("look", [check_folder, make_folder])
def test_a_file_is_no_folder(look: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "a" / "b"):
        with pytest.raises(UserError) as caught:
            look(folder)
        assert str(caught.value) == f"{folder} is a file, or lies in one: give another output folder"
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), "No such file or directory"),  # below /proc
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system"),
    ],
)
def test_a_folder_that_the_system_does_not_make(
    error: OSError, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(Path, "mkdir", fail)
    with pytest.raises(UserError) as caught:
        make_folder(tmp_path / "a", "set PLACE")
    assert str(caught.value) == f"the folder {tmp_path / 'a'} cannot be made ({reason}): set PLACE"


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", fail)
    with pytest.raises(OSError, match="No space left"):
        make_folder(tmp_path / "a")


def test_a_folder_that_may_not_be_written_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is there, or that a new one would lie in; whoever runs the tests may write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == tmp_path and mode & os.W_OK))
    for folder in (tmp_path, tmp_path / "a" / "b"):
        for look in (check_folder, make_folder):
            with pytest.raises(UserError, match=f"the folder {tmp_path} cannot be written into: give another output"):
                look(folder)
    assert not (tmp_path / "a").exists()


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


def test_a_pipe_is_written_through_and_stays_one(tmp_path: Path) -> None:
    path, read = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    write_text(path, "new")
    reader.join(10)
    assert read == ["new"]
    assert path.is_fifo()
    assert [found.name for found in tmp_path.iterdir()] == ["pipe"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "file")
    for text in ("old", "new"):
        write_text(tmp_path / "link", text)
        assert (tmp_path / "there" / "file").read_text() == text
        assert (tmp_path / "link").is_symlink()


def test_an_output_that_is_an_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    refuse_inputs(tmp_path / "file", None, tmp_path / "other")
    for one, other in (("file", "link"), ("link", "file"), ("new", "x/../new")):
        with pytest.raises(UserError, match=f"the output '{tmp_path / one}' is also given as another file"):
            refuse_inputs(tmp_path / one, None, str(tmp_path / other))


def test_json_in_its_own_letters_unless_they_cannot_be_written() -> None:
    assert json_text({"a": "가"}) == '{"a": "가"}'
    broken = json_text({"a": "가\ud800"})
    assert broken == '{"a": "\\uac00\\ud800"}'
    assert json.loads(broken) == {"a": "가\ud800"}
    with pytest.raises(TypeError):
        json_text({"a": Path("b")})
    assert json_text({"a": Path("b")}, default=str) == '{"a": "b"}'
