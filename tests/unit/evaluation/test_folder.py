"""One folder, one audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.evaluation.records import response

from tlpo.errors import UserError
from tlpo.evaluation.folder import AuditFolder

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
    with pytest.raises(UserError, match="is a file"):
        AuditFolder(tmp_path / "thesis.tex", IDENTITY)


@pytest.mark.parametrize("damaged", ["{", "[]"])
def test_damaged_settings_are_told(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "settings.json").write_text(damaged)
    with pytest.raises(UserError, match="is damaged"):
        AuditFolder(tmp_path, IDENTITY)
