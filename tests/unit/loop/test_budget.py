"""What a run has sampled, kept with its checkpoints."""

from __future__ import annotations

from pathlib import Path

from tlpo.loop.budget import RolloutCount


def test_it_adds_up_and_survives_a_checkpoint(tmp_path: Path) -> None:
    count = RolloutCount()
    count.add(responses=4, tokens=30)
    count.add(responses=2, tokens=9, explored_tokens=64)
    assert count == RolloutCount(6, 39, 64)
    count.save(tmp_path / "rollouts_0.json")
    assert RolloutCount.load(tmp_path / "rollouts_0.json") == count
    assert RolloutCount.load(tmp_path / "absent.json") == RolloutCount()
