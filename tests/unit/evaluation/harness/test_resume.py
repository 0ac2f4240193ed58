"""A task that was interrupted goes on within itself, and ends with the answers of an unbroken run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.models import tiny_model, tokenizer
from tests.unit.evaluation.harness.questions import write_questions

pytest.importorskip("lm_eval", reason="needs pip install 'tlpo[eval]'")

from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM

from tlpo.evaluation.harness.answers import Answers
from tlpo.evaluation.harness.model import HarnessModel
from tlpo.evaluation.harness.tasks import Selection, quiet, select_tasks

NAMES = ["tlpo_en_arc_easy", "tlpo_de_mgsm"]


@pytest.fixture(scope="module")
def selection(tmp_path_factory: pytest.TempPathFactory) -> Selection:
    folder = write_questions(tmp_path_factory.mktemp("questions"))
    with (folder / "de.mgsm.tsv").open("a") as file:
        file.writelines(f"Was ist {'1 plus ' * n}1?\t{n + 1}\n" for n in range(4))
    return select_tasks(NAMES, str(folder))


@pytest.fixture(autouse=True)
def no_report_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """lm-eval collects it after each task, which takes longer than the task."""
    monkeypatch.setattr("lm_eval.evaluator.add_env_info", lambda results: None)


def run(lm: Any, selection: Selection, name: str) -> list[Any]:
    task = selection.tasks[name]
    task.set_config("generation_kwargs", {"until": ["\n\n"], "max_gen_toks": 6, "do_sample": False})
    with quiet():
        found = simple_evaluate(model=lm, tasks=[task], task_manager=selection.manager)
    task._instances = None
    return [sample["resps"] for sample in found["samples"][name]]


def model(batch_size: int = 2) -> HarnessModel:
    return HarnessModel(tiny_model(), tokenizer(), batch_size=batch_size)


class Stop(Exception):
    """Stands for Ctrl-C."""


@pytest.mark.parametrize("name", NAMES)
def test_batches_that_are_done_are_not_done_again(
    name: str, selection: Selection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with quiet():
        expected = run(HFLM(pretrained=tiny_model(), tokenizer=tokenizer(), batch_size=2), selection, name)
    unbroken, told = model(), []
    unbroken.begin(Answers(tmp_path / "unbroken"), lambda *counts: told.append(counts))
    assert run(unbroken, selection, name) == expected
    total = len(Answers(tmp_path / "unbroken").known)
    assert told[0] == (0, total)
    assert told[-1] == (total, total)

    forward, calls = "_model_call" if name == NAMES[0] else "_model_generate", []
    real = getattr(HFLM, forward)

    def interrupted(self: Any, inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
        calls.append(len(kwargs.get("context", inputs)))
        if len(calls) == 3:
            raise Stop
        return real(self, *(() if inputs is None else (inputs,)), *args, **kwargs)

    monkeypatch.setattr(HFLM, forward, interrupted)
    broken = model()
    broken.begin(Answers(tmp_path / "broken"), lambda done, of: None)
    with pytest.raises(Stop):
        run(broken, selection, name)
    kept = len(Answers(tmp_path / "broken").known)
    assert kept == 4  # two batches of two
    with (tmp_path / "broken").open("a") as file:
        file.write('["half a li')
    again = model()
    again.begin(Answers(tmp_path / "broken"), lambda *counts: told.append(counts))
    told.clear()
    assert run(again, selection, name) == expected
    assert told[0] == (kept, total)
    assert len(Answers(tmp_path / "broken").known) == total


def test_from_a_damaged_line_on_answers_are_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "answers"
    for damage in ("\0\0\0", '{"a": 1}', '["alone"]', "7"):
        path.write_text(f'["a", 1]\n{damage}\n["b", 2]\n', encoding="utf-8")
        assert Answers(path).known == {"a": 1}
        assert path.read_text(encoding="utf-8") == '["a", 1]\n'


def test_without_a_file_nothing_is_kept(selection: Selection) -> None:
    plain = model()
    assert run(plain, selection, NAMES[0]) == run(plain, selection, NAMES[0])
