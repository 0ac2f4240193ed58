"""Files to rows: every kind reads the same, and whatever is wrong names file and line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tlpo.data.rows import read_rows
from tlpo.errors import UserError

KINDS = {
    "p.jsonl": '{"prompt": "가", "language": "ko"}\n\n{"prompt": "あ", "language": "ja"}\n',
    "p.ndjson": '{"prompt": "가", "language": "ko"}\n{"prompt": "あ", "language": "ja"}',
    "p.json": '[{"prompt": "가", "language": "ko"}, {"prompt": "あ", "language": "ja"}]',
    "p.csv": "prompt,language\n가,ko\nあ,ja\n",
    "p.tsv": "prompt\tlanguage\r\n가\tko\r\nあ\tja\r\n",
}
ROWS = [{"prompt": "가", "language": "ko"}, {"prompt": "あ", "language": "ja"}]


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_reads_the_same(tmp_path: Path, name: str, mark: str, suffix: str) -> None:
    path = written(tmp_path, name + suffix, mark + KINDS[name])
    assert [row.fields for row in read_rows(path)] == ROWS


def test_a_json_file_may_hold_records_one_after_another(tmp_path: Path) -> None:
    path = written(tmp_path, "p.json", '{"prompt": "가", "language": "ko"}\n\n{"prompt": "あ",\n "language": "ja"}')
    assert [row.fields for row in read_rows(path)] == ROWS
    assert [row.where for row in read_rows(path)] == [f"{path}, record 1", f"{path}, record 2"]


def test_what_a_table_leaves_blank_is_no_field_but_known(tmp_path: Path) -> None:
    rows = list(read_rows(written(tmp_path, "p.csv", 'prompt,language,id\n"",ko,1\n가\n')))
    assert [row.fields for row in rows] == [{"language": "ko", "id": "1"}, {"prompt": "가"}]
    assert [row.blank for row in rows] == [("prompt",), ("language", "id")]
    assert rows[0].names == ("language", "id", "prompt")


def test_text_is_one_prompt_a_line(tmp_path: Path) -> None:
    path = written(tmp_path, "p.txt", "  first \n\nsecond\u2028still second\n")
    rows = list(read_rows(path))
    assert [row.fields["prompt"] for row in rows] == ["first", "second\u2028still second"]
    assert [row.where for row in rows] == [f"{path}, line 1", f"{path}, line 3"]


def test_parquet_and_saved_data_sets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_list([*ROWS, {"prompt": "x", "language": None}])
    table.to_parquet(str(tmp_path / "p.parquet"))
    table.save_to_disk(str(tmp_path / "folder"))
    for name in ("p.parquet", "folder"):
        rows = list(read_rows(tmp_path / name))
        assert [row.fields for row in rows] == [*ROWS, {"prompt": "x"}]
        assert [row.blank for row in rows] == [(), (), ("language",)]


def test_splits_and_folders_of_data_files(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    part = datasets.Dataset.from_list(ROWS)
    datasets.DatasetDict({"train": part, "test": part.select([1])}).save_to_disk(str(tmp_path / "saved"))
    files = tmp_path / "files"
    files.mkdir()
    for name in ("train", "test"):
        written(files, f"{name}.jsonl", KINDS["p.jsonl"] if name == "train" else '{"prompt": "あ", "language": "ja"}\n')
    for folder in ("saved", "files"):
        assert [row.fields for row in read_rows(tmp_path / folder, split="train")] == ROWS
        assert [row.fields for row in read_rows(tmp_path / folder, split="test")] == ROWS[1:]
        with pytest.raises(UserError, match="has several splits: choose one of train, test"):
            list(read_rows(tmp_path / folder))
        with pytest.raises(UserError, match="has no split 'dev': choose one of train, test"):
            list(read_rows(tmp_path / folder, split="dev"))


def test_a_data_set_that_is_not_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="cannot read 'nobody/nothing' as a data set"):
        list(read_rows("nobody/nothing"))


def test_only_a_line_feed_ends_a_json_line(tmp_path: Path) -> None:
    path = written(tmp_path, "p.jsonl", '{"prompt": "a\u2028b\u0085c"}\n')
    assert [row.fields for row in read_rows(path)] == [{"prompt": "a\u2028b\u0085c"}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.jsonl", '{"prompt": "a"}\n{"prompt": "b"\n', r"p\.jsonl, line 2: not JSON .*every line"),
        ("p.jsonl", '{"prompt": "a"}\n"b"\n', r"line 2: .* is not a JSON object"),
        ("p.jsonl", b'{"prompt": "a"}\n{"prompt": "\xe9"}\n', r"line 2: not UTF-8 \(byte 13 of the line\)"),
        ("p.jsonl", "[" * 100_000 + "\n", r"line 1: not usable JSON: nested too deeply|line 1: not JSON"),
        ("p.json", '[{"prompt": "a"}] x', r"p\.json: not JSON after record 1 \(Extra data\)"),
        ("p.json", '[{"prompt": "a"} {"prompt": "b"}]', r"not JSON after record 1 \(Expecting ',' or '\]'\)"),
        ("p.json", '[{"prompt": "a"}, {"prompt"', r"not JSON after record 1"),
        ("p.json", '[{"prompt": "a"},', r"not JSON after record 1"),
        ("p.json", "[" * 100_000, r"record 1: not usable JSON: nested too deeply"),
        ("p.json", "[1]", r"record 1: 1 is neither an object nor text"),
        ("p.json", "[", r"p\.json: not JSON"),
        ("p.csv", "prompt,language\na,ko,extra\n", r"line 2: more fields than the header"),
        ("p.csv", b"prompt\n\xff\n", r"p\.csv, line 2: not UTF-8 \(byte 1 of the line\)"),
        ("p.csv.gz", b"prompt\n\n\xff\n", r"p\.csv\.gz, line 3: not UTF-8"),
        ("p.json", b'[{"prompt":\n "\xff"}]', r"p\.json, line 2: not UTF-8 \(byte 3 of the line\)"),
        ("p.csv", "prompt,id,prompt,,\na,1,b,,\n", r"p\.csv, line 1: more than one column is called 'prompt'"),
        ("p.txt", b"ok\n\xff\n", r"line 2: not UTF-8"),
        ("p.docx", "x", r"cannot tell what kind of file .*\.jsonl"),
    ],
)
def test_a_bad_file_is_told_in_one_line(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        list(read_rows(written(tmp_path, name, content)))
    assert "\n" not in str(caught.value)


def test_a_damaged_gzip_file(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"prompt": "a"}\n' * 10_000)
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "not.jsonl.gz").write_bytes(b'{"prompt": "a"}\n')
    for name in ("cut.jsonl.gz", "not.jsonl.gz"):
        with pytest.raises(UserError, match="a damaged gzip file"):
            list(read_rows(tmp_path / name))


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    (tmp_path / "p.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(UserError, match="as a data set"):
        list(read_rows(tmp_path / "p.parquet"))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'.*none\.jsonl' does not exist"):
        list(read_rows(tmp_path / "none.jsonl"))
