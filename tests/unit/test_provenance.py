"""Versions and commit of a result."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from tlpo import __version__
from tlpo.provenance import PACKAGES, git_commit, versions


def git(folder: Path, *args: str) -> str:
    identity = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *args], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "one")
    return tmp_path


def test_versions_of_what_is_installed() -> None:
    found = versions()
    assert found["tlpo"] == __version__
    assert found["python"] == platform.python_version()
    assert found["torch"] == version("torch")
    assert set(found) <= {"tlpo", "python", *PACKAGES}


def test_a_package_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tlpo.provenance.PACKAGES", ("torch", "no-such-package-anywhere"))
    assert set(versions()) == {"tlpo", "python", "torch"}


def test_the_commit_and_whether_it_was_changed(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    assert git_commit() == commit
    (repository / "untracked").write_text("")
    assert git_commit() == commit
    (repository / "file").write_text("two")
    assert git_commit() == f"{commit}-dirty"


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert git_commit() is None


def test_no_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit() is None
