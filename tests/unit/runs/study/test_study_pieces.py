"""A study in pieces: the clock, two stages at a time, kills, Ctrl-C and the lock."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.runs.study.studies import EVERYTHING, calls, run, wish

from tlpo.errors import UserError
from tlpo.runs.study import study as module
from tlpo.runs.study.config import StudyConfig

pytestmark = pytest.mark.usefixtures("_quickly")


def test_a_piece_ends_in_time_and_the_next_goes_on(study: StudyConfig, control: Path) -> None:
    assert not run(study, control, max_hours=0).finished
    assert calls(control) == []
    wish(control, "cool, evaluate", "hang")
    started = time.monotonic()
    result = run(study, control, max_hours=4 / 3600)
    assert time.monotonic() - started < 10
    assert (result.finished, result.failed, result.outcome) == (False, (), None)
    assert calls(control) == ["base, evaluate", "cool, evaluate"]
    record = next(study.output.glob("cells/cool-evaluate-*/stage.json"))
    assert json.loads(record.read_text(encoding="utf-8"))["status"] == "stopped"
    wish(control, "cool, evaluate", "{}")
    result = run(study, control, only=["cool"])
    assert result.finished
    told = json.loads(record.read_text(encoding="utf-8"))
    assert (told["status"], told["attempts"]) == ("done", 2)
    assert told["seconds"] > 1  # both attempts
    assert result.outcome is not None
    assert result.outcome.comparison["study"]["notes"][0].startswith("Unfinished: 14 ")  # of all methods


def test_what_does_not_listen_is_killed(study: StudyConfig, control: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GRACE", 0.5)
    wish(control, "base, evaluate", "deaf")
    started = time.monotonic()
    assert not run(study, control, max_hours=2 / 3600).finished
    assert time.monotonic() - started < 10


def test_a_piece_is_no_longer_than_it_may_be(
    study: StudyConfig, control: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does not stop is killed within the piece, whatever the grace, and goes on in the next."""
    monkeypatch.setattr(module, "_GRACE", 20.0)
    wish(control, "base, evaluate", "deaf")
    started = time.monotonic()
    assert not run(study, control, max_hours=5 / 3600).finished
    assert time.monotonic() - started < 15
    record = json.loads(next(study.output.glob("cells/base-evaluate-*/stage.json")).read_text(encoding="utf-8"))
    assert (record["status"], record["attempts"]) == ("stopped", 1)
    assert record["seconds"] > 1  # until the kill
    wish(control, "base, evaluate", "{}")
    assert run(study, control, only=["cool"]).finished


def test_when_a_piece_begins_to_end() -> None:
    # Two hours: 600 s before the end, of which 480 are for saving. One hour: a tenth of it, 360 s, of which 288.
    for hours, limits in ((2, (6600, 7080)), (1, (3240, 3528)), (0, (0, 0)), (None, (math.inf, math.inf))):
        asked, ended = module._limits(100.0, hours)
        assert (asked - 100, ended - 100) == pytest.approx(limits)


def test_two_at_a_time(study: StudyConfig, control: Path) -> None:
    wish(control, "base, evaluate", "hang")
    run(replace(study, jobs=2), control, max_hours=4 / 3600)
    assert calls(control)[0] == "base, evaluate"
    assert "cool, evaluate" in calls(control)


PROGRAM = """
import sys
from pathlib import Path
from tests.unit.runs.study.studies import small_study, stand_in
from tlpo.runs.study.study import run_study
run_study(small_study(Path(sys.argv[1])), command=stand_in(Path(sys.argv[2])))
"""


def begun(tmp_path: Path, control: Path, name: str) -> subprocess.Popen[bytes]:
    """A study in a process of its own, at work on the stage of that name, which hangs."""
    wish(control, name, "hang")
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path), str(control)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while name not in calls(control):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.3)  # until it listens
    return process


def test_killed_and_resumed(tmp_path: Path, study: StudyConfig, control: Path) -> None:
    name = "TLPO, 5e-06, seed 0, train"
    process = begun(tmp_path, control, name)
    with pytest.raises(UserError, match=rf"another study is at work in .* \(process {process.pid}\): wait for it"):
        run(study, control)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wish(control, name, "{}")
    assert run(study, control).finished  # once the stage that was left has ended by itself
    assert calls(control).count(name) == 2
    assert [call for call in calls(control) if call != name] == [call for call in EVERYTHING if call != name]


def test_ctrl_c(tmp_path: Path, study: StudyConfig, control: Path) -> None:
    process = begun(tmp_path, control, "base, evaluate")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) != 0
    record = next(study.output.glob("cells/base-evaluate-*/stage.json"))
    assert json.loads(record.read_text(encoding="utf-8"))["status"] == "stopped"
