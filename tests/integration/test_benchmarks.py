"""Each timing program runs on a tiny random model and ends with one JSON object that has the promised figures."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import pytest
from tests.shared import ROOT

pytestmark = pytest.mark.slow


def run(program: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "benchmarks" / program), "--tiny", "--threads", "1", "--repeats", "1"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(figures, dict)
    return figures


def finite(figures: dict[str, Any], *names: str) -> bool:
    return all(math.isfinite(figures[name]) and figures[name] > 0 for name in names)


def test_update_gradients_are_equal() -> None:
    figures = run("update.py", "--prefix", "24", "--padded", "32")
    assert finite(figures, "speedup", "memory_ratio", "seconds")
    assert figures["gradient_difference"] < 1e-3
    assert figures["gradient_difference_fp64"] < 1e-9


def test_exploration_agrees_with_brute_force() -> None:
    # Longer than the tiny model's sliding window of 64 tokens, too.
    figures = run("exploration.py", "--prefix", "24", "80", "--points", "3", "--other_points", "2")
    assert finite(figures, "speedup", "speedup_brute_force")
    assert figures["compared"] == 2 * 2 * 16
    assert figures["same_candidates"] is figures["same_continuations"] is figures["same_rewards"] is True


def test_rollout_reports_both_rates_and_the_parts() -> None:
    figures = run("rollout.py", "--prompts", "3", "--samples", "2", "--max_new_tokens", "6", "--long", "90")
    assert finite(figures, "speedup", "short_speedup", "tokens_per_second", "sampling_to_model")
    assert 0 <= figures["early_stop_saved"] < 1


def test_head_selection_is_timed_against_few_shot_prompts() -> None:
    figures = run("site.py", "--items", "4", "--shots", "3")
    assert finite(figures, "speedup", "speedup_equal_length", "seconds", "zero_shot_seconds", "few_shot_seconds")


def test_step_counts_every_phase() -> None:
    figures = run("step.py", "--prompts", "3", "--samples", "2", "--max_new_tokens", "8")
    assert finite(figures, "seconds", "least_seconds", "operations", "bytes", "tokens", "matmul_peak")
    assert len(figures["phase_seconds"]) == 10
    assert figures["least_seconds"] < figures["seconds"]
