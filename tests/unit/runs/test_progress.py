"""Progress bars on stderr."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tlpo.errors import UserError
from tlpo.runs.heads.progress import heads_progress
from tlpo.runs.progress import audit_progress, evaluation_progress, file_progress


def test_progress_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with audit_progress("audit before", Path("runs/ko")) as advance:
        advance(0, 8)
        advance(8, 8)
    out, err = capsys.readouterr()
    assert out == ""
    assert "audit before" in err
    assert "8/8" in err


def test_an_interrupt_says_what_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        with audit_progress("audit before", Path("runs/ko")) as advance:
            advance(4, 8)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert "4 responses are kept in runs/ko: the same command goes on from there\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "shown",
    [
        lambda: audit_progress("sampling", Path("runs/ko")),
        lambda: evaluation_progress(Path("runs/ko")),
        lambda: file_progress("filtering", Path("ko.jsonl")),
        lambda: heads_progress(3, Path("runs/heads")),
    ],
)
def test_an_error_is_the_only_line(
    shown: Callable[[], AbstractContextManager[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        with shown():
            raise UserError("a record is bad")

    with pytest.raises(UserError):
        refused()
    assert capsys.readouterr().err == ""
