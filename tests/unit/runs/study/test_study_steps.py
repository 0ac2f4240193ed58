"""The samples over a training, from its metrics."""

from __future__ import annotations

import json
from pathlib import Path

from tlpo.runs.study.steps import sampled_steps


def test_points_of_the_logged_steps(tmp_path: Path) -> None:
    lines = [
        {"step": 1, "confusion/rate": 0.5, "completions/mean_length": 9.5, "completions/digits": None, "loss": 1.0},
        {"step": 1, "eval_confusion/rate": 0.4},
        {"step": 4, "confusion/rate": 0.25, "completions/eos_rate": 0.1, "completions/digits": 0.02},
        {"step": 4, "train_runtime": 3.0},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "metrics.jsonl").write_text(text + '{"step": 5, "conf')  # cut short by a kill
    assert sampled_steps(tmp_path) == [
        {"done": 0.25, "confusion": 0.5, "mean_length": 9.5},
        {"done": 1.0, "confusion": 0.25, "eos_rate": 0.1, "digits_share": 0.02},
    ]


def test_a_method_that_learns_from_a_file_has_none(tmp_path: Path) -> None:
    assert sampled_steps(tmp_path) == []
    (tmp_path / "metrics.jsonl").write_text('{"step": 1, "loss": 1.0}\n')
    assert sampled_steps(tmp_path) == []
