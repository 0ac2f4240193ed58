"""Messages and the signs of a full disk."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tlpo.errors import did_you_mean, is_disk_full, missing_extra


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("ko-KR", " (did you mean 'ko'?)"),
        ("KO", " (did you mean 'ko'?)"),
        ("smolm2", " (did you mean 'smollm2'?)"),
        ("xyzzy", ""),
    ],
)
def test_the_nearest_known_name_is_offered(value: str, hint: str) -> None:
    assert did_you_mean(value, ["ko", "ja", "smollm2"]) == hint


def test_a_missing_extra_names_the_line_to_type() -> None:
    assert "pip install 'tlpo[gemma]'" in str(missing_extra("gguf", "gemma"))


def test_full_disk_is_seen_through_the_errors_of_libraries() -> None:
    cause = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    wrapped = RuntimeError("could not save")
    wrapped.__cause__ = cause
    assert is_disk_full(cause)
    assert is_disk_full(wrapped)
    # The texts of safetensors 0.8 and torch 2.13 on a full file system.
    assert is_disk_full(ValueError("Error while serializing: I/O error: No space left on device (os error 28)"))
    assert is_disk_full(RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534"))
    assert not is_disk_full(OSError(errno.ENOENT, "No such file"))
    assert not is_disk_full(RuntimeError("shape mismatch"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a device that is always full")
def test_a_full_disk_ends_the_command_with_one_line() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tlpo.cli.main", "detect", "-", "--language", "ko"],
            input='{"text": "안녕하세요"}\n'.encode(),
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == 2
    assert done.stderr.decode().startswith("error: the disk is full")
    assert done.stderr.count(b"\n") == 1
