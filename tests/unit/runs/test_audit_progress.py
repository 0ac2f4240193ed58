"""The audits' progress bar."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlpo.runs.progress import audit_progress


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
