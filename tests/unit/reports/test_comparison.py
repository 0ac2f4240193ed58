"""The tables and the page of a comparison."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.unit.reports.comparisons import DOWN, NASTY, OPEN, UP, comparison, difference
from tests.unit.reports.page import Page

from tlpo.cli.compare import print_comparison
from tlpo.errors import UserError
from tlpo.reports.comparison.page import inline_svg, render_comparison, write_comparison
from tlpo.reports.comparison.picture import points
from tlpo.reports.comparison.tables import (
    comparison_csv,
    comparison_markdown,
    comparison_terminal,
    how_read,
    main_rows,
)
from tlpo.reports.comparison.verdict import headline, verdict_text
from tlpo.reports.comparison.wording import judged_text

STEPS = {"TLPO": [[{"done": 0.5, "confusion": 0.2}, {"done": 1.0, "confusion": 0.1}]]}


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
        "curves": curves(), "steps": STEPS, "setting": ["ko"], "notes": ["Rule: <lowest> rate."],
        "methods": {"TLPO": {"learning rate": "5e-06"}},
    }  # fmt: skip
    return found


def test_accuracy_that_holds_hides_no_loss_in_clean_text() -> None:
    found = both_abilities()
    assert headline(found) == "Cosmetic: TLPO is more consistent, but this is bought with less likely clean text."
    rows = {row["label"]: row for row in main_rows(found)}
    assert rows["TLPO"]["outcome"] == "cosmetic"
    panel = Page(render_comparison(found, {})).attributes("section", "headline")
    assert panel[0]["class"].split() == ["panel", "headline", "bad"]
    assert [point.kind for point in points(found, "accuracy")] == ["base", "bad", "bad"]  # in both pictures alike


def test_the_csv_holds_every_figure() -> None:
    found = both_abilities()
    rows = list(csv.DictReader(comparison_csv(found).splitlines()))
    assert len([row for row in rows if row["value"] and not row["figure"].startswith("text/")]) == 4 * 3
    row = next(row for row in rows if row["figure"] == "accuracy" and row["method"] == NASTY)
    assert row["difference_from"] == "base"
    assert (float(row["difference"]), float(row["difference_low"]), row["verdict"]) == (-0.1, -0.15, "worse")
    assert (row["seeds"], row["items"]) == ("1", "60")
    base = next(row for row in rows if row["figure"] == "accuracy" and row["method"] == "base")
    assert (float(base["value"]), base["difference"], base["verdict"]) == (0.8, "", "")
    assert (base["difference_from"], base["low"]) == ("", "0.75")
    assert next(row for row in rows if row["figure"] == "text/mean_length")["value"] == "60.0"


def test_the_csv_holds_the_focus_against_the_others() -> None:
    against = [
        {"label": "base", "consistency": difference(UP), "accuracy": difference(OPEN)},
        {"label": "DPO", "consistency": difference(OPEN), "accuracy": difference(DOWN)},
        {"label": "SFT", "consistency": difference(UP)},  # which lacks the accuracy
    ]
    found = comparison({"TLPO": (UP, OPEN), "DPO": (UP, UP), "SFT": (OPEN, None)}, focus="TLPO", against=against)
    rows = [row for row in csv.DictReader(comparison_csv(found).splitlines()) if not row["value"]]
    assert [(row["figure"], row["method"], row["difference_from"], row["verdict"]) for row in rows] == [
        ("consistency", "TLPO", "DPO", "cannot tell"), ("accuracy", "TLPO", "DPO", "worse"),
        ("consistency", "TLPO", "SFT", "better"),
    ]  # fmt: skip
    assert [float(rows[1][f"difference{end}"]) for end in ("", "_low", "_high")] == [-0.1, -0.15, -0.05]
    assert (rows[1]["low"], rows[1]["seeds"], rows[1]["items"]) == ("", "1", "60")


def test_the_divergence_stands_with_the_text() -> None:
    found = comparison({"A": (UP, OPEN)})
    told = {"value": 0.03229, "ci95": [0.0295, 0.0353], "runs": [0.03229], **difference((0.03229, 0.0295, 0.0353))}
    figure = {**found["figures"][0], "key": "text/kl_from_base/ko", "axis": None, "share": False, "methods": {}}
    found["figures"].append({**figure, "methods": {"A": {**told, "verdict": None}}})
    base, row = main_rows(found)
    assert "KL from base, ko" not in base["text"]
    assert row["text"] == {"mean length": "60.0", "KL from base, ko": "0.0323"}
    line = next(row for row in csv.DictReader(comparison_csv(found).splitlines()) if "kl_from_base" in row["figure"])
    assert (line["low"], line["difference_high"], line["verdict"]) == ("0.0295", "0.0353", "")
    assert "0.0295 to 0.0353" in render_comparison(found, {})


def test_the_tables() -> None:
    found = both_abilities()
    rows = main_rows(found)
    assert [row["outcome"] for row in rows] == ["base", "cosmetic", "loss"]
    assert rows[2]["told"] == "No gain: not more consistent as far as the intervals say, and comes with lower accuracy"
    assert rows[1]["axes"]["likelihood"]["change"] == "+0.030"
    assert rows[1]["extra"] == {"learning rate": "5e-06"}
    text = comparison_markdown(found, {"Consistency": "comparison.svg", "Learning rates": "rates.svg"})
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert table[0].startswith(
        "| method | verdict | consistency (60 prompts) | change (95 %) | accuracy (60 questions) |"
    )
    assert "| NLL, nats a token (60 lines of text) |" in table[0]
    assert table[2].startswith("| base | base model | 80.0 % |")
    cells = [cell.strip() for cell in table[3].split(" | ")]
    assert cells[0] == "| **TLPO**"
    assert cells[1:4] == ["Cosmetic", "90.0 %", "+10.0 (+5.0 to +15.0) better"]
    assert cells[-3:] == ["60.0", "1", "5e-06 |"]
    assert table[4].startswith('| &lt;script&gt;alert("x")&lt;/script&gt; &amp; \\| |')
    assert "- Rule: &lt;lowest&gt; rate." in text
    assert "<" not in text
    assert "![Consistency](comparison.svg)\n\n![Learning rates](rates.svg)" in text
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(comparison_terminal(found))
    shown = console.export_text()
    for told in ("+10.0 better", "Cosmetic", "No gain", "base model", "60 prompts", "60 questions", "60 lines of text"):
        assert told in shown


def test_how_consistency_was_judged_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    found = comparison({"A": (UP, OPEN)}, focus="A")
    sentence = "Consistency is judged by profile tlpo: Choo; English is neutral."
    page = Page(render_comparison(found, {}))
    assert page.texts("p", "judged") == [sentence]
    assert [text for text in page.texts("th") if "60" in text] == ["Consistency60 prompts", "Accuracy60 questions"]
    lines = comparison_markdown(found).splitlines()
    assert lines.index(sentence) == lines.index(f"**{headline(found)}**") + 2
    print_comparison(found, [])
    assert sentence in capsys.readouterr().out.splitlines()
    for judged, told in (
        ({"profile": "default", "definition": None, "english": "confusion"}, "profile default: English is confusion."),
        ({"profile": "lcb", "definition": None, "english": None}, "profile lcb."),
    ):
        assert judged_text({"judged_by": judged}) == f"Consistency is judged by {told}"


def test_the_page_is_whole_safe_and_stands_alone(tmp_path: Path) -> None:
    found = both_abilities()
    paths = write_comparison(tmp_path / "out", found)
    assert {path.name for path in paths} == {path.name for path in (tmp_path / "out").iterdir()} == {
        "comparison.html", "comparison.md", "comparison.csv", "comparison.json", "comparison.png", "comparison.svg",
        "comparison-likelihood.png", "comparison-likelihood.svg", "learning-rates.png", "learning-rates.svg",
        "trainings.png", "trainings.svg",
    }  # fmt: skip
    html = (tmp_path / "out/comparison.html").read_text(encoding="utf-8")
    page = Page(html)
    assert "script" not in {tag for tag, *_ in page.elements}
    assert verdict_text(found) in page.texts("p")
    assert page.texts("p", "answer") == [headline(found)]
    assert len(page.attributes("svg")) == 4
    # Each table, the details' too, scrolls by itself where the screen is too narrow for it.
    assert [parents[-1] for tag, _, _, parents in page.elements if tag == "table"] == ["div"] * 5
    assert len(page.attributes("div", "scroll")) == 5
    names = [text.removesuffix("the base model") for text in page.texts("th") if text]
    assert any(NASTY in name for name in names)
    assert {"Content-Security-Policy"} <= {attrs.get("http-equiv") for attrs in page.attributes("meta")}
    assert not re.findall(r'(?:src|href)="(?!#)', html)
    # On a phone the text is as wide as the screen, on paper nothing is cut off by a scroll bar.
    assert [attrs["content"] for attrs in page.attributes("meta") if attrs.get("name") == "viewport"] == [
        "width=device-width, initial-scale=1"
    ]
    style = "".join(page.texts("style"))
    assert re.search(r"@media \(max-width: \d+rem\)", style)
    assert re.search(r"@media print \{[^@]*overflow: visible", style)
    ids = [attrs["id"] for _, attrs, *_ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert json.loads((tmp_path / "out/comparison.json").read_text())["focus"] == "TLPO"
    assert "Rule: <lowest> rate." in page.texts("li")


def test_what_to_know_of_the_verdict_stands_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = comparison({"A": (UP, OPEN)}, focus="A", caveats=["Evaluated with [another] gate.", "One model."])
    page = Page(render_comparison(found, {}))
    assert "Evaluated with [another] gate." in page.texts("section", "headline")[0]
    assert "One model." in page.texts("section", "headline")[0]
    lines = comparison_markdown(found).splitlines()
    told = headline(found)
    assert told is not None
    answer = lines.index(f"**{told}**")
    assert answer < lines.index("- Evaluated with [another] gate.") < lines.index("- One model.")
    print_comparison(found, [])
    shown = capsys.readouterr().out.splitlines()
    assert told in shown
    assert shown[-2:] == ["- Evaluated with [another] gate.", "- One model."]


def test_brackets_in_labels_are_no_markup() -> None:
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(comparison_terminal(comparison({"[bold]A[/bold] [/x]": (UP, OPEN)})))
    assert "[bold]A[/bold] [/x]" in console.export_text()


def test_how_consistency_was_averaged_is_told() -> None:
    found = comparison({"A": (UP, OPEN)})
    assert "averaged" not in how_read(found)
    found["figures"][0]["strata"] = ["monolingual/okapi/ko", "monolingual/okapi/ja"]
    assert "Consistency is averaged over the sources of a language, over languages, then over settings." in how_read(
        found
    )


def test_an_output_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for folder in (file, file / "below"):
        with pytest.raises(UserError, match=r"is a file, or lies in one: give another output folder"):
            write_comparison(folder, comparison({"A": (UP, OPEN)}))
    assert file.read_text(encoding="utf-8") == "mine"


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
