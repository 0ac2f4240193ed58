"""Each timing program runs on a tiny random model and ends with one JSON object that has the promised figures."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.commands import Command
from tests.shared import ROOT

pytestmark = pytest.mark.slow
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``run(program, options ...)``: the figures of a program that ran in a process of its own."""

    def figures_of(program: str, *options: str) -> dict[str, Any]:
        more = ("--tiny", "--threads", "1", "--repeats", "1", *options)
        done = Command(*more, streams=tmp_path, program=ROOT / "benchmarks" / program).wait()
        assert done.status == 0, done.err
        figures = json.loads(done.out.splitlines()[-1])
        assert isinstance(figures, dict)
        return figures

    return figures_of


def finite(figures: dict[str, Any], *names: str) -> bool:
    return all(math.isfinite(figures[name]) and figures[name] > 0 for name in names)


def test_update_gradients_are_equal(run: Run) -> None:
    figures = run("update.py", "--prefix", "24", "--padded", "32")
    assert finite(figures, "speedup", "memory_ratio", "seconds")
    assert figures["gradient_difference"] < 1e-3
    assert figures["gradient_difference_fp64"] < 1e-9


def test_exploration_agrees_with_brute_force(run: Run) -> None:
    # Longer than the tiny model's sliding window of 64 tokens, too.
    figures = run("exploration.py", "--prefix", "24", "80", "--points", "3", "--other_points", "2")
    assert finite(figures, "speedup", "speedup_brute_force")
    assert figures["compared"] == 2 * 2 * 16
    assert figures["same_candidates"] is figures["same_continuations"] is figures["same_rewards"] is True


def test_rollout_reports_both_rates_and_the_parts(run: Run) -> None:
    figures = run("rollout.py", "--prompts", "3", "--samples", "2", "--max_new_tokens", "6", "--long", "90")
    assert finite(figures, "speedup", "short_speedup", "tokens_per_second", "sampling_to_model")
    assert 0 <= figures["early_stop_saved"] < 1


def test_head_selection_is_timed_against_few_shot_prompts(run: Run) -> None:
    figures = run("site.py", "--items", "4", "--shots", "3")
    assert finite(figures, "speedup", "speedup_equal_length", "seconds", "zero_shot_seconds", "few_shot_seconds")


def test_step_counts_every_phase(run: Run) -> None:
    figures = run("step.py", "--prompts", "3", "--samples", "2", "--max_new_tokens", "8")
    assert finite(figures, "seconds", "least_seconds", "operations", "bytes", "tokens", "matmul_peak")
    assert len(figures["phase_seconds"]) == 10
    assert figures["least_seconds"] < figures["seconds"]
