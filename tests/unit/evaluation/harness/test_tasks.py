"""The shipped task files: they ask what lm-eval's own tasks ask, and read what the folder holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.shared import shared_data
from tests.unit.evaluation.harness import questions
from tests.unit.evaluation.harness.questions import CHOICES, write_questions

from tlpo.data.benchmark import load_benchmark
from tlpo.errors import UserError
from tlpo.evaluation.harness import TASK_FOLDER
from tlpo.evaluation.harness.tasks import available_tasks, select_tasks, shipped_tasks, task_content

lm_eval = pytest.importorskip("lm_eval", reason="needs pip install 'tlpo[eval]'")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_questions(tmp_path_factory.mktemp("questions"))


@pytest.fixture(scope="module")
def tasks(folder: Path) -> dict[str, Any]:
    return select_tasks(available_tasks(str(folder)), str(folder)).tasks


def asked(task: Any, number: int = 0) -> tuple[Any, Any, Any]:
    """(context, continuations, gold) of a question as lm-eval will send it."""
    doc = task.eval_docs[number]
    task.set_config("num_fewshot", 0)
    context = task.fewshot_context(doc, num_fewshot=0)
    requests = task.construct_requests(doc=doc, ctx=context, metadata=("", 0, 1))
    return context, [request.args for request in requests], task.doc_to_target(doc)


def test_the_files_that_are_there_choose_the_tasks(folder: Path, tmp_path: Path) -> None:
    everything = available_tasks(str(folder))
    assert len(everything) == 15
    assert available_tasks(str(folder), ["ko"]) == [name for name in everything if "_ko_" in name or "_en_" in name]
    with pytest.raises(UserError, match="no file of the shipped tasks"):
        available_tasks(str(tmp_path))
    with pytest.raises(UserError, match="does not exist"):
        available_tasks(str(tmp_path / "absent"))


def test_names_files_and_tags_go_together() -> None:
    shipped = shipped_tasks()
    assert len(shipped) == 35
    for name, config in shipped.items():
        language = name.split("_")[1]
        assert config["dataset_kwargs"]["file"].startswith(f"{language}.")
        assert {"tlpo_capability", f"tlpo_capability_{language}"} <= set(config["tag"])


def test_multiple_choice(tasks: dict[str, Any]) -> None:
    context, requests, gold = asked(tasks["tlpo_en_arc_easy"])
    assert context == "Question: What falls from clouds?\nAnswer:"  # as lm-eval's arc_easy
    assert requests == [(context, " rain"), (context, " sand"), (context, " coins")]
    assert gold == 0
    assert asked(tasks["tlpo_en_piqa"])[0] == context  # as lm-eval's piqa
    assert asked(tasks["tlpo_en_openbook_qa"])[0] == "Question: What falls from clouds?"


def test_prompts_are_those_of_lm_evals_own_tasks(tasks: dict[str, Any]) -> None:
    context, requests, gold = asked(tasks["tlpo_en_hellaswag"])
    assert context == "Cooking soup: A man stands in a kitchen. He"
    assert [request[1] for request in requests] == [
        " stirs a pot.",
        " flies away.",
        " rests a while.",
        " paints a wall.",
    ]
    assert gold == 0
    context, requests, _ = asked(tasks["tlpo_en_winogrande"])
    assert requests == [(start, " broke.") for start in questions.WINOGRANDE["context_options"]]
    context, requests, gold = asked(tasks["tlpo_it_xcopa"])
    assert (context, gold) == ("La strada era bagnata perché", 0)
    assert [request[1] for request in requests] == [" pioveva.", " era festa."]
    context, requests, gold = asked(tasks["tlpo_ko_kobest_copa"], 1)
    assert (context, gold) == ("배가 고팠다.  그래서", 1)
    assert [request[1] for request in requests] == [" 잠을 잤다.", " 밥을 먹었다."]
    context, requests, gold = asked(tasks["tlpo_ko_kobest_hellaswag"])
    assert (context, gold) == ("문장: 아이가 뛴다.", 1)
    assert requests[1][1] == ' "야"라고 한다.'
    context, requests, gold = asked(tasks["tlpo_ko_kobest_boolq"])
    assert (context, gold) == ("개는 짖는다. 질문: 개는 나는가? 답변: ", 0)
    assert [request[1] for request in requests] == [" 아니오", " 예"]
    assert asked(tasks["tlpo_ko_kobest_boolq"], 1)[2] == 1
    context, requests, gold = asked(tasks["tlpo_ko_kobest_wic"])
    assert (context, gold) == ("문장1: [배]를 탔다. 문장2: [배]를 먹었다. 두 문장에서 배가 같은 뜻으로 쓰였나?", 0)
    assert asked(tasks["tlpo_ko_kobest_wic"], 1)[2] == 1
    context, requests, gold = asked(tasks["tlpo_ko_kobest_sentineg"])
    assert (context, gold) == ("문장: 아주 좋아요 긍부정:", 1)
    assert [request[1] for request in requests] == [" 부정", " 긍정"]
    context, requests, gold = asked(tasks["tlpo_ja_jcommonsenseqa"])
    assert context.startswith("以下は、タスクを説明する指示と、")
    assert context.endswith(
        "してください：\n- 傘\n- 机\n- 本\n- 皿\n- 靴\n\n### 入力：\n雨の日に使う物は？\n\n### 応答："
    )
    assert (requests[0][1], gold) == ("\n傘", 0)


def test_numbers_to_generate(tasks: dict[str, Any]) -> None:
    task = tasks["tlpo_de_mgsm"]
    doc = task.eval_docs[0]
    assert task.doc_to_text(doc) == 'Frage: Ein "Apfel" kostet 2 Euro. Was kosten drei?\nAntwort:'
    assert [task.doc_to_target(own) for own in task.eval_docs] == ["6", "2000"]
    assert task.config.generation_kwargs["until"] == ["Frage:", "</s>", "<|im_end|>"]


def test_examples_come_from_their_own_file(tasks: dict[str, Any]) -> None:
    assert len(list(tasks["tlpo_it_xcopa"].fewshot_docs())) == 2
    assert len(list(tasks["tlpo_ko_kobest_copa"].fewshot_docs())) == 0  # no such file


def test_a_tasks_content_is_what_it_asks_not_where_it_lies(folder: Path, tmp_path: Path) -> None:
    def content(place: Path, name: str = "tlpo_it_xcopa", limit: int | None = None, shots: int | None = None) -> str:
        return task_content(select_tasks([name], str(place)).tasks[name], limit, shots)

    moved = write_questions(tmp_path / "moved")
    assert content(moved) == content(folder)
    assert content(moved, "tlpo_ko_kobest_copa") == content(folder, "tlpo_ko_kobest_copa")
    assert content(folder, "tlpo_ko_kobest_copa", limit=1) != content(folder, "tlpo_ko_kobest_copa")
    before = content(folder, shots=1)
    with (moved / "it.xcopa.val.jsonl").open("a") as file:
        file.write((folder / "it.xcopa.test.jsonl").read_text())
    assert content(moved) == content(folder)  # without examples they do not matter
    assert content(moved, shots=1) != before
    text = (moved / "it.xcopa.test.jsonl").read_text()
    (moved / "it.xcopa.test.jsonl").write_text(text.replace("bagnata", "asciutta"))
    assert content(moved) != content(folder)


def test_bad_files_and_names(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"give their folder|tlpo_en_copa"):
        select_tasks(["tlpo_en_copa"], None)
    with pytest.raises(UserError, match=r"en\.copa\.jsonl' does not exist"):
        select_tasks(["tlpo_en_copa"], str(tmp_path))
    (tmp_path / "en.copa.jsonl").write_text("{\n")
    with pytest.raises(UserError, match=r"en\.copa\.jsonl, line 1: not JSON"):
        select_tasks(["tlpo_en_copa"], str(tmp_path))
    for row in ("[1, 2]", '"text"', "7", "null"):
        (tmp_path / "en.copa.jsonl").write_text(f'{{"query": "q", "choices": ["a", "b"], "gold": 0}}\n{row}\n')
        with pytest.raises(UserError, match=r"en\.copa\.jsonl, line 2: .* is no JSON object; write one object a line"):
            select_tasks(["tlpo_en_copa"], str(tmp_path))
    (tmp_path / "de.mgsm.tsv").write_text("Frage ohne Antwort\n")
    with pytest.raises(UserError, match="not 2 fields"):
        select_tasks(["tlpo_de_mgsm"], str(tmp_path))


@pytest.mark.parametrize("broken", [{"query": None}, {"gold": None}, {"choices": None}])
def test_a_record_that_lacks_a_field(tmp_path: Path, broken: dict[str, None]) -> None:
    """lm-eval itself scores such a record in silence, as an empty question or a wrong answer."""
    (field,) = broken
    null = CHOICES[0] | broken
    for record in (null, {name: value for name, value in null.items() if name != field}):
        (tmp_path / "en.copa.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (CHOICES[0], record)))
        with pytest.raises(UserError, match=rf"en\.copa\.jsonl, line 2: no field '{field}', which the task needs"):
            select_tasks(["tlpo_en_copa"], str(tmp_path))


def test_a_table_whose_header_lacks_a_column(tmp_path: Path) -> None:
    (tmp_path / "ko.kobest_copa.test.tsv").write_text("ID\tsentence\tquestion\t1\t2\n1\ta\t결과\tb\tc\n")
    with pytest.raises(
        UserError, match=r"test\.tsv, line 2: no field 'Answer', .*; it has ID, sentence, question, 1, 2$"
    ):
        select_tasks(["tlpo_ko_kobest_copa"], str(tmp_path))


def test_every_task_of_records_says_what_they_must_hold() -> None:
    files = sorted((TASK_FOLDER / "capability").glob("*.yaml"))
    lacking = [file.name for file in files if "fields: [" not in file.read_text(encoding="utf-8")]
    assert lacking == [file.name for file in files if file.name.endswith("_mgsm.yaml")]  # their columns are given


def test_every_set_of_the_benchmark_has_a_task() -> None:
    records = load_benchmark(shared_data("lcb", "test_sets.zip"))
    expected = {(record.setting, record.where.rsplit("/", 2)[-2], record.language) for record in records}
    found = set()
    for path in (TASK_FOLDER / "lcb").glob("*_*_*.yaml"):
        text = path.read_text(encoding="utf-8")
        kwargs = next(line for line in text.splitlines() if line.startswith("dataset_kwargs:"))
        place = dict(part.strip(" {}").split(": ") for part in kwargs.partition(":")[2].split(","))
        found.add((place["setting"], place["source"], place["language"]))
        assert f"task: lcb_{place['setting']}_{place['source']}_{place['language']}\n" in text
    assert found == expected
    for setting in ("monolingual", "crosslingual"):
        listed = (TASK_FOLDER / "lcb" / f"{setting}.yaml").read_text(encoding="utf-8").count("  - lcb_")
        assert listed == sum(place[0] == setting for place in expected)
