"""``tlpo data filter`` given again: after a kill, after Ctrl-C, and when it was finished."""

from __future__ import annotations

import gzip
import json
import os
import signal
from pathlib import Path

import pytest
from tests.commands import Command, Pause, tlpo
from tests.filtering import RECORDS, bactrian, lines, run

from tlpo.cli.main import main
from tlpo.data import load_prompts

pytest.importorskip("babel")
pytest.importorskip("datasketch")


def test_killed_and_gone_on_with_it_is_the_same_file(tmp_path: Path) -> None:
    """A real SIGKILL after notes of how far it was, on the bundled prompts with some repeated."""
    records = [{"prompt": record.prompt, "language": "de"} for record in load_prompts(language="de")]
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in [*records, *records[:30]]), encoding="utf-8")
    unbroken, dropped = tmp_path / "unbroken.jsonl", tmp_path / "unbroken.dropped.jsonl"
    assert run(path, unbroken, "--dropped", str(dropped)) == 0
    assert len(lines(dropped)) >= 30

    broken, broken_dropped = tmp_path / "broken.jsonl", tmp_path / "broken.dropped.jsonl"
    options = ["data", "filter", path, "--output", broken, "--dropped", broken_dropped]
    pause = Pause("tlpo.data.filters:PromptFilter.objection", tmp_path / "pause", call=175)
    command = Command(*options, streams=tmp_path / "streams", prepare=_NoteEvery(pause))
    pause.wait(command)
    assert command._process.pid is not None
    os.kill(command._process.pid, signal.SIGKILL)
    assert command.wait().status == -signal.SIGKILL
    assert not broken.exists()
    with (tmp_path / ".broken.jsonl.part").open("ab") as file:
        file.write(b'{"id": "half')
    assert main([str(word) for word in options]) == 0
    assert broken.read_bytes() == unbroken.read_bytes()
    assert broken_dropped.read_bytes() == dropped.read_bytes()
    first, second = (json.loads(one.with_suffix(".report.json").read_text()) for one in (unbroken, broken))
    assert first["dropped"] == second["dropped"]
    assert second["resumed_rows"] == 174
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".broken")]


class _NoteEvery:
    """Notes how far the files are after every prompt, and pauses."""

    def __init__(self, pause: Pause) -> None:
        self.pause = pause

    def __call__(self) -> None:
        import tlpo.data.filtering

        tlpo.data.filtering._EVERY = 0.0
        self.pause()


def test_ctrl_c_keeps_what_is_done(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.jsonl"
    records = [{"prompt": record.prompt, "language": "ko"} for record in load_prompts(language="ko")]
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    output = tmp_path / "out.jsonl"
    pause = Pause("tlpo.data.filters:PromptFilter.objection", tmp_path / "pause", call=100)
    command = Command("data", "filter", path, "--output", output, streams=tmp_path / "streams", prepare=pause)
    pause.interrupt(command)
    done = command.wait()
    assert done.status == 130
    assert f"are done for {output}: the same command goes on from there" in done.err
    state = json.loads((tmp_path / ".out.jsonl.state.json").read_text(encoding="utf-8"))
    assert state["counts"]["rows"] == 99
    changed = tlpo("data", "filter", path, "--output", output, "--near=0.7", streams=tmp_path / "streams")
    assert "was begun with another near: remove" in changed.complaint()
    assert run(path, output, "--dropped", str(tmp_path / "dropped.jsonl")) == 2
    assert "was begun with another dropped_file: remove" in capfd.readouterr().err
    assert run(path, output) == 0


def test_a_finished_filtering_is_shown_and_not_done_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, output, dropped = bactrian(tmp_path), tmp_path / "ko.jsonl", tmp_path / "dropped.jsonl"
    options = ["--language", "ko", "--dropped", str(dropped)]
    assert run(path, output, *options) == 0
    first = capfd.readouterr().out
    before = {one.name: (one.read_bytes(), one.stat().st_mtime_ns) for one in tmp_path.iterdir()}
    with monkeypatch.context() as patched:
        patched.setattr("tlpo.data.filtering.read_rows", None)  # nothing is read
        assert run(path, output, *options) == 0
        assert run(path, Path("ko.jsonl"), "--language", "ko", "--dropped", "dropped.jsonl") == 0  # the same files
    second = capfd.readouterr().out
    assert "done before" not in first
    assert second.startswith("This was done before, with the same settings.\n" + first)

    for changed, what in (
        (["--near", "0.7"], "near"),
        (["--max_chars", "400", "--without", "code"], "max_chars, without"),
        (["--against", "bundled"], "against, evaluation"),
        (["--prompt_field", "instruction"], "fields"),
    ):
        assert run(path, output, *options, *changed) == 2
        told = " ".join(capfd.readouterr().err.split())
        assert f"is there already, made with another {what}: remove it, or choose another output" in told
    assert run(path, output, "--language", "ko") == 2
    assert "made with another dropped_file: remove it" in capfd.readouterr().err
    assert before == {one.name: (one.read_bytes(), one.stat().st_mtime_ns) for one in tmp_path.iterdir()}


def test_an_output_that_is_not_of_a_whole_filtering_of_this_file_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, output, dropped = bactrian(tmp_path), tmp_path / "ko.jsonl", tmp_path / "dropped.jsonl"
    options = ["--language", "ko", "--dropped", str(dropped)]
    output.write_text("", encoding="utf-8")
    assert run(path, output, *options) == 2
    assert "ko.jsonl is there already: remove it, or choose another output" in capfd.readouterr().err
    output.unlink()
    assert run(path, output, *options) == 0
    dropped.unlink()
    assert run(path, output, *options) == 2
    assert "dropped.jsonl is gone, but not " in capfd.readouterr().err
    output.unlink()
    assert run(path, output, *options) == 0
    path.write_bytes(gzip.compress(json.dumps(RECORDS[:3]).encode()))
    assert run(path, output, *options) == 2
    assert "made with another size_and_time: remove it" in capfd.readouterr().err
