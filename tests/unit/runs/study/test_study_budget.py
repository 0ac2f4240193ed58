"""The data that is sampled has to cost what every training may spend."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.runs.study.studies import small_study

from tlpo.errors import UserError
from tlpo.runs.study.budget import check_budget
from tlpo.runs.study.config import StudyConfig
from tlpo.runs.study.prompts import split_prompts


def check(study: StudyConfig) -> None:
    check_budget(study, split_prompts(study, study.output / "prompts"))


def fits(study: StudyConfig) -> bool:
    try:
        check(study)
    except UserError:
        return False
    return True


@pytest.fixture
def study(tmp_path: Path) -> StudyConfig:
    """100 bundled Korean prompts, 20 of them kept back for validation: 80 to sample from."""
    return replace(small_study(tmp_path), sample={"num_samples": 4}, rollout_budget=320)


def test_as_much_as_the_budget(study: StudyConfig) -> None:
    assert fits(study)
    assert fits(replace(study, sample={"num_samples": 4, "num_prompts": 8}, rollout_budget=32))
    assert fits(replace(study, sample={"num_samples": 4, "num_prompts": 1000}))
    for default in ({}, {"num_samples": None}, {"num_samples": None, "num_prompts": None, "prompts": None}):
        assert fits(replace(study, sample=default, rollout_budget=80 * 16))  # 16 is the command's default


@pytest.mark.parametrize(
    ("budget", "ways"),
    [
        (160, "rollout_budget to 320 or sample.num_samples to 2 or sample.num_prompts to 40"),
        (640, "rollout_budget to 320 or sample.num_samples to 8"),  # there are no 160 prompts
        (90, "rollout_budget to 320"),
        (100, "rollout_budget to 320 or sample.num_prompts to 25"),
    ],
)
def test_more_or_less_than_the_budget(study: StudyConfig, budget: int, ways: str) -> None:
    with pytest.raises(UserError) as error:
        check(replace(study, rollout_budget=budget))
    assert str(error.value) == (
        f"rollout_budget is {budget}, but 320 responses (80 prompts x 4) are sampled for DPO to learn from: set {ways}"
    )


def test_prompts_of_several_languages(study: StudyConfig) -> None:
    both = replace(study, languages=("ko", "ja"), sample={"num_samples": 4, "num_prompts": 10})
    check(replace(both, rollout_budget=80))
    with pytest.raises(UserError, match=r"80 responses \(20 prompts x 4\).* or sample.num_prompts to 5$"):
        check(replace(both, rollout_budget=40))


def test_where_nothing_is_sampled_for_a_method_there_is_nothing_to_hold(study: StudyConfig) -> None:
    other = replace(study, rollout_budget=90)
    assert fits(replace(other, rollout_budget=None))
    assert fits(replace(other, methods=tuple(method for method in study.methods if method.kind != "dpo")))
    own = [
        replace(method, train={"data": "pairs.jsonl"}) if method.kind == "dpo" else method for method in study.methods
    ]
    assert fits(replace(other, methods=tuple(own)))
