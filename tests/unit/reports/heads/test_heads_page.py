"""The analysis page: what it says, that it is safe, and that it stands alone."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.unit.reports.heads.analysis import analysis
from tests.unit.reports.heads.test_heads_tables import LABELS, results
from tests.unit.reports.page import Page

from tlpo.reports.heads.page import render_heads

NASTY = '<script>alert("x")</script>\'"><img src=x onerror=y>'
SVG = "<svg xmlns='http://www.w3.org/2000/svg'><text>ü</text></svg>"


def page_of(found: dict[str, Any], table: dict[str, Any] | None = None, figures: dict[str, str] | None = None) -> Page:
    return Page(render_heads(found, table, figures or {}, LABELS))


def test_figures_are_inside_the_page_with_a_description() -> None:
    page = page_of(analysis(), None, {"patching": SVG, "alpha-antonym": SVG})
    images = page.attributes("img")
    assert len(images) == 2
    for image in images:
        kind, _, content = image["src"].partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert base64.b64decode(content).decode("utf-8") == SVG
        assert len(image["alt"]) > 20


def test_the_numbers_stand_beside_the_figures() -> None:
    page = page_of(analysis())
    text = " ".join("".join(page.texts("body")).split())
    assert "2 layers of 3 heads" in text
    assert "3 of 6 on, 50 % settled" in text
    cells = [[part for part in row.split("\n") if part] for row in page.texts("tr")]
    assert ["antonym380.0 %75.0 %0.0 %20.0 %, 60.0 %"] in cells
    assert "The same task with another seed correlates at 0.90 on average, different tasks at 0.20. Between" in text
    assert "Spearman rank correlation of -0.25" in text
    assert ["antonym0.800.10"] in cells
    assert ["capitalize0.200.70"] in cells


def test_the_results_are_shown_where_there_are_some() -> None:
    page = page_of(analysis(), results())
    text = " ".join("".join(page.texts("body")).split())
    assert "SITE60.0 %50.0 to 70.0 %" in text
    assert "+20.0 points" in text
    assert "2.5 times faster" in text
    assert "Methods" not in "".join(page_of(analysis()).texts("h2"))


@pytest.mark.parametrize("absent", ["inter", "similarity"])
def test_one_task_has_neither_matrix_nor_tree(absent: str) -> None:
    headings = page_of({**analysis(), absent: None}).texts("h2")
    gone = {"inter": "Do tasks share heads?", "similarity": "Which tasks are alike?"}[absent]
    assert gone not in headings
    assert len(headings) == 3


def test_names_are_text_and_nothing_else() -> None:
    page = page_of(analysis(first=NASTY))
    assert not page.attributes("script")
    assert not page.attributes("img")
    assert any(NASTY in text for text in page.texts("th"))


def test_the_page_stands_alone() -> None:
    html = render_heads(analysis(), results(), {"patching": SVG}, LABELS)
    page = Page(html)
    assert not [tag for tag, *_ in page.elements if tag in ("script", "link", "iframe")]
    assert [attrs["src"] for attrs in page.attributes("img") if not attrs["src"].startswith("data:")] == []
    assert "url(" not in html
    assert "@import" not in html
    policy = [attrs["content"] for attrs in page.attributes("meta") if attrs.get("http-equiv")]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
