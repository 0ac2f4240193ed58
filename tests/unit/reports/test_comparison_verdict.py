"""The verdict of a comparison in words."""

from __future__ import annotations

import pytest
from tests.unit.reports.comparisons import DOWN, NONE, OPEN, UP, comparison, difference

from tlpo.reports.comparison.tables import main_rows
from tlpo.reports.comparison.verdict import headline, outcome, verdict_text


@pytest.mark.parametrize(
    ("consistency", "abilities", "responses", "told"),
    [
        ("better", ["better"], [], "gain"), ("better", ["cannot tell", "better"], ["same"], "gain"),
        ("better", ["cannot tell"], [], "surgical"), ("better", ["same", "cannot tell"], ["better"], "surgical"),
        ("better", ["worse"], [], "cosmetic"), ("better", ["cannot tell", "worse"], [], "cosmetic"),
        ("better", ["better", "worse"], [], "cosmetic"), ("better", ["same"], ["worse"], "cosmetic"),
        ("better", [], [], "unmeasured"), ("better", [], ["cannot tell"], "unmeasured"),
        ("better", [], ["worse"], "cosmetic"), ("worse", ["better"], [], "harm"), ("worse", ["worse"], [], "harm"),
        ("cannot tell", ["worse"], [], "loss"), ("same", ["same", "worse"], [], "loss"),
        ("cannot tell", ["better"], [], "unclear"), ("same", ["same"], ["worse"], "unclear"),
        ("cannot tell", [], [], "unclear"), (None, [], [], "unclear"),
    ],
)  # fmt: skip
def test_outcomes(consistency: str | None, abilities: list[str], responses: list[str], told: str) -> None:
    assert outcome(consistency, abilities, responses) == told


def test_the_verdict_says_what_the_intervals_say() -> None:
    against = [
        {"label": "base", "consistency": difference(UP), "accuracy": difference(OPEN)},
        {"label": "DPO", "consistency": difference(OPEN), "accuracy": difference(UP)},
        {"label": "SFT", "consistency": difference(UP), "accuracy": difference(UP)},
        {"label": "gate", "consistency": difference(DOWN), "accuracy": difference(OPEN)},
        {"label": "ORPO", "consistency": difference(OPEN), "accuracy": difference(NONE)},
    ]
    methods = {"TLPO": (UP, OPEN), "DPO": (UP, DOWN), "SFT": (DOWN, DOWN), "gate": (UP, NONE), "ORPO": (OPEN, OPEN)}
    found = comparison(methods, focus="TLPO", against=against)
    assert headline(found) == (
        "Surgical: TLPO is more consistent, with no loss seen in accuracy. Not excluded: accuracy lower by up to 2.0 "
        "points."
    )
    assert verdict_text(found) == (
        "The base model (base): consistency 80.0 %, accuracy 80.0 %; all differences are from it, on the same items. "
        "TLPO: consistency +10.0 points, 95 % interval +5.0 to +15.0, accuracy +1.0 points, 95 % interval -2.0 to "
        "+4.0. Surgical (more consistent, with no loss seen in accuracy): gate (consistency +10.0, accuracy 0.0). "
        "Cosmetic (more consistent, but this is bought with lower accuracy): DPO (consistency +10.0, accuracy -10.0). "
        "Cannot tell (neither more nor less consistent as far as the intervals say): ORPO (consistency +1.0, accuracy "
        "+1.0). Harmful (less consistent): SFT (consistency -10.0, accuracy -10.0). "
        "TLPO is better in consistency and accuracy than SFT; better in accuracy than DPO (no difference seen in "
        "consistency); not told apart from ORPO; worse in consistency than gate (no difference seen in accuracy)."
    )


def test_where_no_task_was_run_clean_text_stands_for_ability() -> None:
    found = comparison({"A": (UP, (0.05, 0.02, 0.07))}, ability="likelihood", focus="A")
    assert headline(found) == "Cosmetic: A is more consistent, but this is bought with less likely clean text."
    told = "A: consistency +10.0 points, 95 % interval +5.0 to +15.0, NLL +0.050 nats, 95 % interval +0.020 to +0.070."
    assert told in verdict_text(found)
    alone = comparison({"A": (UP, None)}, focus="A")
    assert headline(alone) == (
        "Cannot tell: A is more consistent, but neither accuracy nor the likelihood of text was measured."
    )
    assert headline(comparison({"A": (UP, None)})) is None


def test_a_rise_that_is_surely_small_counts_as_none_and_is_told() -> None:
    small, unsure = (0.01, 0.004, 0.016), (0.01, 0.004, 0.021)
    found = comparison({"A": (UP, small), "B": (UP, unsure)}, ability="likelihood", focus="A")
    assert headline(found) == (
        "Surgical: A is more consistent, with no loss seen in the likelihood of clean text "
        "(a rise in NLL of less than 0.02 counts as none)."
    )
    assert "Cosmetic (more consistent, but this is bought with less likely clean text): B" in verdict_text(found)
    strict = comparison({"A": (UP, small)}, ability="likelihood", focus="A", nll_margin=0.0)
    assert headline(strict) == "Cosmetic: A is more consistent, but this is bought with less likely clean text."


def test_what_responses_are_like_tells_how_consistency_was_bought() -> None:
    shorter, more = {"A": (-4.1, -6.0, -2.2), "B": (1.0, -1.0, 3.0)}, {"A": (0.1, 0.05, 0.15), "B": (0.0, -0.02, 0.02)}
    found = comparison(
        {"A": (UP, OPEN), "B": (UP, UP)},
        focus="A",
        responses={"response/mean_length": shorter, "response/digits_share": more, "response/repeats_share": more},
    )
    bought = "more digits, more repetition and shorter responses"
    answer = f"Cosmetic: A is more consistent, but this is bought with {bought}."
    assert headline(found) == answer
    told = verdict_text(found)
    assert "repeats +10.0 points, 95 % interval +5.0 to +15.0, mean length -4.1 tokens, 95 % interval -6.0 to" in told
    assert (
        "Surgical (more consistent and better in accuracy, with no loss seen): B (consistency +10.0, accuracy" in told
    )
    found["focus"] = "B"
    found["figures"][1]["methods"]["B"].update(difference(NONE))
    assert headline(found) == "Surgical: B is more consistent, with no loss seen in accuracy and the responses."


def test_losses_that_the_intervals_leave_open_are_told() -> None:
    unsure = (-0.08, -0.2, 0.05)
    found = comparison({"A": (UP, unsure), "B": (UP, (0.0, -0.01, 0.02))}, focus="A")
    second = comparison({"A": (UP, NONE), "B": (UP, NONE)}, ability="likelihood")
    found["axes"]["likelihood"] = "likelihood"
    found["figures"].append(second["figures"][1])
    assert headline(found) == (
        "Surgical: A is more consistent, with no loss seen in accuracy and the likelihood of clean text. Not excluded: "
        "accuracy lower by up to 20.0 points."
    )
    told = main_rows(found)[1]["told"]
    assert told.endswith("likelihood of clean text. Not excluded: accuracy lower by up to 20.0 points")
    # One of a point at most is not worth a word; and what is left open of one method splits no group.
    told = "(more consistent, with no loss seen in accuracy and the likelihood of clean text): B (consistency +10.0, "
    assert f"Surgical {told}accuracy 0.0, NLL 0.000)." in verdict_text(found)
    found["focus"] = None
    listed = (
        "A (consistency +10.0, accuracy -8.0, NLL 0.000; not excluded: accuracy lower by up to 20.0 points); B "
        "(consistency +10.0, accuracy 0.0, NLL 0.000)."
    )
    assert listed in verdict_text(found)
    found["focus"] = "A"
    found["figures"][-1]["methods"]["A"].update(difference((-0.1, -0.2, -0.05), higher_is_better=False))
    assert headline(found) == (
        "Surgical: A is more consistent and better in the likelihood of clean text, with no loss seen. Not excluded: "
        "accuracy lower by up to 20.0 points."
    )


@pytest.mark.parametrize(
    ("rise", "told"),
    [
        ((0.05, -0.01, 0.11), ". Not excluded: NLL higher by up to 0.110."),
        ((0.005, -0.01, 0.02), "."),  # within the margin
        ((0.012, 0.004, 0.018), " (a rise in NLL of less than 0.02 counts as none)."),
    ],
)
def test_a_rise_in_nll_that_is_left_open(rise: tuple[float, float, float], told: str) -> None:
    answer = headline(comparison({"A": (UP, rise)}, ability="likelihood", focus="A"))
    assert answer == f"Surgical: A is more consistent, with no loss seen in the likelihood of clean text{told}"


@pytest.mark.parametrize(
    ("change", "left_open"),
    [
        ((-1.0, -4.8, 2.0), "accuracy lower by up to 2.0 points and responses shorter by up to 8 %"),  # of 60 tokens
        ((-1.0, -2.9, 1.0), "accuracy lower by up to 2.0 points"),
    ],
)
def test_shorter_responses_that_are_left_open(change: tuple[float, float, float], left_open: str) -> None:
    found = comparison({"A": (UP, OPEN)}, focus="A", responses={"response/mean_length": {"A": change}})
    assert headline(found) == (
        f"Surgical: A is more consistent, with no loss seen in accuracy and the responses. Not excluded: {left_open}."
    )


def test_what_is_left_open_goes_with_no_loss_seen_alone() -> None:
    unsure = (0.05, -0.01, 0.11)
    found = comparison({"A": (OPEN, unsure), "B": (DOWN, unsure)}, ability="likelihood", focus="A")
    found["figures"].append(comparison({"A": (OPEN, DOWN)})["figures"][1])
    assert "xcluded" not in f"{headline(found)} {verdict_text(found)}"
