"""Small studies for the tests, and what stands for their commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlpo.runs.study.config import StudyConfig, load_study
from tlpo.runs.study.plan import Plan, Stage
from tlpo.runs.study.prompts import split_prompts
from tlpo.runs.study.study import StudyResult, run_study

SMALL = """
title: Small
model: m
language: ko
rollout_budget: 32
validation_prompts: 20
seeds: [0, 1]
resamples: 200
nll_margin: 0.03
sample: {num_prompts: 8, num_samples: 4}
evaluate: {num_samples: 2}
validate: {num_samples: 1}
methods:
  base: {method: base}
  cool: {method: temperature, evaluate: {temperature: 0.6}}
  DPO: {method: dpo, learning_rate: 1e-6}
  TLPO: {method: tlpo, learning_rate: [1e-6, 5e-6, 1e-5]}
"""

# The stages of SMALL, in order, where 5e-6 is chosen.
EVERYTHING = [
    "base, evaluate", "cool, evaluate",
    "data, seed 0, sample", "data, seed 0, pairs", "DPO, 1e-06, seed 0, train", "DPO, 1e-06, seed 0, evaluate",
    "data, seed 1, sample", "data, seed 1, pairs", "DPO, 1e-06, seed 1, train", "DPO, 1e-06, seed 1, evaluate",
    "base, validate", "TLPO, 1e-06, seed 0, train", "TLPO, 1e-06, seed 0, validate", "TLPO, 5e-06, seed 0, train",
    "TLPO, 5e-06, seed 0, validate", "TLPO, 1e-05, seed 0, train", "TLPO, 1e-05, seed 0, validate",
    "TLPO, 5e-06, seed 0, evaluate", "TLPO, 5e-06, seed 1, train", "TLPO, 5e-06, seed 1, evaluate",
]  # fmt: skip


def small_study(folder: Path, text: str = SMALL) -> StudyConfig:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path, folder / "study")


def make_plan(study: StudyConfig) -> Plan:
    return Plan(study, split_prompts(study, study.output / "prompts"))


def stand_in(control: Path) -> Callable[[Stage, Path], list[str]]:
    """Commands that write what the real ones would, at once.

    control: a folder; each stage leaves a line in `calls`, and does what a file of the name "LABEL, KIND" says:
    "crash", "hang" (until Ctrl-C), "deaf" (until killed), or, as JSON, which outcomes an evaluation has.
    """

    def command(stage: Stage, root: Path) -> list[str]:
        told = {
            "name": f"{stage.label}, {stage.kind}", "kind": stage.kind, "result": str(stage.result(root)),
            "options": stage.resolved(root), "control": str(control),
        }  # fmt: skip
        return [sys.executable, "-m", "tests.unit.runs.study.stage_program", json.dumps(told)]

    return command


def calls(control: Path) -> list[str]:
    """The stages that were begun, in order."""
    path = control / "calls"
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def wish(control: Path, name: str, text: str | None = None, **outcomes: Any) -> None:
    """What the stage of that name does, as `stand_in` reads it."""
    (control / name).write_text(text or json.dumps(outcomes), encoding="utf-8")


def run(study: StudyConfig, control: Path, **options: Any) -> StudyResult:
    return run_study(study, command=stand_in(control), **options)
