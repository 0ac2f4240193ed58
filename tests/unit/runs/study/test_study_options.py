"""Options that a command would refuse are told when the study's file is read."""

from __future__ import annotations

import inspect
import os
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from tlpo.cli.data import pairs, sample
from tlpo.errors import UserError
from tlpo.runs.sample_options import SampleOptions
from tlpo.runs.study.config import load_study
from tlpo.runs.study.options import PairsOptions

STUDY = """
model: m
language: ko
rollout_budget: 1024
methods:
  base: {method: base}
  cool: {method: temperature, evaluate: {temperature: 0.6}}
  TLPO: {method: tlpo, learning_rate: [1.0e-6, 1.0e-5]}
  SFT: {method: sft, learning_rate: 1.0e-6}
  DPO: {method: dpo, learning_rate: 1.0e-6}
  ORPO: {method: orpo, learning_rate: 1.0e-6}
"""


def refused(tmp_path: Path, *settings: str) -> list[str]:
    """What is wrong with the study of that text and these settings."""
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    with pytest.raises(UserError) as error:
        load_study(path, settings=settings)
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{path}: ").split("; ")


def test_the_study_is_right_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    before = dict(os.environ)
    settings = ["train.bf16=true", "train.tf32=true", "train.max_new_tokens=32", "evaluate.suite=consistency"]
    assert len(load_study(path, settings=settings).methods) == 6
    assert {name: value for name, value in os.environ.items() if name.startswith("ACCELERATE")} == {
        name: value for name, value in before.items() if name.startswith("ACCELERATE")
    }  # the stages inherit it


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("evaluate.num_sampels=4", "evaluate: no such option: 'num_sampels' (did you mean 'num_samples'?)"),
        ("evaluate.num_samples=many", "evaluate: option num_samples: invalid int value: 'many'"),
        ("evaluate.top_p=3", "evaluate: top_p is 3.0: give a number in (0, 1]"),
        ("evaluate.dtype=float", "evaluate: dtype is 'float': choose float32, bfloat16, float16 or auto"),
        ("validate.temperature=hot", "validate: temperature is 'hot': give numbers, for example 0,1"),
        ("sample.num_sampels=4", "sample: no such option: 'num_sampels' (did you mean 'num_samples'?)"),
        ("sample.temperature=-1", "sample: temperature is -1.0: give 0 (greedy) or more"),
        ("sample.num_prompts=0", "sample: num_prompts is 0: give at least 1"),
        ("sample.dtype=float", "sample: dtype is 'float': choose float32, bfloat16, float16 or auto"),
        ("pairs.finishd=true", "pairs: no such option: 'finishd' (did you mean 'finished'?)"),
        ("pairs.english=no", "pairs: english is 'False': choose 'neutral' or 'confusion'"),
        ("train.learning_rat=1", "train: no such option: 'learning_rat' (did you mean 'learning_rate'?)"),
        ("train.max_new_tokens=0", "train: max_new_tokens is 0: give at least 1"),
        ("train.save_strategy=never", "train: option save_strategy: invalid choice: 'never'"),
    ],
)
def test_a_shared_option_is_told_of_once_and_without_rows(tmp_path: Path, setting: str, told: str) -> None:
    first, *more = refused(tmp_path, setting)
    assert first.startswith(told)
    assert not more


def test_all_commands_are_told_of_together(tmp_path: Path) -> None:
    found = refused(tmp_path, "evaluate.limt=4", "train.max_stepps=1", "sample.sed=1", "pairs.sed=1")
    assert [problem.partition(":")[0] for problem in found] == ["sample", "pairs", "evaluate", "train"]


def test_the_rows_that_an_option_is_wrong_for_are_named(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, "methods.SFT={method: sft, learning_rate: 1.0e-6, train: {loss: x}}")
    assert problem.startswith("SFT: train: no such option: 'loss'")
    (problem,) = refused(tmp_path, "methods.cool={method: temperature, evaluate: {temperature: -1}}")
    assert problem.startswith("cool: evaluate: temperature is -1")


def test_an_option_of_another_method(tmp_path: Path) -> None:
    """Shared by all rows, but TLPO's alone."""
    assert refused(tmp_path, "train.num_candidates=4") == [
        f"{row}: train: method {row.lower()} does not know 'num_candidates': give it to the rows of methods that do"
        for row in ("SFT", "DPO", "ORPO")
    ]


def test_a_step_that_samples_more_than_the_budget(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, "rollout_budget=31")  # a step of TLPO: 8 prompts x 4 responses
    assert problem.startswith("TLPO: train: rollout_budget is 31 responses, but 1 steps sample 32")


@pytest.mark.parametrize(("kind", "command"), [(SampleOptions, sample.main), (PairsOptions, pairs.main)])
def test_the_options_of_the_data_commands_are_theirs(kind: Any, command: Any) -> None:
    known = {
        name: None if parameter.default is inspect.Parameter.empty else parameter.default
        for name, parameter in inspect.signature(command).parameters.items()
    }
    assert {one.name: None if one.default is MISSING else one.default for one in fields(kind)} == known
