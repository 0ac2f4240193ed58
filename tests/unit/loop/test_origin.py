"""Which run a model is from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tlpo.loop.config import RunConfig
from tlpo.loop.origin import origin_of
from tlpo.loop.run_folder import CONFIG_FILE, claim
from tlpo.training.config import TLPOConfig


def test_the_run_says_how_its_models_were_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    args = TLPOConfig(output_dir=str(tmp_path / "run"), use_cpu=True, seed=7, learning_rate=1e-5, temperature=1.2)
    claim(tmp_path / "run", RunConfig(model="m"), args)
    (tmp_path / "run/final").mkdir()
    (tmp_path / "run/checkpoint-20").mkdir()
    found = origin_of(str(tmp_path / "run/final"))
    assert found is not None
    commit = found.pop("git_commit")
    assert commit is None or len(commit.removesuffix("-dirty")) == 40
    assert found == {
        "folder": str(tmp_path / "run"), "method": "tlpo", "model": "m", "seed": 7, "learning_rate": 1e-5,
        "temperature": 1.2,
    }  # fmt: skip
    assert origin_of(str(tmp_path / "run/checkpoint-20/")) == {**found, "git_commit": commit}
    monkeypatch.chdir(tmp_path / "run")
    assert origin_of("final") == {**found, "git_commit": commit}


def test_models_of_no_run(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert origin_of(str(tmp_path / "model")) is None
    assert origin_of("someone/final") is None  # a name on the hub


@pytest.mark.parametrize("recorded", ["[1, 2]", "config: 3", "config: [", "other: {}", "\x00"])
def test_a_file_of_another_program(recorded: str, tmp_path: Path) -> None:
    (tmp_path / "final").mkdir()
    (tmp_path / CONFIG_FILE).write_text(recorded, encoding="utf-8")
    assert origin_of(str(tmp_path / "final")) is None


def test_a_run_that_noted_little(tmp_path: Path) -> None:
    (tmp_path / "final").mkdir()
    told: dict[str, Any] = {"config": {"method": "sft", "data": "responses.jsonl", "temperature": 1.0}}
    (tmp_path / CONFIG_FILE).write_text(yaml.safe_dump(told), encoding="utf-8")
    found = origin_of(str(tmp_path / "final"))
    assert found is not None
    assert (found["method"], found["seed"], found["git_commit"]) == ("sft", None, None)
    assert found["temperature"] is None  # that of the data, which the run does not know
