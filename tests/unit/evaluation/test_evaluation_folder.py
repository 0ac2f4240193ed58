"""One folder, one evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlpo.errors import UserError
from tlpo.evaluation.evaluation_folder import EvaluationFolder


def test_a_folder_that_cannot_hold_an_evaluation(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UserError, match="holds other files and no evaluation"):
        EvaluationFolder(tmp_path, {"seed": 0})
    for folder in (tmp_path / "thesis.tex", tmp_path / "thesis.tex" / "below"):
        with pytest.raises(UserError, match="is a file, or lies in one: give another output folder"):
            EvaluationFolder(folder, {"seed": 0})
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def test_the_folder_of_another_command_is_refused_though_it_has_settings(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"seed": 0}')
    (tmp_path / "responses.jsonl").write_text("an audit's")
    with pytest.raises(UserError, match="holds other files and no evaluation: give --output a new or empty folder"):
        EvaluationFolder(tmp_path, {"seed": 0})
    assert (tmp_path / "settings.json").read_text() == '{"seed": 0}'


def test_another_evaluation_is_refused_once_something_was_measured(tmp_path: Path) -> None:
    EvaluationFolder(tmp_path / "new", {"seed": 0})
    EvaluationFolder(tmp_path / "new", {"seed": 1}).add_items("nll-ko", [{"id": 0}])
    with pytest.raises(UserError, match=r"already holds another evaluation \(seed was 1, now 2\)"):
        EvaluationFolder(tmp_path / "new", {"seed": 2})
