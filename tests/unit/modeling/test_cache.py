"""Folders built once: never seen half, built anew when damaged, nothing left of a failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tlpo.errors import UserError
from tlpo.modeling.cache import MANIFEST, build_once, cache_root, is_whole
from tlpo.provenance import sha256_of

ORIGIN = {"name": "x", "format": 1}


def fill(folder: Path) -> None:
    (folder / "a.txt").write_text("abc", encoding="utf-8")
    (folder / "sub").mkdir()
    (folder / "sub" / "b.txt").write_text("", encoding="utf-8")


def test_a_folder_is_built_once_with_a_manifest(tmp_path: Path) -> None:
    built = []

    def build(folder: Path) -> None:
        assert not (tmp_path / "cache" / "x").exists()
        built.append(folder)
        fill(folder)

    for _ in range(2):
        assert build_once(tmp_path / "cache" / "x", build, ORIGIN) == tmp_path / "cache" / "x"
    assert len(built) == 1
    files = json.loads((tmp_path / "cache" / "x" / MANIFEST).read_text(encoding="utf-8"))["files"]
    # sha256 of "abc" and of nothing: FIPS 180-2, appendix B.1, and RFC 6234
    assert files == {
        "a.txt": {"size": 3, "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        "sub/b.txt": {"size": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    }


def test_a_damaged_folder_is_built_anew(tmp_path: Path) -> None:
    folder = build_once(tmp_path / "x", fill, ORIGIN)
    (folder / "a.txt").write_text("xyz", encoding="utf-8")
    assert is_whole(folder, ORIGIN)  # the same size: only hashes tell
    assert not is_whole(folder, ORIGIN, hashes=True)
    (folder / "a.txt").write_text("longer", encoding="utf-8")
    assert not is_whole(folder, ORIGIN)
    build_once(folder, fill, ORIGIN)
    assert (folder / "a.txt").read_text(encoding="utf-8") == "abc"
    (folder / "a.txt").unlink()
    build_once(folder, fill, ORIGIN)
    assert is_whole(folder, ORIGIN, hashes=True)
    for damage in ("{", "[]", '{"origin": {"name": "x", "format": 1}, "files": 3}'):
        (folder / MANIFEST).write_text(damage, encoding="utf-8")
        assert not is_whole(folder, ORIGIN)


def test_another_origin_is_built_anew(tmp_path: Path) -> None:
    folder = build_once(tmp_path / "x", fill, ORIGIN)
    build_once(folder, lambda place: (place / "new").touch(), {**ORIGIN, "format": 2})
    assert {path.name for path in folder.iterdir()} == {"new", MANIFEST}


def test_a_failure_leaves_nothing_and_the_next_try_works(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        fill(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_once(tmp_path / "x", fail, ORIGIN)
    assert [path.name for path in tmp_path.iterdir()] == ["x.lock"]
    # what a killed process left is swept away by the next one
    (tmp_path / "x.partial-1").mkdir()
    fill(tmp_path / "x.partial-1")
    build_once(tmp_path / "x", fill, ORIGIN)
    assert {path.name for path in tmp_path.iterdir()} == {"x", "x.lock"}


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TLPO_CACHE", "/some/place")
    assert cache_root() == Path("/some/place")
    monkeypatch.delenv("TLPO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_root() == Path("/xdg/tlpo")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_root() == Path.home() / ".cache" / "tlpo"


def test_a_cache_that_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"is a file, or lies in one: set TLPO_CACHE to another one"):
        build_once(tmp_path / "file" / "x", fill, ORIGIN)
    assert sha256_of(tmp_path / "file").startswith("e3b0c442")
