"""The metrics that lm-eval's users get by name."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("lm_eval", reason="needs pip install 'tlpo[eval]'")

from lm_eval.api.registry import get_aggregation, get_metric, get_metric_aggregation, is_higher_better

from tlpo.errors import UserError
from tlpo.evaluation.harness import metrics

CONFUSED = "오늘은 погода 좋네요. 공원에 가서 산책하고 싶어요."
CLEAN = "오늘은 날씨가 좋네요. 공원에 가서 산책하고 싶어요."


def test_they_are_registered() -> None:
    for name in ("tlpo_rpr", "tlpo_lpr", "tlpo_wpr"):
        assert get_metric(name) is getattr(metrics, name)
        assert get_metric_aggregation(name) is metrics.pass_rate
        assert is_higher_better(name)
    assert get_aggregation("tlpo_lcpr") is metrics.lcpr
    assert get_aggregation("mean") is not None  # lm-eval's own are still there


def test_counts_and_rates() -> None:
    counts = [metrics.tlpo_rpr(references=["ko"], predictions=[text]) for text in (CLEAN, CONFUSED)]
    assert counts == [(1, 1), (0, 1)]
    assert metrics.pass_rate(counts) == 0.5
    passed, judged = metrics.tlpo_wpr(references=[""], predictions=[CONFUSED], language="ko", profile="tlpo")
    assert (passed, judged) == (6, 7)
    assert metrics.tlpo_lpr(references=["ko"], predictions=[CONFUSED], profile="default") == (0, 1)
    english = {"references": ["ko"], "predictions": ["오늘은 weather 좋네요."], "profile": "tlpo"}
    assert metrics.tlpo_rpr(**english) == (1, 1)
    assert metrics.tlpo_rpr(**english, english="confusion") == (0, 1)
    with pytest.raises(UserError, match="'lcb' defines no RPR"):
        metrics.tlpo_rpr(references=["ko"], predictions=[CLEAN], profile="lcb")


def test_nothing_judged() -> None:
    assert math.isnan(metrics.pass_rate([(0, 0)]))
    assert metrics.benchmark_rate([(0, 0)]) == 1
    assert math.isnan(metrics.lcpr([((0, 1), (0, 0))]))  # no line passed: undefined, not 1
    assert metrics.lcpr([((1, 1), (1, 1)), ((1, 1), (0, 1))]) == pytest.approx(2 * 1 * 0.5 / 1.5)


def test_a_response_of_the_benchmark_has_every_rate_that_is_defined() -> None:
    found = metrics.benchmark_results({"language": "ko"}, [CLEAN])
    assert found["lcb_lpr"] == found["lcb_wpr"] == found["tlpo_rpr"] == found["default_rpr"] == (1, 1)
    assert found["lcb_lcpr"] == ((1, 1), (1, 1))
    turkish = metrics.benchmark_results({"language": "tr"}, ["Bugün hava çok güzel, parka gidelim."])
    assert {name.split("_")[0] for name in turkish} == {"lcb", "default"}
    assert "lcb_wpr" not in turkish  # in Latin script English words are no sign
