"""The prompts that a run is held against: bundled, a file's, or the benchmark's."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tlpo.data.evaluation_prompts import held_out_records
from tlpo.errors import UserError


def test_the_bundled_ones_are_those_held_out() -> None:
    found = held_out_records(None, ["ko", "ja"])
    assert [record.language for record in found] == ["ko"] * 60 + ["ja"] * 60


def test_a_language_without_bundled_ones_needs_a_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="bundled for sw, th: give --eval_prompts FILE, or --audit_prompts 0"):
        held_out_records(None, ["ko", "sw", "th"])
    file = tmp_path / "p.jsonl"
    rows = [{"prompt": name, "language": "sw", "split": name} for name in ("train", "eval")]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert [record.prompt for record in held_out_records(str(file), ["sw"])] == ["eval"]


def test_the_benchmark_in_these_languages(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "test_sets.zip", "w") as sets:
        for code in ("ko", "ja"):
            sets.writestr(f"monolingual/okapi/{code}.csv", f"prompt,source,language\nasked,okapi,{code}\n")
    found = held_out_records(str(tmp_path / "test_sets.zip"), ["ja"])
    assert [(record.prompt, record.language, record.setting) for record in found] == [("asked", "ja", "monolingual")]
