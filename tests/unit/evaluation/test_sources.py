"""Where an evaluation is from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tlpo.evaluation.sources import source_of


def report(**changes: Any) -> dict[str, Any]:
    return {"model": "m", "adapter": None, "settings": {}, "versions": {"tlpo": "1"}, **changes}


@pytest.fixture
def final(tmp_path: Path) -> Path:
    (tmp_path / "run" / "final").mkdir(parents=True)
    (tmp_path / "run" / "resolved_config.yaml").write_text("config: {seed: 3, temperature: 1.2}", encoding="utf-8")
    return tmp_path / "run" / "final"


def test_what_the_evaluation_tells() -> None:
    settings = {"temperature": ["1"], "gate": False, "resamples": 9}
    found = source_of(report(run={"seed": 5}, settings=settings, model_hash="ab", git_commit="cd"))
    assert found == {
        "model": "m", "adapter": None, "model_hash": "ab", "content_hash": None, "git_commit": "cd", "run": {"seed": 5},
        "settings": {"temperature": ["1"], "gate": False}, "versions": {"tlpo": "1"},
    }  # fmt: skip


def test_the_run_of_an_older_evaluation_is_looked_for(
    final: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for older in (report(model=str(final)), report(adapter=str(final))):
        assert source_of(older)["run"]["seed"] == 3
    assert source_of(report(model=str(final), run=None))["run"] is None  # told, though none
    monkeypatch.chdir(tmp_path)
    assert source_of(report(model="run/final"))["run"] is None  # it may be another one than was evaluated
