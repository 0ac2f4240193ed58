"""The audit's page: what it says, that it is safe, and that it stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.evaluation.records import confused, response
from tests.unit.reports.page import Page

from tlpo.evaluation.records import ResponseRecord
from tlpo.evaluation.scoring import score, score_by_language
from tlpo.reports.html import render_audit

NASTY = '<script>alert("x")</script> & \'"><img src=x onerror=y>'


def audit_of(records: Sequence[ResponseRecord], **changes: Any) -> dict[str, Any]:
    figures = {
        "model": "org/model",
        "language": "ko",
        "english": "confusion",
        **score(records),
        "languages": score_by_language(records),
        "settings": {"temperature": 1.0, "max_new_tokens": 64, "adapter": None},
        "versions": {"tlpo": "0.1.0"},
    }
    return {**figures, **changes}


def page_of(records: Sequence[ResponseRecord], **changes: Any) -> Page:
    return Page(render_audit(audit_of(records, **changes), records))


@pytest.fixture
def records() -> list[ResponseRecord]:
    return [
        response(0, "좋은 아침", finished="eos"),
        confused(1, "나는 home 으로\n  간다", 3, 7),
        response(2, "42", verdict="undecided"),
    ]


def test_every_response_is_there_with_its_verdict(records: list[ResponseRecord]) -> None:
    page = page_of(records)
    verdicts = [attrs["class"].split()[0] for attrs in page.attributes("article")]
    assert verdicts == ["clean", "confused", "undecided"]
    assert page.texts("div", "response") == [record.response for record in records]  # to the character
    assert page.texts("p", "prompt") == ["질문 0", "질문 1", "질문 2"]


def test_the_confusion_point_is_marked(records: list[ResponseRecord]) -> None:
    page = page_of(records)
    assert page.texts("mark") == ["home"]
    assert page.attributes("mark")[0]["title"] == "Latin · English · rule: english · confidence 0.90"
    assert page.attributes("mark")[0]["class"] == "first"
    assert [attrs["data-at"] for attrs in page.attributes("span", "point")] == ["3"]
    assert page.texts("span", "at") == ["3"]


def test_figures_and_filters(records: list[ResponseRecord]) -> None:
    page = page_of(records)
    assert page.texts("p", "rate") == ["33.3 %"]
    # scipy 1.17: binomtest(1, 3).proportion_ci(method="wilson")
    assert page.texts("p", "interval") == ["95 % interval 6.1 to 79.2 %"]
    labels = [text.split() for text in page.texts("label")]
    assert labels == [["All", "3"], ["Confused", "1"], ["Undecided", "1"], ["Clean", "1"]]
    assert not page.texts("table")  # one language needs no table of languages


def test_filter_without_responses_is_disabled() -> None:
    page = page_of([response(0)])
    disabled = {attrs["id"] for attrs in page.attributes("input") if "disabled" in attrs}
    assert disabled == {"v-confused", "v-undecided"}


def test_several_languages_have_a_table_and_a_filter(records: list[ResponseRecord]) -> None:
    both = [*records, response(3, "مرحبا", language="ar")]
    page = page_of(both, language="mul")
    assert [text for text in page.texts("th") if text in ("Korean", "Arabic")] == ["Korean", "Arabic"]
    assert [text.strip() for text in page.texts("label")][-3:] == ["Every language", "Korean", "Arabic"]
    places = [attrs["class"].split()[1] for attrs in page.attributes("article")]
    assert places == ["l-1", "l-1", "l-1", "l-2"]


def test_text_takes_its_own_direction(records: list[ResponseRecord]) -> None:
    page = page_of([response(0, "مرحبا", language="ar")])
    assert page.attributes("div", "response")[0] == {"class": "response", "dir": "auto", "lang": "ar"}
    assert page.attributes("p", "prompt")[0]["dir"] == "auto"


def test_everything_from_outside_is_escaped() -> None:
    records = [confused(0, NASTY, 0, len(NASTY), prompt=NASTY)]
    html = render_audit(audit_of(records, model=NASTY, settings={"temperature": 1, "template": NASTY}), records)
    page = Page(html)
    assert "<script" not in html
    assert "<img" not in html
    assert page.texts("div", "response") == [NASTY]
    assert page.texts("h1") == [NASTY]


def test_control_characters_are_shown() -> None:
    assert page_of([response(0, "a\x00b\x1b")]).texts("div", "response") == ["a\u2400b\u241b"]


def test_an_empty_response_says_so() -> None:
    assert page_of([response(0, "", ids=(), finished="eos")]).texts("em", "none") == ["(empty)"]


def test_the_page_stands_alone(records: list[ResponseRecord]) -> None:
    html = render_audit(audit_of(records), records)
    page = Page(html)
    assert not re.search(r"https?:|//|@import|url\(|src=|href=", html)
    policy = [attrs["content"] for attrs in page.attributes("meta") if "http-equiv" in attrs]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert any(attrs.get("name") == "viewport" for attrs in page.attributes("meta"))
