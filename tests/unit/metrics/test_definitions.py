"""The examples of docs/definitions.md, run through the three profiles."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from tlpo.confusion import ConfusionDetector
from tlpo.metrics import check_response
from tlpo.metrics.lcb import LCBProfile
from tlpo.metrics.passrates import English
from tlpo.metrics.wordlist import load_word_list

PAGE = Path(__file__).parents[3] / "docs" / "definitions.md"


def examples() -> list[list[str]]:
    """The cells of each row of the table of examples, without the last column."""
    table = PAGE.read_text(encoding="utf-8").partition("## Where they differ")[2].partition("## How close")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in row][:-1] for row in rows[2:]]


@lru_cache
def profile() -> LCBProfile:
    return LCBProfile(load_word_list())


def by_lcb(text: str, language: str) -> str:
    (line_passed, line_judged), (word_passed, word_judged) = profile().tally(text, language)
    if not line_judged:
        return "skipped"
    if not line_passed:
        return "line"
    judged_by_words = "wpr" in profile().rates_of(language)
    return "word" if judged_by_words and word_passed < word_judged else "pass"


def by_tlpo(text: str, language: str, english: English) -> str:
    found = check_response(text, language, english)
    if not found.counted:
        return "-"
    return "pass" if found.passed else str(found.confusion_point)


def by_default(text: str, language: str, english: English) -> str:
    found = ConfusionDetector(language, english=english).check(text)
    return {"clean": "pass", "undecided": "undecided"}.get(found.verdict, str(found.confusion_point))


def test_there_are_examples() -> None:
    assert len(examples()) >= 15


@pytest.mark.parametrize("row", examples(), ids=lambda row: f"{row[0]}-{row[1][:12]}")
def test_an_example_of_the_page(row: list[str]) -> None:
    language, text, *expected = row
    found = [
        by_lcb(text, language),
        by_tlpo(text, language, "neutral"),
        by_tlpo(text, language, "confusion"),
        by_default(text, language, "neutral"),
        by_default(text, language, "confusion"),
    ]
    assert found == expected
