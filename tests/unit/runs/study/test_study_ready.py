"""What a study needs of the machine is looked for before its first stage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.commands import save_tiny_model
from tests.unit.runs.study.studies import small_study

from tlpo.errors import UserError
from tlpo.runs.study.config import StudyConfig
from tlpo.runs.study.ready import check_ready
from tlpo.runs.study.study import run_study


@pytest.fixture
def study(tmp_path: Path) -> StudyConfig:
    """Of a model that is there, and of methods that need no TRL."""
    whole = replace(small_study(tmp_path), model=str(save_tiny_model(tmp_path / "model")))
    return replace(whole, methods=tuple(method for method in whole.methods if method.kind != "dpo"))


def with_options(study: StudyConfig, **options: object) -> StudyConfig:
    return replace(study, methods=tuple(replace(one, evaluate=one.evaluate | options) for one in study.methods))


def test_nothing_lacks(study: StudyConfig) -> None:
    check_ready(study)
    check_ready(replace(study, model="some/hub-model"))  # not asked for here


@pytest.mark.parametrize("file", ["thesis.tex", "settings.json", "final/model.safetensors"])
def test_a_folder_of_something_else(study: StudyConfig, file: str) -> None:
    """Of any work, an audit, and a training run."""
    path = study.output / file
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    for begin in (check_ready, run_study):
        with pytest.raises(UserError, match=r"/study holds other files and no study: give --output a new or empty"):
            begin(study)
    assert [path for path in study.output.rglob("*") if path.is_file()] == [study.output / file]


@pytest.mark.parametrize("own", ["cells/a-train/stage.json", "prompts/validation.jsonl", "choices.json"])
def test_a_folder_of_a_study_beside_which_somebody_wrote(study: StudyConfig, own: str) -> None:
    for name in (own, "notes.txt"):
        (study.output / name).parent.mkdir(parents=True, exist_ok=True)
        (study.output / name).touch()
    check_ready(study)


def test_no_such_model(study: StudyConfig, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the model folder '.*/none' does not exist"):
        check_ready(replace(study, model=str(tmp_path / "none")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty"):
        check_ready(replace(study, model=str(tmp_path / "empty")))


def test_no_such_file(study: StudyConfig) -> None:
    with pytest.raises(UserError, match=r"^base: evaluate.few_shot names 'shots.jsonl', which is not there: paths are"):
        check_ready(with_options(study, few_shot="shots.jsonl"))


def test_no_such_task_or_data(study: StudyConfig, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    asked = with_options(study, suite=["consistency", "capability"])
    with pytest.raises(UserError, match="needs capability_data"):
        check_ready(asked)
    with pytest.raises(UserError, match="holds no file of the shipped tasks"):
        check_ready(with_options(asked, capability_data=str(tmp_path)))
    with pytest.raises(UserError, match="tlpo_ko_kobest_cop"):
        check_ready(with_options(asked, capability_data=str(tmp_path), tasks="tlpo_ko_kobest_cop"))


def test_no_trl(study: StudyConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tlpo.baselines import methods

    monkeypatch.setattr(methods, "version", lambda package: "0.1.0")
    check_ready(study)
    with pytest.raises(UserError, match=r"TRL 0.1.0 is installed, but"):
        check_ready(replace(small_study(tmp_path), model=study.model))
