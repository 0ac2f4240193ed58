"""`tlpo detect` from the command line to the records it writes."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tlpo.cli.main import main

CLEAN = {"id": 1, "text": "오늘은 날씨가 참 좋네요."}
MIXED = {"id": 2, "text": "오늘은 погода 좋네요."}  # seven characters in: the first Cyrillic letter is at offset 4


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def file_of(folder: Path, *records: dict[str, Any]) -> str:
    path = folder / "in.jsonl"
    path.write_text(lines(*records), encoding="utf-8")
    return str(path)


def printed(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_records_come_back_with_verdict_point_and_spans(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", file_of(tmp_path, CLEAN, MIXED), "--language", "ko"]) == 0
    first, second = printed(capfd)
    assert first == {**CLEAN, "language": "ko", "verdict": "clean", "confusion_point": None, "spans": []}
    assert second == {
        **MIXED,
        "language": "ko",
        "verdict": "confused",
        "confusion_point": 4,
        "spans": [
            {"start": 4, "end": 10, "text": "погода", "script": "Cyrl", "language": second["spans"][0]["language"]}
        ],
    }
    assert second["spans"][0]["language"] in (None, "ru")


def test_the_language_may_be_a_field_and_wins_over_the_option(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    russian = {"text": "Сегодня хорошая погода.", "language": "ru"}
    assert main(["detect", file_of(tmp_path, russian, {"text": russian["text"]}), "--language", "ko"]) == 0
    assert [(r["language"], r["verdict"]) for r in printed(capfd)] == [("ru", "clean"), ("ko", "confused")]


def test_english_is_an_option(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path, {"text": "오늘은 weather 좋네요. 공원에 가고 싶어요."})
    points = []
    for english in ("neutral", "confusion"):
        assert main(["detect", path, "--language", "ko", "--english", english]) == 0
        points.append(printed(capfd)[0]["confusion_point"])
    assert points == [None, 4]


def test_glosses_and_quotes_are_options(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path, {"text": "1876년의 개항(開港)입니다."}, {"text": "그는 “你好”라고 했다."})
    verdicts = []
    for options in ([], ["--no-glosses"], ["--quotes"]):
        assert main(["detect", path, "--language", "ko", *options]) == 0
        verdicts.append([record["verdict"] for record in printed(capfd)])
    assert verdicts == [["clean", "confused"], ["confused", "confused"], ["clean", "clean"]]


def test_field_and_explain_and_output(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out.jsonl"
    path = file_of(tmp_path, {"answer": MIXED["text"]})
    arguments = ["detect", path, "--language", "ko", "--field", "answer", "--explain", "--output", str(output)]
    assert main(arguments) == 0
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err == "1 records: 0 clean, 1 confused, 0 undecided\n"
    span = json.loads(output.read_text(encoding="utf-8"))["spans"][0]
    assert span["rule"] == "script"
    assert span["reason"] == "letters of a script that the language is not written in"
    assert 0 < span["confidence"] <= 1


def test_standard_input_and_gzip(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines(MIXED).encode())))
    assert main(["detect", "-", "--language", "ko"]) == 0
    packed = tmp_path / "in.jsonl.gz"
    packed.write_bytes(gzip.compress(lines(MIXED).encode()))
    assert main(["detect", str(packed), "--language", "ko"]) == 0
    first, second = printed(capfd)
    assert first == second


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("not json\n", "line 2: not JSON"),
        ("[1, 2]\n", """line 2: '[1, 2]' is not a JSON object: write it as {"text": ...}"""),
        ('{"txt": "x"}\n', "line 2: no field 'text'; the record has txt"),
        ('{"text": 3}\n', "line 2: field 'text' is not text but 3"),
        ('{"text": "x", "language": "kk1"}\n', "line 2: unknown language 'kk1'"),
    ],
)
def test_a_bad_record_names_its_line_and_what_was_written_stays(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], bad: str, message: str
) -> None:
    path, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text(lines(CLEAN) + bad + lines(CLEAN), encoding="utf-8")
    assert main(["detect", str(path), "--language", "ko", "--output", str(output)]) == 2
    told = capfd.readouterr().err
    assert told.startswith(f"error: {path}, {message}")
    assert told.count("\n") == 1
    assert [json.loads(line)["id"] for line in output.read_text(encoding="utf-8").splitlines()] == [1]


def test_a_record_without_any_language(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", file_of(tmp_path, CLEAN)]) == 2
    assert "line 1: no language: add --language" in capfd.readouterr().err


def test_a_lone_surrogate_survives(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "\\ud800 가나다"}\n', encoding="utf-8")
    assert main(["detect", str(path), "--language", "ko"]) == 0
    assert printed(capfd)[0]["text"] == "\ud800 가나다"


def test_outputs_that_cannot_be_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path, CLEAN)
    before = Path(path).read_bytes()
    assert main(["detect", path, "--language", "ko", "--output", path]) == 2
    assert "is also given as another file" in capfd.readouterr().err
    assert Path(path).read_bytes() == before
    assert main(["detect", path, "--language", "ko", "--output", str(tmp_path / "no" / "out")]) == 2
    assert "cannot write" in capfd.readouterr().err


@pytest.mark.parametrize(("records", "kept"), [("not json\n", True), ("", False), (lines(CLEAN), False)])
def test_an_older_result_goes_when_the_first_record_is_judged(tmp_path: Path, records: str, kept: bool) -> None:
    path, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text(records, encoding="utf-8")
    output.write_text("older\n" * 99)
    assert main(["detect", str(path), "--language", "ko", "--output", str(output)]) == (2 if kept else 0)
    if kept:
        assert output.read_text() == "older\n" * 99
    else:
        assert len(output.read_text(encoding="utf-8").splitlines()) == records.count("\n")


def test_no_name_at_all(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "", "--language", "ko"]) == 2
    assert capfd.readouterr().err == "error: the file '' does not exist: check the path\n"


def test_a_cut_gzip_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    packed = tmp_path / "in.jsonl.gz"
    packed.write_bytes(gzip.compress(lines(CLEAN).encode())[:-10])
    assert main(["detect", str(packed), "--language", "ko"]) == 2
    assert "cannot be read to its end" in capfd.readouterr().err
