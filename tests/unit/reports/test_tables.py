"""Terminal tables, printed without colour and read back."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console
from tests.unit.evaluation.records import confused, response
from tests.unit.reports.test_html import audit_of

from tlpo.evaluation.compare_audits import compare_audits
from tlpo.reports.tables import audit_table, comparison_table, example_text


def printed(renderable: Any, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(renderable)
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def cells(lines: list[str], first: str) -> list[str]:
    return next(line.split() for line in lines if line.split()[: len(first.split())] == first.split())


def test_audit_table_fits_80_columns() -> None:
    records = [confused(0, "가 home", 2, 6, ids=(1, 2)), response(1, "나나", finished="eos")]
    lines = printed(audit_table(audit_of(records)))
    # 2 responses, 1 confused, 0 undecided; Wilson of 1 in 2; 3 of 7 characters are Hangul; (1,2) twice.
    expected = ["ko", "2", "1", "0", "50.0", "9.5–90.5", "42.9", "0.0", "2.0", "0.500", "50.0"]
    assert cells(lines, "ko") == expected
    assert not any(line.split()[:1] == ["all"] for line in lines)


def test_audit_table_of_two_languages_has_a_last_row() -> None:
    records = [response(0), response(1, "はい", language="ja")]
    lines = printed(audit_table(audit_of(records)))
    assert cells(lines, "all")[1] == "2"
    assert not any("…" in line for line in lines)


def test_comparison_table() -> None:
    before = [confused(0, "a 가", 0, 1), confused(1, "b 나", 0, 1)]
    compared = compare_audits(before, [response(0, "가가"), response(1, "나나")])["overall"]
    nll = {"ko": {"before": 4.451, "after": 4.479, "change": 0.028, "ci95": [0.02, 0.036]}}
    lines = printed(comparison_table(compared, nll))
    # Newcombe's interval, as in test_compare_audits
    assert cells(lines, "confusion rate")[2:] == ["100.0", "%", "0.0", "%", "-100.0", "-100.0", "to", "-7.0"]
    assert cells(lines, "target letters")[2:6] == ["50.0", "%", "100.0", "%"]
    assert cells(lines, "NLL of clean text, ko")[-6:] == ["4.451", "4.479", "+0.028", "+0.020", "to", "+0.036"]


def test_example_shows_the_text_around_the_point() -> None:
    text = "가" * 200 + "\nhome " + "나" * 200
    record = confused(0, text, 201, 205)
    shown = example_text(text, list(record.spans), 201, around=10)
    assert shown.plain == "…" + "가" * 9 + " ▶home " + "나" * 5 + "…"
    styles = {shown.plain[part.start : part.end]: part.style for part in shown.spans}
    assert styles["home"] == "bold red reverse"


def test_example_without_confusion_shows_its_start() -> None:
    assert example_text("안녕\x1b하세요", [], None, around=2).plain == "안녕␛하…"
    assert example_text("안녕", [], None).plain == "안녕"
