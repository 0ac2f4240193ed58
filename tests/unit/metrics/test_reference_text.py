"""Cleaning, worked out by hand, and offsets that lead back to the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlpo.metrics.reference_text import cleaned_lines


def cleaned(text: str) -> str:
    return "\n".join(line.text for line in cleaned_lines(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("무게는 5 kg 이다", "무게는 5  이다"),
        ("무게는 5KG이다", "무게는 5이다"),  # case aside; only ASCII letters protect a unit
        ("kgb", "kgb"),
        ("estrés", "estré"),  # the published fault: é is no ASCII letter, so the s stands alone
        ("①번과 ⑯번", "번과 ⑯번"),  # circled numbers up to 15 only
        ("쓰세요: me@example.com 으로", "쓰세요:  으로"),
        ("http://example.com/a?b=1 을", " 을"),
        ("https://example.com/ 을", "://example.com/ 을"),  # https goes first, as a computer term
        ("www.example.com/path 을", " 을"),
        ("발음 [ˈsoʊl]", "발음 [so]"),  # ʊ and ˈ go; l, now alone between ʊ and ], went as the litre
        ("e\u0301tu", "etu"),
        ("값은 \\alpha{가} 이다", "값은  {가} 이다"),
        ("\n\n가\n", "가"),
    ],
)
def test_cleaning(text: str, expected: str) -> None:
    assert cleaned(text) == expected


def test_offsets_lead_back_over_what_was_removed() -> None:
    text = "5 kg 美\\beta x1 é"
    (line,) = cleaned_lines(text)
    assert line.text == "5  美  1 é"  # kg, \beta and x are gone; a blank stands for \beta
    assert list(line.origin) == [0, 1, 4, 5, 6, 11, 13, 14, 15]


@given(st.text(alphabet=st.sampled_from("aks5 é가①ϡ\\\n@.w:/htp̃'-美"), max_size=60))
def test_kept_characters_are_the_originals_in_order(text: str) -> None:
    offsets: list[int] = []
    for line in cleaned_lines(text):
        assert len(line.text) == len(line.origin)
        assert all(
            text[at] == c or (c == " " and text[at] == "\\") for c, at in zip(line.text, line.origin, strict=True)
        )
        offsets += line.origin
    assert offsets == sorted(set(offsets))
