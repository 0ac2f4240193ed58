"""A logged step in words."""

from __future__ import annotations

from tlpo.runs.training_progress import step_line


def test_step_line() -> None:
    logs = {
        "confusion/rate": 0.21875,
        "confusion/points": 14.0,
        "confusion/points_used": 13.0,
        "rollout/seconds": 9.6,
        "detect/seconds": 0.1,
        "explore/seconds": 1.0,
        "update/seconds": 3.0,
    }
    assert step_line(3, logs) == "step   3:  21.9 % of the samples confused, 13 of 14 points used, 14 s"
