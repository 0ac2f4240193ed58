"""Reading files, and what is said of broken ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tlpo.errors import UserError
from tlpo.metrics import Response, read_responses

HEADER = "id,model,completion,task,source,language\n"


def write(path: Path, text: str | bytes) -> Path:
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz"])
def test_the_columns_of_the_benchmark(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, HEADER + '0,m,"안녕, ""너""\n둘째 줄",monolingual,okapi,ko\n')
    assert list(read_responses([path])) == [Response("m", "monolingual", "okapi", "ko", '안녕, "너"\n둘째 줄')]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_json_lines_with_only_what_is_needed(tmp_path: Path, name: str) -> None:
    lines = [{"completion": "a", "language": "ko"}, {"response": "b", "language": "fr", "setting": "x"}]
    path = write(tmp_path / name, "\n\n".join(map(json.dumps, lines)))
    assert list(read_responses([path, path], language="de"))[:2] == [
        Response("out", "all", "unknown", "ko", "a"),
        Response("out", "x", "unknown", "fr", "b"),
    ]


def test_a_language_for_files_without_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "completion\nhello\n")
    assert [r.language for r in read_responses([path], language="en")] == ["en"]
    with pytest.raises(UserError, match=r"a.csv, line 2: no language; add a column 'language' or give --language"):
        list(read_responses([path]))
    with pytest.raises(UserError, match=r"^unknown language 'koo' \(did you mean 'ko'"):
        list(read_responses([path], language="koo"))


def test_long_fields_and_odd_line_ends_are_read(tmp_path: Path) -> None:
    text = "가" * 200_000 + "\u2028끝"
    path = write(tmp_path / "a.csv", f'\ufeffcompletion,language\r\n"{text}",ko\r\n')
    assert [r.text for r in read_responses([path])] == [text]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "x", r"the name should end in one of \.csv"),
        ("a.csv", "completions,language\nx,ko\n", r"line 1: no column 'completion' .*did you mean 'completions'"),
        ("a.csv", "", r"line 1: no column 'completion'"),
        ("a.csv", "completion,language\na,ko\nb\n", r"line 3: the row has not as many fields"),
        ("a.csv", "completion,language\na,ko\nb,ko,x\n", r"line 3: the row has not as many fields"),
        ("a.csv", 'completion,language\n"a,ko\n', r"a\.csv, line 2: not CSV"),
        ("a.jsonl", '{"completion": "a", "language": "ko"}\n{"completion": \n', r"line 2: not JSON"),
        ("a.jsonl", "[1]\n", r"line 1: a list where an object is wanted"),
        ("a.jsonl", '{"completion": 3, "language": "ko"}\n', r"line 1: 'completion' should be text, not 3"),
        ("a.jsonl", '{"completion": null, "language": "ko"}\n', r"line 1: 'completion' should be text, not None"),
        ("a.jsonl", '{"complete": "a", "language": "ko"}\n', r"did you mean 'complete'\?\); it has complete, language"),
        ("a.jsonl", "{}\n", r"line 1: no field 'completion' or 'response'; it has no field at all"),
        ("a.jsonl", '\n{"response": "a", "language": "koo"}\n', r"line 2: unknown language 'koo' \(did you mean 'ko'"),
        ("a.csv", "completion,language,language\nx,ko,ja\n", r"line 1: more than one column is called 'language'"),
        ("a.jsonl", b"\xff\xfe{}\n", r"line 1: not UTF-8 \(byte 1 of the line\)"),
        ("a.csv", b"completion,language\nx,ko\n\xe9,ko\n", r"a\.csv, line 3: not UTF-8 \(byte 1 of the line\)"),
    ],
)
def test_broken_files_are_told_with_file_and_line(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(UserError, match=message):
        list(read_responses([path]))


def test_missing_and_torn_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        list(read_responses([tmp_path / "none.csv"]))
    whole = gzip.compress(b"completion,language\n" + b"hello there,ko\n" * 5000)
    (tmp_path / "torn.csv.gz").write_bytes(whole[:-40])
    with pytest.raises(UserError, match="broken gzip"):
        list(read_responses([tmp_path / "torn.csv.gz"]))
    (tmp_path / "plain.csv.gz").write_bytes(b"completion,language\n")
    with pytest.raises(UserError, match="broken gzip"):
        list(read_responses([tmp_path / "plain.csv.gz"]))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match="directory"):
        list(read_responses([tmp_path / "folder.csv"]))
