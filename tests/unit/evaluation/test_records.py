"""Response records survive the file, and a torn file is told from a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.evaluation.records import confused, response

from tlpo.errors import UserError
from tlpo.evaluation.records import read_records


def test_round_trip(tmp_path: Path) -> None:
    chat = [{"role": "system", "content": "짧게"}, {"role": "user", "content": "왜?"}]
    records = [
        response(2, "가", prompt="\ud800"),
        response(0, "한 줄\u2028두 줄\r\n\x00"),  # separators that splitlines() would cut at
        confused(1, "나는 home", 3, 7, prompt=chat),
    ]
    path = tmp_path / "responses.jsonl"
    path.write_text("".join(record.to_json() + "\n" for record in records), encoding="utf-8")
    assert read_records(path) == records
    assert records[2].prompt_text == "짧게\n왜?"


def test_a_half_written_last_line_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "responses.jsonl"
    whole = response(0).to_json() + "\n"
    torn = response(1, "가나다").to_json().encode()
    path.write_bytes(whole.encode() + torn[: torn.index("나".encode()) + 1])  # in the middle of a character
    assert read_records(path) == [response(0)]


@pytest.mark.parametrize("line", ["{", "[]", '{"index": 0}', "7"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "responses.jsonl"
    path.write_text(response(0).to_json() + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"responses\.jsonl, line 2"):
        read_records(path)
