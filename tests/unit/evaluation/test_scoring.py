"""Figures of an audit, counted by hand."""

from __future__ import annotations

import pytest
from tests.unit.evaluation.records import confused, response

from tlpo.evaluation.scoring import distinct_2, examples, score, score_by_language


def test_distinct_2() -> None:
    # Pairs: (1,2) (2,1) (1,2) and (1,2): two different ones of four. No pair runs from one response into the next.
    assert distinct_2([[1, 2, 1, 2], [1, 2]]) == 0.5
    assert distinct_2([[7], []]) == 0.0


def test_score_by_hand() -> None:
    records = [
        response(0, "안녕 1", ids=(1, 2, 3), finished="eos"),
        confused(1, "나는 home", 3, 7, ids=(1, 2)),
        response(2, "42", ids=(9,), verdict="undecided"),
        response(3, "좋아", ids=(1, 2)),
    ]
    figures = score(records)
    # Characters that are not white space: 3 + 6 + 2 + 2 = 13; Hangul 2 + 2 + 0 + 2 = 6; digits 1 + 0 + 2 + 0 = 3.
    assert figures["letters_share"] == pytest.approx(6 / 13)
    assert figures["digits_share"] == pytest.approx(3 / 13)
    assert (figures["n"], figures["prompts"], figures["confused"], figures["undecided"]) == (4, 4, 1, 1)
    assert figures["rate"] == 0.25
    assert figures["mean_length"] == 2.0
    assert figures["distinct_2"] == pytest.approx(2 / 4)  # (1,2) (2,3) (1,2) (1,2)
    assert figures["eos_rate"] == 0.25
    # scipy 1.17: binomtest(1, 4).proportion_ci(method="wilson")
    assert figures["ci95"] == pytest.approx([0.0455873, 0.6993582], abs=1e-6)


def test_samples_of_a_prompt_widen_the_interval() -> None:
    alike = [confused(index, "a b", 0, 1, sample=sample) for index in range(5) for sample in range(4)]
    alike += [response(index, sample=sample) for index in range(5, 20) for sample in range(4)]
    # Four samples that agree are worth one: 5 of 20, not 20 of 80.
    # scipy 1.17: binomtest(5, 20).proportion_ci(method="wilson")
    assert score(alike)["ci95"] == pytest.approx([0.1118619, 0.4687009], abs=1e-6)


def test_languages_apart() -> None:
    records = [response(0), response(1, "こんにちは", language="ja"), response(0, "네")]
    figures = score_by_language(records)
    assert list(figures) == ["ko", "ja"]
    assert (figures["ko"]["n"], figures["ja"]["n"]) == (2, 1)
    assert figures["ja"]["letters_share"] == 1.0  # judged by its own language's letters
    assert score(records)["letters_share"] == 1.0


def test_nothing_to_score() -> None:
    figures = score([])
    assert (figures["n"], figures["rate"], figures["letters_share"], figures["distinct_2"]) == (0, 0.0, 0.0, 0.0)
    assert figures["ci95"] == [0.0, 1.0]


def test_examples_are_the_first_confused_ones() -> None:
    records = [response(0), confused(1, "나는 home", 3, 7), confused(2, "x 집", 0, 1)]
    found = examples(records, limit=1)
    assert [(item["prompt"], item["confusion_point"], item["span"]["text"]) for item in found] == [
        ("질문 1", 3, "home")
    ]
