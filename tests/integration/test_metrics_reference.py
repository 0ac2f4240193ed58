"""The two published definitions against what the public scripts print for published outputs."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import pytest
from tests.shared import ROOT, shared_data

from tlpo.metrics import check_response, score_files


def benchmark(name: str) -> ModuleType:
    """A script of benchmarks/, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("model", ["gpt-4-turbo", "llama-2-instruct"])
def test_lcb_is_the_public_script_to_the_digit(model: str) -> None:
    data = shared_data("lcb")
    with (data / "reference.csv").open(newline="", encoding="utf-8") as file:
        reference = [row for row in csv.DictReader(file) if row["model"] == model]
    report = score_files([data / "outputs" / f"{model}.csv.gz"], "lcb", word_list=data / "words", resamples=0)
    found = benchmark("lcb_agreement").compare(reference, report["rows"])
    assert found["rows"] == 104
    assert found["differing"] == []
    assert found["lcpr_undefined"] == sum(row["wpr"] != "" and float(row["lpr"]) == 0 for row in reference)


@lru_cache(maxsize=2)
def completions(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [row["completion"] for row in csv.DictReader(file)]


def test_tlpo_agrees_with_the_reference_detector_on_every_twentieth_response() -> None:
    point_class = benchmark("tlpo_agreement").point_class
    path = shared_data("detector", "tlpo_reference.jsonl.gz")
    seen = 0
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for record in map(json.loads, file):
            if record["row"] % 20:
                continue
            seen += 1
            text = completions(shared_data("lcb", "outputs", f"{record['model']}.csv.gz"))[record["row"]]
            found = check_response(text, record["language"], "neutral" if record["ignore_english"] else "confusion")
            counts = (found.lines_passed, found.lines_failed, found.words_passed, found.words_failed)
            assert counts == tuple(record[k] for k in ("line_pass", "line_fail", "word_pass", "word_fail")), record
            assert (found.passed, found.counted) == (
                record["resp_pass"] == 1,
                record["resp_pass"] + record["resp_fail"] == 1,
            )
            assert point_class(text, record["confusion_point"], found) != "unexplained", record
    assert seen > 1000
