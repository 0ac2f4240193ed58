"""The rows of the consistency suite, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.evaluation.items import item
from tests.unit.evaluation.test_intervals import SCIPY_WILSON

from tlpo.evaluation.consistency import Row, consistency_rows, outcomes
from tlpo.metrics import Profile, get_profile
from tlpo.metrics.lcb import LCBProfile
from tlpo.metrics.profile import Tally
from tlpo.metrics.wordlist import WordList

LCB = LCBProfile(WordList(frozenset({"word"}), "test"))
TLPO = get_profile("tlpo")
CLEAN: Tally = ((1, 1), (1, 1), (9, 9))
CONFUSED: Tally = ((0, 1), (1, 2), (6, 8))


def rows(profile: Profile, judged: list[tuple[dict[str, Any], Tally | None]], resamples: int = 100) -> list[Row]:
    items, tallies = [item for item, _ in judged], [tally for _, tally in judged]
    return consistency_rows(
        items, profile, tallies, temperature=1.0, english="neutral", resamples=resamples, seed=0
    )  # fmt: skip


def find(found: list[Row], source: str, language: str) -> Row:
    (row,) = [row for row in found if (row["source"], row["language"]) == (source, language)]
    return row


def test_rates_of_two_samples_a_prompt() -> None:
    found = rows(
        TLPO,
        [(item(0), CLEAN), (item(0, 1), CONFUSED), (item(1), CLEAN), (item(1, 1), CLEAN)],
    )
    row = find(found, "all", "ko")
    # RPR 3 of 4; LPR (1 + 1 + 1 + 1) of (1 + 2 + 1 + 1); WPR (9 + 6 + 9 + 9) of (9 + 8 + 9 + 9).
    assert (row["n"], row["prompts"], row["rpr"], row["lpr"]) == (4, 2, 75, 80)
    assert row["wpr"] == pytest.approx(100 * 33 / 35, abs=1e-4)
    assert (row["lcpr"], row["rate"], row["undecided"]) == (None, 25, None)
    assert (row["profile"], row["english"], row["temperature"]) == ("tlpo", "neutral", 1.0)
    # Two prompts are drawn: both the first, both the second, or one of each; never a sample alone.
    assert row["ci95"]["rpr"] == [50, 100]
    assert row["ci95"]["lcpr"] is None


def test_the_confused_share_has_wilsons_interval_also_where_there_is_none() -> None:
    none = find(rows(TLPO, [(item(n), CLEAN) for n in range(60)]), "all", "ko")
    assert (none["rate"], none["rpr"]) == (0, 100)
    assert none["ci95"]["rate"] == pytest.approx([100 * end for end in SCIPY_WILSON[0, 60]], abs=1e-3)
    assert none["ci95"]["rpr"] == [100, 100]
    some = find(rows(TLPO, [(item(n), CONFUSED if n < 17 else CLEAN) for n in range(77)]), "all", "ko")
    assert some["ci95"]["rate"] == pytest.approx([100 * end for end in SCIPY_WILSON[17, 77]], abs=1e-3)


def test_the_benchmarks_profile_counts_wrong_lines_and_english_words() -> None:
    tallies: list[Tally] = [((1, 1), (1, 1)), ((1, 1), (0, 1)), ((0, 1), (0, 0)), ((0, 0), (0, 0))]
    row = find(rows(LCB, [(item(n), tally) for n, tally in enumerate(tallies)]), "all", "ko")
    assert (row["rpr"], row["english"]) == (None, None)
    assert (row["lpr"], row["wpr"]) == (pytest.approx(66.6667), 50)
    assert row["lcpr"] == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5) * 100, abs=1e-3)
    assert row["rate"] == 50  # one with a wrong line, one with an English word, of four
    assert outcomes(LCB, tallies[1]) == {"lpr": [1, 1], "wpr": [0, 1], "confused": 1}
    assert outcomes(LCB, tallies[3]) == {"lpr": [0, 0], "wpr": [0, 0], "confused": 0}


def test_settings_are_averaged_apart_and_named() -> None:
    def place(setting: str, source: str, language: str) -> dict[str, Any]:
        return {"setting": setting, "source": f"{setting}/{source}", "language": language}

    judged: list[tuple[dict[str, Any], Tally | None]] = [
        (item(0, **place("monolingual", "okapi", "ko")), CLEAN),
        (item(1, **place("monolingual", "native", "ko")), CONFUSED),
        (item(2, **place("monolingual", "okapi", "fr")), CLEAN),
        (item(3, **place("crosslingual", "okapi", "ko")), CONFUSED),
    ]
    found = rows(TLPO, judged)
    assert find(found, "monolingual/okapi", "ko")["rpr"] == 100
    assert find(found, "crosslingual/okapi", "ko")["rpr"] == 0
    assert find(found, "monolingual/all", "ko")["rpr"] == 50
    assert find(found, "monolingual/okapi", "all")["rpr"] == 100
    overall = find(found, "monolingual/all", "all")  # the mean of the languages' means
    assert (overall["rpr"], overall["n"]) == (75, 3)
    assert overall["rate"] == pytest.approx(100 / 3, abs=1e-3)  # but the share is over responses


def test_a_language_that_the_profile_does_not_cover() -> None:
    row = find(rows(TLPO, [(item(0, language="tr"), None)]), "all", "tr")
    assert (row["n"], row["rpr"], row["rate"], row["ci95"]["rate"]) == (1, None, None, None)
    assert "does not cover" in row["note"]
    assert outcomes(TLPO, None) is None
