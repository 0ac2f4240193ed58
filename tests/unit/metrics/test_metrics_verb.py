"""`tlpo metrics` from the command line to the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tlpo.cli.main import main

ROWS = """completion,task,source,language
서울은 한국의 수도이며 매우 큰 도시입니다,mono,a,ko
hello there my good friend,mono,a,ko
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "model-1.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


@pytest.mark.parametrize("options", [["--profile", "lcb"], ["--profile", "tlpo", "--english", "confusion"], []])
def test_a_table_is_printed_and_a_report_written(
    table: Path, tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "report.json"
    assert main(["metrics", str(table), *options, "--output", str(output), "--resamples", "50"]) == 0
    report = json.loads(output.read_text(encoding="utf-8"))
    assert report["profile"] == (options[1] if options else "default")
    first = report["rows"][0]
    assert [first[key] for key in ("model", "setting", "source", "language", "n")] == ["model-1", "mono", "a", "ko", 2]
    assert first["lpr"] == 50
    assert len(first["ci95"]["lpr"]) == 2
    printed = capsys.readouterr().out
    assert "model-1" in printed
    assert "50.00 [" in printed
    assert "2 responses in" in printed
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_same_report_whatever_the_workers(table: Path, tmp_path: Path) -> None:
    for workers in ("1", "2"):
        output = tmp_path / f"{workers}.json"
        assert main(["metrics", str(table), "--profile", "tlpo", "--workers", workers, "--output", str(output)]) == 0
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "cannot read 'none.csv': No such file"),
        (["{table}", "--profile", "lbc"], "no such profile: 'lbc' (did you mean 'lcb'?)"),
        (["{table}", "--output", "{folder}/no/where.json"], "give --output a path in a writable folder"),
        (["{table}", "--output", "{folder}"], "it is a folder"),
        (["{empty}"], "there is nothing to score"),
        (["{table}", "{empty}", "--output", "{empty}"], "empty.csv' is also given as another file"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    table: Path, tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("completion,language\n")
    filled = [argument.format(table=table, folder=tmp_path, empty=empty) for argument in arguments]
    before = table.read_bytes(), empty.read_bytes()
    assert main(["metrics", *filled]) == 2
    assert (table.read_bytes(), empty.read_bytes()) == before
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_lines_that_rest_on_nothing_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "english.csv"
    path.write_text("completion,language\nthis answer is not in Korean at all,ko\n")
    assert main(["metrics", str(path), "--profile", "lcb"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "(100)" in printed
    assert "undefined" in printed
    assert "note: no response passed all its lines" in printed
