"""Whose an output folder is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tlpo.errors import UserError
from tlpo.loop.checkpoints import mark_complete
from tlpo.loop.config import RunConfig
from tlpo.loop.run_folder import CONFIG_FILE, STATE_FILE, alone_in, claim, status_of
from tlpo.training.config import TLPOConfig


def test_a_run_goes_on_with_as_many_processes_as_it_began_with(tmp_path: Path) -> None:
    run, args = RunConfig(model="m"), TLPOConfig(output_dir=str(tmp_path), use_cpu=True)
    assert claim(tmp_path, run, args) == "new"
    (tmp_path / "metrics.jsonl").write_text("")
    assert status_of(tmp_path, run, args) == "running"
    recorded = yaml.safe_load((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))
    (tmp_path / CONFIG_FILE).write_text(yaml.safe_dump(recorded | {"processes": 2}), encoding="utf-8")
    with pytest.raises(UserError, match=r"begun with 2 process\(es\), but now there are 1: .*--nproc_per_node 2"):
        status_of(tmp_path, run, args)
    (tmp_path / STATE_FILE).write_text("{}")  # nothing is left to compute
    (tmp_path / "final").mkdir()
    assert status_of(tmp_path, run, args) == "finished"


def test_a_finished_run_without_its_model_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    run, args = RunConfig(model="m"), TLPOConfig(output_dir=str(tmp_path), use_cpu=True)
    claim(tmp_path, run, args)
    (tmp_path / "metrics.jsonl").write_text("")
    (tmp_path / STATE_FILE).write_text("{}")
    (tmp_path / "checkpoint-3").mkdir()  # a half-written one does not count
    with pytest.raises(UserError, match=r"holds a finished run, but neither its model \(final\) nor a checkpoint"):
        claim(tmp_path, run, args)
    mark_complete(tmp_path / "checkpoint-3", 3)
    assert claim(tmp_path, run, args) == "running"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """It may be `tlpo train`'s output_dir or `tlpo demo`'s --output."""
    (tmp_path / "file").write_text("mine")
    folder = tmp_path / "file" / "run"
    run, args = RunConfig(model="m"), TLPOConfig(output_dir=str(folder), use_cpu=True)
    with pytest.raises(UserError, match="is a file, or lies in one: give another output folder"):
        status_of(folder, run, args)
    with pytest.raises(UserError, match="is a file, or lies in one: give another output folder"), alone_in(folder):
        pass


def test_the_remedy_fits_every_command(tmp_path: Path) -> None:
    run, args = RunConfig(model="m"), TLPOConfig(output_dir=str(tmp_path), use_cpu=True)
    claim(tmp_path, run, args)
    (tmp_path / "metrics.jsonl").write_text("")
    with pytest.raises(UserError, match=r"audit_prompts was 60, now 1\): give another output folder$"):
        status_of(tmp_path, RunConfig(model="m", audit_prompts=1), args)
    with alone_in(tmp_path), pytest.raises(UserError, match=r"or give another output folder$"), alone_in(tmp_path):
        pass


def test_the_sampled_token_option_is_recorded_and_compared(tmp_path: Path) -> None:
    """Its name ends as those of access tokens do, whose values are masked."""
    run, args = RunConfig(model="m"), TLPOConfig(output_dir=str(tmp_path), use_cpu=True, hub_token="secret")
    claim(tmp_path, run, args)
    assert "secret" not in (tmp_path / CONFIG_FILE).read_text(encoding="utf-8")
    (tmp_path / "metrics.jsonl").write_text("")
    other = TLPOConfig(output_dir=str(tmp_path), use_cpu=True, include_sampled_token=False)
    with pytest.raises(UserError, match="include_sampled_token was True, now False"):
        status_of(tmp_path, run, other)


def test_a_run_of_a_version_without_an_option_goes_on_with_its_default(tmp_path: Path) -> None:
    run, args = RunConfig(model="m"), TLPOConfig(output_dir=str(tmp_path), use_cpu=True)
    claim(tmp_path, run, args)
    (tmp_path / "metrics.jsonl").write_text("")
    recorded = yaml.safe_load((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))
    for name in ("method", "rollout_budget"):
        del recorded["config"][name]
    (tmp_path / CONFIG_FILE).write_text(yaml.safe_dump(recorded), encoding="utf-8")
    assert status_of(tmp_path, run, args) == "running"
    other = TLPOConfig(output_dir=str(tmp_path), use_cpu=True, rollout_budget=1000)
    with pytest.raises(UserError, match="rollout_budget was None, now 1000"):
        status_of(tmp_path, run, other)


def test_files_are_known_by_what_is_in_them(tmp_path: Path) -> None:
    first, moved = tmp_path / "a.txt", tmp_path / "b.txt"
    first.write_text("하나\n", encoding="utf-8")
    folder = tmp_path / "run"
    args = TLPOConfig(output_dir=str(folder), use_cpu=True)

    def run(path: Path) -> RunConfig:
        return RunConfig(model="m", language=["ko"], prompts=str(path), clean_text=[f"ko={path}", "en=bundled"])

    claim(folder, run(first), args)
    (folder / "metrics.jsonl").write_text("")
    first.rename(moved)
    assert status_of(folder, run(moved), TLPOConfig(output_dir=f"{folder}/../run", use_cpu=True)) == "running"
    moved.write_text("둘\n", encoding="utf-8")
    with pytest.raises(UserError, match="the files of prompts, clean_text have changed since"):
        status_of(folder, run(moved), args)
    moved.write_text("하나\n", encoding="utf-8")
    assert status_of(folder, run(moved), args) == "running"
    with pytest.raises(UserError, match=r"prompts was '.*a.txt', now None"):
        status_of(folder, RunConfig(model="m", language=["ko"]), args)
