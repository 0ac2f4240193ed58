"""Which tasks an evaluation runs: those shipped here, as far as their files are there, and lm-eval's own by name."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from itertools import islice
from typing import Any

import yaml
from jinja2 import TemplateError

from tlpo.errors import UserError, did_you_mean, missing_extra
from tlpo.evaluation.harness import TASK_FOLDER
from tlpo.evaluation.harness.data import capability_folder
from tlpo.evaluation.parts import digest

# Of a task's configuration, what says where it is from rather than what it asks. The data itself are hashed.
_NOT_CONTENT = ("metadata", "dataset_kwargs", "custom_dataset", "dataset_path", "dataset_name", "tag", "task_alias")


@dataclass(frozen=True)
class Selection:
    """The tasks chosen: `tasks` by name, and lm-eval's groups that hold some of them; `manager` made them."""

    tasks: dict[str, Any]
    groups: dict[str, Any]
    manager: Any


@contextmanager
def quiet() -> Iterator[None]:
    """lm-eval tells of what it does at length; errors still come through."""
    logger = logging.getLogger("lm_eval")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def shipped_tasks() -> dict[str, dict[str, Any]]:
    """{name: the task file's own entries} of the tasks that read local files, in the order of their names."""

    class Loader(yaml.SafeLoader):
        """Task files name functions, which are of no interest here."""

    Loader.add_constructor("!function", lambda loader, node: None)
    found = {}
    for path in sorted((TASK_FOLDER / "capability").glob("*.yaml")):
        config = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)
        found[config["task"]] = config
    return found


def available_tasks(capability_data: str, languages: Sequence[str] | None = None) -> list[str]:
    """The shipped tasks whose file lies in the folder, of these languages and English (all for None).

    Raises:
        UserError: the folder does not exist, or holds no task's file in these languages.
    """
    folder, shipped = capability_folder(capability_data), shipped_tasks()
    wanted = None if languages is None else {*languages, "en"}
    found = [name for name, config in shipped.items() if (folder / config["dataset_kwargs"]["file"]).is_file()]
    chosen = [name for name in found if wanted is None or name.split("_")[1] in wanted]
    if not chosen:
        among = f"in {', '.join(sorted(wanted))}" if wanted and found else "by the names that docs/evaluation.md lists"
        raise UserError(f"'{folder}' holds no file of the shipped tasks {among}: add some, or name --tasks of lm-eval")
    return chosen


def select_tasks(names: Sequence[str], capability_data: str | None) -> Selection:
    """Load tasks, groups and tags by name, data included.

    lm-eval's own thousands of task files are read only if a name is not among those shipped here.

    Raises:
        UserError: lm-eval is not installed, a name is unknown, or a task's data cannot be had.
    """
    try:
        from lm_eval.tasks import TaskManager
    except ImportError:
        raise missing_extra("lm-eval", "eval") from None
    metadata = {"capability_data": capability_data} if capability_data is not None else {}
    with quiet():
        manager = TaskManager(include_path=str(TASK_FOLDER), include_defaults=False, metadata=metadata)
        if any(name not in manager.all_tasks for name in names):
            manager = TaskManager(include_path=str(TASK_FOLDER), metadata=metadata)
        unknown = next((name for name in names if name not in manager.all_tasks), None)
        if unknown is not None:
            raise UserError(
                f"lm-eval has no task '{unknown}'{did_you_mean(unknown, manager.all_tasks)}: see lm-eval ls tasks"
            )
        try:
            loaded = manager.load(list(dict.fromkeys(names)))
        except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, TemplateError) as error:
            text = " ".join(str(error).split())[:200]
            raise UserError(f"a task cannot be loaded ({type(error).__name__}: {text}): leave it out") from error
    return Selection(loaded["tasks"], loaded.get("groups", {}), manager)


def task_content(task: Any, limit: int | None, num_fewshot: int | None) -> str:
    """A hash of everything that a task asks and how it scores: its configuration, functions included, and its data."""
    config = {
        field.name: _plain(getattr(task.config, field.name))
        for field in fields(task.config)
        if field.name not in _NOT_CONTENT
    }
    docs = list(islice(task.eval_docs, limit))
    shots = num_fewshot if num_fewshot is not None else task.config.num_fewshot or 0
    examples = list(task.fewshot_docs() or ()) if shots else []
    return digest({"config": config, "version": str(task.VERSION), "docs": _hash(docs), "examples": _hash(examples)})


def _hash(docs: Sequence[Any]) -> str:
    return digest([json.dumps(doc, sort_keys=True, default=repr) for doc in docs])


def _plain(value: Any) -> Any:
    """A configuration's value as JSON, functions as their source."""
    if isinstance(value, dict):
        return {str(key): _plain(own) for key, own in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(own) for own in value]
    if isinstance(value, partial):
        return [_plain(value.func), _plain(value.args), _plain(value.keywords)]
    if callable(value):
        try:
            return inspect.getsource(value)
        except (TypeError, OSError):
            return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
