"""`tlpo data pairs` and `tlpo data answers`: outputs that are there already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tlpo.cli.main import main

STAGES = ("pairs", "answers")


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "samples.jsonl"
    write(path, "a", "b")
    return path


def write(path: Path, *names: str) -> None:
    """One prompt a name, with a clean and a confused response."""
    responses = [{"text": "예", "verdict": "clean"}, {"text": "да", "verdict": "confused"}]
    rows = [{"id": name, "prompt": f"질문 {name}", "language": "ko", "responses": responses} for name in names]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


@pytest.fixture(params=STAGES)
def command(request: pytest.FixtureRequest, samples: Path, output: Path) -> list[str]:
    return ["data", request.param, "--samples", str(samples), "--output", str(output)]


def test_what_was_made_before_is_shown_again(
    command: list[str], output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 0
    first = capsys.readouterr().out
    stamp = output.stat().st_mtime_ns
    assert main(command) == 0
    assert capsys.readouterr().out == f"This was done before, with the same settings.\n{first}"
    assert output.stat().st_mtime_ns == stamp


def test_another_output_is_not_written_over(
    command: list[str], samples: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output.write_text("mine\n")
    assert main(command) == 2
    assert f"error: {output} is there already: remove it, or choose another output\n" == capsys.readouterr().err
    assert output.read_text() == "mine\n"
    output.unlink()
    assert main(command) == 0
    made = output.read_bytes()
    (other,) = {*STAGES} - {command[1]}
    for arguments, differing in (
        ([*command, "--seed", "1"], "seed"),
        ([*command, "--finished"], "finished"),
        (["data", other, *command[2:]], "made"),
    ):
        assert main(arguments) == 2
        assert f"made with another {differing}" in capsys.readouterr().err
    write(samples, "a", "c")
    assert main(command) == 2
    assert "made with another samples_sha256" in capsys.readouterr().err
    assert output.read_bytes() == made
