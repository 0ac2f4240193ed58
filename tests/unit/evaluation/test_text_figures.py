"""Figures of the text, worked out by hand."""

from __future__ import annotations

import pytest
from tests.unit.evaluation.items import item

from tlpo.evaluation.scoring import distinct_n
from tlpo.evaluation.text_figures import divergence_figures, likelihood_figures, response_figures


def test_responses() -> None:
    items = [
        item(0, response="가 1", ids=[1, 2, 3], finished="eos"),
        item(0, 1, response="나 ab", ids=[1]),
        item(1, response="다", ids=[4, 5, 4, 5]),
    ]
    found = response_figures(items, resamples=500, seed=0)
    assert (found["n"], found["mean_length"]) == (3, pytest.approx(8 / 3))
    assert found["letters_share"] == pytest.approx(3 / 6)
    assert found["digits_share"] == pytest.approx(1 / 6)
    assert found["eos_rate"] == pytest.approx(1 / 3)
    assert found["distinct_1"] == pytest.approx(5 / 8)
    assert found["distinct_2"] == pytest.approx(4 / 5)  # (1,2) (2,3) (4,5) (5,4) (4,5)
    assert found["repeats_share"] == pytest.approx(1 / 5)  # (4,5) again; the response of one token has no pair
    # Both resamples of one prompt alone are among the draws: 4 tokens in 2 responses, or 4 in 1.
    assert found["ci95"]["mean_length"] == [2.0, 4.0]


@pytest.mark.parametrize(("n", "share"), [(1, 3 / 6), (2, 3 / 4), (3, 2 / 2), (4, 0)])
def test_distinct_n(n: int, share: float) -> None:
    assert distinct_n([[1, 2, 1], [1, 2, 3]], n) == pytest.approx(share)


def test_likelihood_and_divergence_are_means_over_tokens() -> None:
    items = [
        {"id": 0, "sum": 4.0, "reverse_sum": 1.0, "tokens": 2},
        {"id": 1, "sum": 30.0, "reverse_sum": 5.0, "tokens": 10},
    ]
    found = divergence_figures(items, resamples=200, seed=0)
    assert (found["value"], found["reverse"], found["n"], found["tokens"]) == (34 / 12, 0.5, 2, 12)
    assert found["ci95"] == [2.0, 3.0]
    assert likelihood_figures(items, resamples=200, seed=0).keys() == {"value", "n", "tokens", "ci95"}
