"""Averages, worked out by hand."""

from __future__ import annotations

import pytest

from tlpo.metrics.lcb import LCBProfile
from tlpo.metrics.passrates import TLPOProfile
from tlpo.metrics.profile import Tally
from tlpo.metrics.rows import Group, Row, build_rows
from tlpo.metrics.wordlist import WordList

LCB = LCBProfile(WordList(frozenset({"word"}), "test"))


def lcb_cell(passed: int, failed: int, english: int = 0, skipped: int = 0) -> list[Tally | None]:
    good: Tally = ((1, 1), (1, 1))
    with_english: Tally = ((1, 1), (0, 1))
    bad: Tally = ((0, 1), (0, 0))
    return [good] * passed + [with_english] * english + [bad] * failed + [((0, 0), (0, 0))] * skipped


def find(rows: list[Row], source: str, language: str) -> Row:
    (row,) = [row for row in rows if (row["source"], row["language"]) == (source, language)]
    return row


def test_averages_are_unweighted_and_lcpr_is_taken_of_the_averages() -> None:
    rows = build_rows(
        {
            Group("m", "mono", "a", "ko"): lcb_cell(passed=3, failed=4, english=1),  # LPR 50, WPR 75
            Group("m", "mono", "b", "ko"): lcb_cell(passed=1, failed=0, skipped=5),  # LPR 100, WPR 100
            Group("m", "mono", "a", "fr"): lcb_cell(passed=8, failed=2),  # LPR 80, no WPR
        },
        LCB,
        resamples=0,
    )
    single = find(rows, "a", "ko")
    assert (single["n"], single["lpr"], single["wpr"], single["lcpr"]) == (8, 50, 75, 60)
    french = find(rows, "a", "fr")
    assert (french["lpr"], french["wpr"], french["lcpr"]) == (80, None, None)
    source = find(rows, "a", "all")
    assert (source["n"], source["lpr"], source["wpr"]) == (18, 65, 75)
    assert source["lcpr"] == pytest.approx(2 * 65 * 75 / 140, abs=1e-4)
    korean = find(rows, "all", "ko")
    assert (korean["n"], korean["lpr"], korean["wpr"]) == (14, 75, 87.5)
    overall = find(rows, "all", "all")  # the mean of the languages' means: (75 + 80) / 2, and WPR of ko alone
    assert (overall["n"], overall["lpr"], overall["wpr"]) == (24, 77.5, 87.5)
    assert single["ci95"] == {"lpr": None, "wpr": None, "lcpr": None}


def test_without_a_passed_line_lcpr_is_undefined_and_the_row_says_so() -> None:
    rows = build_rows({Group("m", "mono", "a", "ko"): lcb_cell(passed=0, failed=3)}, LCB)
    row = find(rows, "a", "ko")
    assert (row["lpr"], row["wpr"], row["lcpr"]) == (0, 100, None)
    assert "by convention" in row["note"]
    assert row["ci95"]["lcpr"] is None


def test_intervals_hold_the_rate() -> None:
    rows = build_rows({Group("m", "mono", "a", "ko"): lcb_cell(passed=30, failed=5, english=5)}, LCB, resamples=200)
    for row in rows:
        for name in ("lpr", "wpr", "lcpr"):
            low, high = row["ci95"][name]
            assert 0 <= low < row[name] < high <= 100


def test_a_language_that_the_profile_does_not_cover_is_a_row_without_rates_outside_the_averages() -> None:
    passed: Tally = ((1, 1), (2, 2), (9, 10))
    rows = build_rows({Group("m", "mono", "a", "tr"): [None], Group("m", "mono", "a", "ko"): [passed]}, TLPOProfile())
    turkish = find(rows, "a", "tr")
    assert (turkish["n"], turkish["rpr"], turkish["note"]) == (1, None, "the profile does not cover this language")
    overall = find(rows, "all", "all")
    assert (overall["n"], overall["rpr"], overall["lpr"], overall["wpr"]) == (2, 100, 100, 90)
    assert "note" not in overall


def test_settings_and_models_are_averaged_apart() -> None:
    cell = lcb_cell(passed=1, failed=1)
    rows = build_rows({Group("m", s, "a", "ko"): cell for s in ("cross", "mono")}, LCB, resamples=0)
    assert [(row["setting"], row["source"], row["language"]) for row in rows] == [
        (s, *rest) for s in ("cross", "mono") for rest in (("a", "ko"), ("a", "all"), ("all", "ko"), ("all", "all"))
    ]
