"""Before against after, on responses few enough to work out."""

from __future__ import annotations

import math

import pytest
from tests.unit.evaluation.records import confused, response

from tlpo.errors import UserError
from tlpo.evaluation.compare_audits import compare_audits


def test_all_confusion_gone() -> None:
    before = [confused(0, "a 가", 0, 1), confused(1, "b 나", 0, 1)]
    after = [response(0, "가가"), response(1, "나나")]
    rate = compare_audits(before, after)["overall"]["rate"]
    assert (rate["before"], rate["after"], rate["fall"], rate["relative_fall"]) == (1.0, 0.0, 1.0, 1.0)
    # Two prompts without confusion: Wilson's upper end is z^2 / (2 + z^2) = 3.84146 / 5.84146; the fall is the rest.
    assert rate["fall_ci95"] == pytest.approx([1 - math.sqrt(2) * 3.841459 / 5.841459, 1.0], abs=1e-5)  # Newcombe's
    assert rate["relative_fall_ci95"] == pytest.approx([2 / 5.841459, 1.0], abs=1e-5)


def test_changes_by_hand() -> None:
    before = [response(0, "가 1", ids=(1, 2, 3), finished="eos"), confused(1, "나 ab", 2, 4, ids=(1,))]
    after = [response(0, "가 나", ids=(1, 2)), response(1, "나 12", ids=(4, 5, 6, 7))]
    found = compare_audits(before, after)["overall"]
    assert found["prompts"] == 2
    # Before: 2 of 5 characters are Hangul, 1 a digit; after: 3 of 5 and 2 of 5.
    assert found["letters_share"]["change"] == pytest.approx(1 / 5)
    assert found["digits_share"]["change"] == pytest.approx(1 / 5)
    assert (found["mean_length"]["before"], found["mean_length"]["after"]) == (2.0, 3.0)
    assert found["eos_rate"]["change"] == -0.5
    # Pairs before: (1,2) (2,3); after: (1,2) (4,5) (5,6) (6,7): all different on both sides.
    assert found["distinct_2"] == {"before": 1.0, "after": 1.0, "change": 0.0}
    # Of two prompts one is drawn twice with probability 1/4: both ends of the interval are reached.
    assert found["mean_length"]["ci95"] == [-1.0, 3.0]


def test_the_same_audit_twice_has_no_change_and_no_spread() -> None:
    records = [confused(0, "a 가", 0, 1), response(1, "나 12", ids=(1,)), response(2, "다다다")]
    found = compare_audits(records, records)["overall"]
    assert (found["rate"]["fall"], found["rate"]["fall_ci95"]) == (0.0, [0.0, 0.0])
    for name in ("letters_share", "digits_share", "mean_length", "eos_rate"):
        assert (found[name]["change"], found[name]["ci95"]) == (0.0, [0.0, 0.0])


def test_nothing_confused_on_either_side_is_no_certainty() -> None:
    """Two shares of 0 of 10 prompts: Newcombe (1998), table II, method 10: 0/10 - 0/10."""
    records = [response(index) for index in range(10)]
    rate = compare_audits(records, records)["overall"]["rate"]
    assert (rate["fall"], rate["fall_ci95"]) == (0.0, pytest.approx([-0.2775, 0.2775], abs=5e-5))
    wrong = [confused(index, "a 가", 0, 1) for index in range(10)]
    rate = compare_audits(wrong, records)["overall"]["rate"]
    assert (rate["fall"], rate["fall_ci95"]) == (1.0, pytest.approx([0.6075, 1.0], abs=5e-5))  # 10/10 - 0/10


def test_nothing_confused_before_has_no_relative_fall() -> None:
    rate = compare_audits([response(0)], [confused(0, "a 가", 0, 1)])["overall"]["rate"]
    assert (rate["fall"], rate["relative_fall"], rate["relative_fall_ci95"]) == (-1.0, None, None)


def test_languages_and_samples() -> None:
    before = [confused(0, "a 가", 0, 1), response(0, sample=1), response(1, "はい", language="ja")]
    after = [response(0), confused(1, "a は", 0, 1, language="ja")]
    found = compare_audits(before, after)
    assert found["languages"]["ko"]["rate"]["before"] == 0.5
    assert found["languages"]["ja"]["rate"]["fall"] == -1.0
    assert found["overall"]["rate"]["before"] == pytest.approx(1 / 3)
    assert found["overall"]["rate"]["after"] == pytest.approx(1 / 2)


def test_audits_of_different_prompts_are_refused() -> None:
    with pytest.raises(UserError, match=r"prompt 1 \(ko\) is missing from the second audit"):
        compare_audits([response(0), response(1)], [response(0)])
    with pytest.raises(UserError, match=r"prompt 1 \(ko\) is missing from the first audit"):
        compare_audits([response(0)], [response(0), response(1)])
    with pytest.raises(UserError, match=r"prompt 0 \(ko\) differs"):
        compare_audits([response(0)], [response(0, prompt="다른 질문")])
    with pytest.raises(UserError, match="nothing to compare"):
        compare_audits([], [])
