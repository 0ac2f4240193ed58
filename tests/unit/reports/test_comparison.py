"""The verdict in words, the tables and the page of a comparison."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.unit.reports.comparisons import comparison, difference
from tests.unit.reports.page import Page

from tlpo.reports.comparison.page import inline_svg, render_comparison, write_comparison
from tlpo.reports.comparison.tables import comparison_csv, comparison_markdown, comparison_terminal, main_rows
from tlpo.reports.comparison.verdict import outcome, verdict_text

UP, DOWN, OPEN, NONE = (0.1, 0.05, 0.15), (-0.1, -0.15, -0.05), (0.01, -0.02, 0.04), (0.0, 0.0, 0.0)
NASTY = '<script>alert("x")</script> & |'


@pytest.mark.parametrize(
    ("consistency", "ability", "told"),
    [
        ("better", "better", "gain"), ("better", "cannot tell", "surgical"), ("better", "same", "surgical"),
        ("better", "worse", "paid"), ("better", None, "unmeasured"), ("worse", "better", "harm"),
        ("worse", "worse", "harm"), ("cannot tell", "worse", "loss"), ("same", "worse", "loss"),
        ("cannot tell", "better", "unclear"), ("same", "same", "unclear"), ("cannot tell", None, "unclear"),
    ],
)  # fmt: skip
def test_outcomes(consistency: str, ability: str | None, told: str) -> None:
    assert outcome(consistency, ability) == told


def test_the_verdict_says_what_the_intervals_say() -> None:
    against = [
        {"label": "base", "consistency": difference(UP), "accuracy": difference(OPEN)},
        {"label": "DPO", "consistency": difference(OPEN), "accuracy": difference(UP)},
        {"label": "SFT", "consistency": difference(UP), "accuracy": difference(UP)},
        {"label": "gate", "consistency": difference(DOWN), "accuracy": difference(OPEN)},
        {"label": "ORPO", "consistency": difference(OPEN), "accuracy": difference(NONE)},
    ]
    methods = {"TLPO": (UP, OPEN), "DPO": (UP, DOWN), "SFT": (DOWN, DOWN), "gate": (UP, NONE), "ORPO": (OPEN, OPEN)}
    told = verdict_text(comparison(methods, focus="TLPO", against=against))
    assert told == (
        "The base model (base): consistency 80.0 %, accuracy 80.0 %; all differences are from it, on the same items. "
        "TLPO: more consistent, with no loss in accuracy seen (consistency +10.0 points, 95 % interval +5.0 to +15.0, "
        "accuracy +1.0 points, 95 % interval -2.0 to +4.0). "
        "More consistent, with no loss in accuracy seen: gate (consistency +10.0, accuracy 0.0). "
        "More consistent, but at a cost in accuracy: DPO (consistency +10.0, accuracy -10.0). "
        "Neither more nor less consistent as far as one can tell: ORPO (consistency +1.0, accuracy +1.0). "
        "Less consistent: SFT (consistency -10.0, accuracy -10.0). "
        "TLPO is better in consistency and accuracy than SFT; better in accuracy than DPO (no difference seen in "
        "consistency); not told apart from ORPO; worse in consistency than gate (no difference seen in accuracy)."
    )


def test_where_no_task_was_run_clean_text_stands_for_ability() -> None:
    told = verdict_text(comparison({"A": (UP, (0.05, 0.02, 0.07))}, ability="likelihood", focus="A"))
    assert "A: more consistent, but at a cost in the likelihood of clean text (" in told
    assert "NLL +0.050 nats, 95 % interval +0.020 to +0.070" in told
    alone = verdict_text(comparison({"A": (UP, None)}, focus="A"))
    assert "A: more consistent; what it cost was not measured (consistency +10.0 points" in alone


def curves() -> dict[str, Any]:
    points = [
        {"rate": 1e-6, "confusion": 0.1, "nll_rise": 0.01, "mean_length": 60.0, "digits_share": None},
        {"rate": 1e-5, "confusion": 0.05, "nll_rise": 0.03, "mean_length": 50.0, "digits_share": None},
    ]
    base = {"confusion": 0.2, "nll_rise": 0.0, "mean_length": 61.0, "digits_share": None}
    return {"base": base, "methods": {"TLPO": {"chosen": 1e-5, "points": points}}}


def both_abilities() -> dict[str, Any]:
    found = comparison({"TLPO": (UP, OPEN), NASTY: (OPEN, DOWN)}, focus="TLPO")
    second = comparison({"TLPO": (UP, (0.03, 0.02, 0.04)), NASTY: (OPEN, (-0.01, -0.05, 0.03))}, ability="likelihood")
    found["axes"]["likelihood"] = "likelihood"
    detail = {**found["figures"][0], "key": "rpr/default/t1/all/ko", "title": "RPR", "axis": None}
    found["figures"] += [second["figures"][1], detail]
    found["against"] = [{"label": NASTY, "consistency": difference(UP)}]
    found["study"] = {
        "curves": curves(), "setting": ["ko"], "notes": ["Rule: <lowest> rate."],
        "methods": {"TLPO": {"learning rate": "5e-06"}},
    }  # fmt: skip
    return found


def test_beside_accuracy_clean_text_is_told_too() -> None:
    assert verdict_text(both_abilities()).endswith(
        "The NLL of clean text, a finer measure, rises by +0.030 nats a token under TLPO."
    )


def test_the_csv_holds_every_figure() -> None:
    found = both_abilities()
    rows = list(csv.DictReader(comparison_csv(found).splitlines()))
    assert len([row for row in rows if not row["figure"].startswith("text/")]) == 4 * 3
    row = next(row for row in rows if row["figure"] == "accuracy" and row["method"] == NASTY)
    assert (float(row["difference"]), float(row["difference_low"]), row["verdict"]) == (-0.1, -0.15, "worse")
    assert (row["seeds"], row["items"]) == ("1", "60")
    base = next(row for row in rows if row["figure"] == "accuracy" and row["method"] == "base")
    assert (float(base["value"]), base["difference"], base["verdict"]) == (0.8, "", "")
    assert next(row for row in rows if row["figure"] == "text/mean_length")["value"] == "60.0"


def test_the_tables() -> None:
    found = both_abilities()
    rows = main_rows(found)
    assert [row["outcome"] for row in rows] == ["base", "surgical", "loss"]
    assert rows[1]["axes"]["likelihood"]["change"] == "+0.030"
    assert rows[1]["extra"] == {"learning rate": "5e-06"}
    text = comparison_markdown(found, picture="comparison.svg")
    table = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [cell.strip() for cell in table[3].split(" | ")]
    assert cells[0] == "| **TLPO**"
    assert cells[1:3] == ["90.0 %", "+10.0 (+5.0 to +15.0) better"]
    assert cells[-3:] == ["60.0", "1", "5e-06 |"]
    assert "\\|" in table[4]
    assert "](comparison.svg)" in text
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(comparison_terminal(found))
    assert "+10.0 better" in console.export_text()


def test_the_page_is_whole_safe_and_stands_alone(tmp_path: Path) -> None:
    found = both_abilities()
    paths = write_comparison(tmp_path / "out", found)
    assert {path.name for path in paths} == {path.name for path in (tmp_path / "out").iterdir()} == {
        "comparison.html", "comparison.md", "comparison.csv", "comparison.json", "comparison.png", "comparison.svg",
        "comparison-likelihood.png", "comparison-likelihood.svg", "learning-rates.png", "learning-rates.svg",
    }  # fmt: skip
    html = (tmp_path / "out/comparison.html").read_text(encoding="utf-8")
    page = Page(html)
    assert "script" not in {tag for tag, *_ in page.elements}
    assert verdict_text(found) in page.texts("p")
    assert page.texts("p", "answer") == ["TLPO: more consistent, with no loss in accuracy seen."]
    assert len(page.attributes("svg")) == 3
    names = [text.removesuffix("the base model") for text in page.texts("th") if text]
    assert any(NASTY in name for name in names)
    assert {"Content-Security-Policy"} <= {attrs.get("http-equiv") for attrs in page.attributes("meta")}
    assert not re.findall(r'(?:src|href)="(?!#)', html)
    ids = [attrs["id"] for _, attrs, *_ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert json.loads((tmp_path / "out/comparison.json").read_text())["focus"] == "TLPO"
    assert "Rule: <lowest> rate." in page.texts("li")


def test_consistency_alone(tmp_path: Path) -> None:
    write_comparison(tmp_path, comparison({"A": (UP, None)}, focus="A"))
    assert "Up is more consistent." in (tmp_path / "comparison.html").read_text(encoding="utf-8")
    html = render_comparison(comparison({}), {})  # the base model by itself
    assert "answer" not in [css for attrs in Page(html).attributes("p") for css in attrs.get("class", "").split()]


def test_pictures_take_the_colours_of_the_page() -> None:
    svg = (
        '<?xml version="1.0"?><!DOCTYPE svg><svg height="3pt" viewBox="0 0 3 3" width="3pt"><metadata>x</metadata>'
        '<path id="a" style="fill: #0f766e; stroke: #FFFFFF"/><use xlink:href="#a" clip-path="url(#a)"/></svg>'
    )
    assert inline_svg(svg, "n") == (
        '<svg viewBox="0 0 3 3"><path id="n-a" style="fill: var(--good); stroke: var(--card)"/>'
        '<use xlink:href="#n-a" clip-path="url(#n-a)"/></svg>'
    )
