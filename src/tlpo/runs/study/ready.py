"""Whether this machine has what a study needs: told at the start, not hours later by the stage that needs it."""

from __future__ import annotations

from pathlib import Path

from tlpo.errors import UserError
from tlpo.runs.study.config import MethodSpec, StudyConfig, entries
from tlpo.runs.study.state import check_study_folder

_BY_TRL = ("sft", "dpo", "orpo", "grpo")
_FILES = ("few_shot", "word_list")


def check_ready(study: StudyConfig) -> None:
    """Look at the folder, and for the model, TRL, and the files and tasks of the evaluations.

    A model of the hub is not asked for: the first stage does. Raises UserError, naming what is not there or in the way.
    """
    check_study_folder(study.output)
    _check_model(study.model)
    if any(method.kind in _BY_TRL for method in study.methods):
        from tlpo.baselines.methods import check_trl

        check_trl()
    for method in study.methods:
        _check_files(method)
    for names, folder in dict.fromkeys(map(_tasks, study.methods)):
        _check_tasks(study, names, folder)


def _check_model(name: str) -> None:
    from tlpo.modeling.gguf import GGUF_MODELS
    from tlpo.modeling.load import load_tokenizer, resolve_model

    if name not in GGUF_MODELS and Path(resolve_model(name)).is_dir():
        load_tokenizer(name)


def _check_files(method: MethodSpec) -> None:
    for name in _FILES:
        path = method.evaluate.get(name)
        if path is not None and not Path(str(path)).is_file():
            raise UserError(
                f"{method.label}: evaluate.{name} names '{path}', which is not there: paths are relative to the folder "
                "in which the command is given"
            )


def _tasks(method: MethodSpec) -> tuple[tuple[str, ...] | None, str | None]:
    """The names of the tasks asked for, () for none and None for all whose files there are, and where these lie."""
    suite, names, folder = (method.evaluate.get(name) for name in ("suite", "tasks", "capability_data"))
    if "capability" not in entries(suite or ""):
        return (), None
    return None if names is None else tuple(entries(names)), None if folder is None else str(folder)


def _check_tasks(study: StudyConfig, names: tuple[str, ...] | None, folder: str | None) -> None:
    if names == ():
        return
    from tlpo.evaluation.harness.tasks import available_tasks, select_tasks

    if names is None:
        if folder is None:
            raise UserError("evaluate: the suite 'capability' needs capability_data, or tasks with names of lm-eval")
        names = tuple(available_tasks(folder, list(study.languages)))
    select_tasks(names, folder)
