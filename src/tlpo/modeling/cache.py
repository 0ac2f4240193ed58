"""Folders that are built once and then only read: atomic, checksummed, safe when several processes want one at once.

A folder is built beside its final place and renamed when complete, under a lock, so that nobody ever sees half of it.
A manifest lists every file with size and SHA-256; sizes are compared on every use, hashes when the folder is built.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import filelock

from tlpo.files import make_folder
from tlpo.provenance import sha256_of

logger = logging.getLogger(__name__)

MANIFEST = "tlpo_manifest.json"


def cache_root() -> Path:
    """``$TLPO_CACHE``, or ``tlpo`` in the user's cache folder (``$XDG_CACHE_HOME``, else ``~/.cache``)."""
    if chosen := os.environ.get("TLPO_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "tlpo"


def build_once(folder: Path, build: Callable[[Path], None], origin: Mapping[str, Any]) -> Path:
    """Return ``folder``, built by ``build(temporary folder)`` unless it is already there and whole.

    Args:
        folder: the final place.
        build: fills the (existing, empty) folder that it is given; what it raises is raised here, and leaves nothing.
        origin: what the folder is made from; JSON values. A folder made from something else is built anew.

    Raises:
        UserError: the folder's parent cannot be made or written into.
    """
    if is_whole(folder, origin):
        return folder
    make_folder(folder.parent, "set TLPO_CACHE to another one")
    with locked(folder.with_name(f"{folder.name}.lock"), f"preparing {folder.name}"):
        if not is_whole(folder, origin):  # another process may have built it while we waited
            _build(folder, build, origin)
    return folder


def is_whole(folder: Path, origin: Mapping[str, Any], *, hashes: bool = False) -> bool:
    """Whether ``folder`` was made from ``origin`` and has every file at its size (and, if asked, with its SHA-256)."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["origin"] != dict(origin):
            return False
        for name, known in manifest["files"].items():
            if (folder / name).stat().st_size != known["size"]:
                return False
            if hashes and sha256_of(folder / name) != known["sha256"]:
                return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


@contextlib.contextmanager
def locked(path: Path, doing: str) -> Iterator[None]:
    """Hold the lock file at ``path``; ``doing`` says in the log what a process that this one waits for is at."""
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0.1)
    except filelock.Timeout:
        logger.info("waiting for another process that is %s", doing)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _build(folder: Path, build: Callable[[Path], None], origin: Mapping[str, Any]) -> None:
    for left in folder.parent.glob(f"{folder.name}.partial-*"):
        shutil.rmtree(left, ignore_errors=True)  # of a process that was killed: the lock says that nobody is building
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    partial.mkdir()
    try:
        build(partial)
        files = {
            path.relative_to(partial).as_posix(): {"size": path.stat().st_size, "sha256": sha256_of(path)}
            for path in sorted(partial.rglob("*"))
            if path.is_file()
        }
        manifest = json.dumps({"origin": dict(origin), "files": files}, indent=2)
        (partial / MANIFEST).write_text(manifest + "\n", encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)  # damaged, or made from something else
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
