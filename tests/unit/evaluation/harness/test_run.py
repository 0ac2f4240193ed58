"""A file of questions that a task cannot use is told in one line; what is a bug keeps its traceback."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.models import tiny_model, tokenizer
from tests.unit.evaluation.harness.questions import CHOICES, XCOPA

pytest.importorskip("lm_eval", reason="needs pip install 'tlpo[eval]'")

from jinja2 import UndefinedError

from tlpo.errors import UserError
from tlpo.evaluation.harness.run import CapabilitySuite
from tlpo.evaluation.harness.tasks import select_tasks
from tlpo.evaluation.options import EvaluationConfig
from tlpo.evaluation.parts import PartCache


@pytest.fixture(autouse=True)
def no_report_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """lm-eval collects it after each task, which takes longer than the task."""
    monkeypatch.setattr("lm_eval.evaluator.add_env_info", lambda results: None)


def run(folder: Path, name: str, file: str, rows: list[dict[str, Any]]) -> Any:
    """The task's result on a file of these records."""
    (folder / file).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = EvaluationConfig(model="m", output="o", suite=["capability"], capability_data=str(folder))
    subject: Any = SimpleNamespace(identity={}, load=lambda: (tiny_model(), tokenizer()))
    suite = CapabilitySuite(config, subject, select_tasks([name], str(folder)), PartCache(folder / "cache"))
    return suite.run(name, lambda done, total: None)


def test_a_value_that_the_task_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        run(tmp_path, "tlpo_it_xcopa", "it.xcopa.test.jsonl", [XCOPA, XCOPA | {"question": "why"}])
    assert str(raised.value) == (
        "lm-eval cannot run the task 'tlpo_it_xcopa' (KeyError: 'why'), as where a field of a record is missing or of "
        "another kind than the task needs: correct the task's file, or leave the task out"
    )


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(UndefinedError("'gold' is undefined"), UserError), (AttributeError("no such method"), AttributeError)],
)
def test_what_lm_eval_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, expected: type[Exception]
) -> None:
    def fail(**options: Any) -> None:
        raise raised

    monkeypatch.setattr("lm_eval.simple_evaluate", fail)
    with pytest.raises(expected, match=str(raised)):
        run(tmp_path, "tlpo_en_copa", "en.copa.jsonl", CHOICES)
