"""One folder, one audit."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.unit.evaluation.records import response

from tlpo.data import PromptRecord
from tlpo.errors import UserError
from tlpo.evaluation.folder import AuditFolder
from tlpo.evaluation.settings import AuditSettings

IDENTITY = {"model": "m", "seed": 0}


def test_responses_are_kept_and_each_counted_once(tmp_path: Path) -> None:
    folder = AuditFolder(tmp_path / "run", IDENTITY)
    assert folder.kept() == []
    folder.append([response(0), response(1)])
    folder.append([response(1), response(1, sample=1)])
    again = AuditFolder(tmp_path / "run", IDENTITY)
    assert [(record.index, record.sample) for record in again.kept()] == [(0, 0), (1, 0), (1, 1)]
    assert json.loads(again.settings_path.read_text()) == IDENTITY


def test_another_audit_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    AuditFolder(tmp_path, IDENTITY).append([response(0)])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(UserError, match=r"already holds another audit \(seed was 0, now 1\)"):
        AuditFolder(tmp_path, {**IDENTITY, "seed": 1})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_settings_of_an_audit_without_responses_may_change(tmp_path: Path) -> None:
    AuditFolder(tmp_path, IDENTITY)  # and then the model could not be loaded
    AuditFolder(tmp_path, {**IDENTITY, "seed": 1})
    assert json.loads((tmp_path / "settings.json").read_text())["seed"] == 1


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UserError, match="holds other files and no audit"):
        AuditFolder(tmp_path, IDENTITY)
    for folder in (tmp_path / "thesis.tex", tmp_path / "thesis.tex" / "below"):
        with pytest.raises(UserError, match="is a file, or lies in one: give another output folder"):
            AuditFolder(folder, IDENTITY)


def test_the_folder_of_another_command_is_refused_though_it_has_settings(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{}")
    (tmp_path / "items").mkdir()  # of an evaluation
    with pytest.raises(UserError, match="holds other files and no audit: give a new or empty output folder"):
        AuditFolder(tmp_path, IDENTITY)
    assert (tmp_path / "settings.json").read_text() == "{}"


def audit(model: Path) -> dict[str, Any]:
    return AuditSettings(str(model)).identity([PromptRecord(0, "왜?", "ko")])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "run" / "final"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"1")
    (folder / "config.json").write_text("{}")
    return folder


def test_an_audit_of_a_model_that_was_moved_or_copied_is_the_same(tmp_path: Path, model: Path) -> None:
    AuditFolder(tmp_path / "audit", audit(model)).append([response(0)])
    copied = tmp_path / "elsewhere" / "final"
    shutil.copytree(model, copied, copy_function=shutil.copyfile)  # which does not keep the times
    os.utime(copied / "model.safetensors", ns=(1, 1))
    shutil.rmtree(model)
    (copied / "README.md").write_text("a card")
    assert len(AuditFolder(tmp_path / "audit", audit(copied)).kept()) == 1


def test_an_audit_of_other_weights_is_another_whatever_their_name_and_time(tmp_path: Path, model: Path) -> None:
    AuditFolder(tmp_path / "audit", audit(model)).append([response(0)])
    other = tmp_path / "other"
    shutil.copytree(model, other)
    (other / "model.safetensors").write_bytes(b"2")
    time = (model / "model.safetensors").stat().st_mtime_ns
    os.utime(other / "model.safetensors", ns=(time, time))
    with pytest.raises(UserError, match=r"holds another audit \(model was '.*/final', now '.*/other', model_files was"):
        AuditFolder(tmp_path / "audit", audit(other))
    shutil.rmtree(model)
    other.rename(model)
    os.utime(model / "model.safetensors", ns=(time + 1, time + 1))
    with pytest.raises(UserError, match=r"holds another audit \(model_files was"):
        AuditFolder(tmp_path / "audit", audit(model))


def test_an_audit_of_an_earlier_version_goes_on(tmp_path: Path, model: Path) -> None:
    """It knew a local model by the names, sizes and times of its files."""
    weights = model / "model.safetensors"
    files = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in (model / "config.json", weights)]
    earlier = hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]
    AuditFolder(tmp_path / "audit", {**audit(model), "model_files": earlier}).append([response(0)])
    assert len(AuditFolder(tmp_path / "audit", audit(model)).kept()) == 1
    os.utime(weights, ns=(1, 1))
    with pytest.raises(UserError, match=f"model_files was '{earlier}', now"):
        AuditFolder(tmp_path / "audit", audit(model))


@pytest.mark.parametrize("damaged", ["{", "[]"])
def test_damaged_settings_are_told(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "settings.json").write_text(damaged)
    with pytest.raises(UserError, match="is damaged"):
        AuditFolder(tmp_path, IDENTITY)
