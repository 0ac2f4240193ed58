"""``tlpo data filter`` from the command line: every kind of input, files, counts, bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.filtering import RECORDS, bactrian, lines, run
from tests.models import tokenizer

from tlpo.cli.main import main
from tlpo.data import load_prompts

pytest.importorskip("babel")
pytest.importorskip("datasketch")

DROPPED = {
    "empty": 1, "long": 1, "duplicate": 1, "language": 1, "translation": 1, "code": 1, "near": 1, "evaluation": 0,
    "confused": 1,
}  # fmt: skip


def test_bactrian_x_as_it_is(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    output, dropped = tmp_path / "out" / "ko.jsonl", tmp_path / "dropped.jsonl"
    status = run(bactrian(tmp_path), output, "--language", "ko", "--dropped", str(dropped), "--near", "0.5")
    assert status == 0
    assert lines(output) == [
        {"id": "a", "prompt": "김치찌개 레시피를 알려 주세요.", "language": "ko", "answer": "먼저 김치를 볶습니다."},
        {
            "id": "b",
            "prompt": "다음 글을 요약해 주세요.\n\n서울은 큰 도시입니다.",
            "language": "ko",
            "answer": "서울은 큽니다.",
        },
    ]
    assert {one["id"]: one["reason"] for one in lines(dropped)} == {
        "c": "language", "d": "translation", "e": "code", "f": "near", "g": "duplicate", "h": "confused", "i": "empty",
        "j": "long",
    }  # fmt: skip
    assert {one["id"]: one["evidence"] for one in lines(dropped)}["h"] == "погода"
    report = json.loads((tmp_path / "out" / "ko.report.json").read_text(encoding="utf-8"))
    assert (report["rows"], report["read"], report["kept"], report["dropped"]) == (10, 10, 2, DROPPED)
    assert report["languages"] == {"ko": {"kept": 2} | {name: 1 for name, count in DROPPED.items() if count}}
    assert report["settings"]["max_chars"] == 500
    printed = " ".join(capfd.readouterr().out.split())
    assert "10 prompts" in printed
    assert "kept 2 20.0" in printed
    assert "language 1 10.0" in printed
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["ko.jsonl", "ko.report.json"]


def test_every_kind_of_file_gives_the_same(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_list(RECORDS)
    table.to_parquet(str(tmp_path / "p.parquet"))
    table.to_csv(str(tmp_path / "p.csv"), index=False)
    table.to_json(str(tmp_path / "p.jsonl"), force_ascii=False)
    datasets.DatasetDict({"train": table, "test": table}).save_to_disk(str(tmp_path / "saved"))
    whole = tmp_path / "whole.jsonl"
    assert run(bactrian(tmp_path), whole, "--language", "ko") == 0
    for name, more in (("p.parquet", ()), ("p.csv", ()), ("p.jsonl", ()), ("saved", ("--split", "train"))):
        output = tmp_path / f"of-{name}.jsonl"
        assert run(tmp_path / name, output, "--language", "ko", *more) == 0
        assert lines(output) == lines(whole), name
        report = json.loads(output.with_suffix(".report.json").read_text(encoding="utf-8"))
        assert report["dropped"]["empty"] == 1, name  # in CSV a blank cell, elsewhere an empty text


BLANK = {
    "cell.csv": 'prompt,license,language\n김치는 어떻게 담그나요?,CC0,ko\n,CC0,ko\n"",,ko\n" ",,ko\n',
    "short.csv": "language,prompt\nko,김치는 어떻게 담그나요?\nko\nko,\nko,\n",
    "tab.tsv": "language\tprompt\nko\t김치는 어떻게 담그나요?\nko\t\nko\t\nko\n",
    "null.jsonl": '{"prompt": "김치는 어떻게 담그나요?", "language": "ko"}\n{"prompt": null, "language": "ko"}\n'
    '{"messages": [], "language": "ko"}\n{"instruction": " ", "input": "i", "language": "ko"}\n',
}


@pytest.mark.parametrize("name", BLANK)
def test_a_record_whose_prompt_is_blank_is_dropped_as_empty(tmp_path: Path, name: str) -> None:
    path, output, dropped = tmp_path / name, tmp_path / "out.jsonl", tmp_path / "dropped.jsonl"
    path.write_text(BLANK[name], encoding="utf-8")
    assert run(path, output, "--dropped", str(dropped)) == 0
    assert [one["prompt"] for one in lines(output)] == ["김치는 어떻게 담그나요?"]
    assert [(one["id"], one["prompt"], one["reason"]) for one in lines(dropped)] == [
        (number, "", "empty") for number in ("2", "3", "4")
    ]
    report = json.loads((tmp_path / "out.report.json").read_text(encoding="utf-8"))
    assert (report["read"], report["kept"], report["dropped"]["empty"]) == (4, 1, 3)


def test_a_record_of_a_table_without_a_prompt_is_dropped_as_empty(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    records = [{"prompt": "김치는 어떻게 담그나요?"}, {"prompt": None}]
    datasets.Dataset.from_list(records).to_parquet(str(tmp_path / "p.parquet"))
    assert run(tmp_path / "p.parquet", tmp_path / "out.jsonl", "--language", "ko") == 0
    report = json.loads((tmp_path / "out.report.json").read_text(encoding="utf-8"))
    assert (report["kept"], report["dropped"]["empty"]) == (1, 1)


def test_other_fields_stay_and_split_and_language_choose(tmp_path: Path) -> None:
    path, output = tmp_path / "p.jsonl", tmp_path / "out.jsonl"
    records = [
        {
            "prompt": "첫 번째 질문입니다.",
            "language": "ko",
            "split": "train",
            "license": "CC0",
            "prompt_language": "ko",
        },
        {"prompt": "두 번째 질문이에요.", "language": "ko", "split": "eval"},
        {"prompt": "How is the weather in spring?", "language": "en", "split": "train"},
    ]
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")
    assert run(path, output, "--language", "ko", "--split", "train") == 0
    assert lines(output) == [
        {
            "id": "1",
            "prompt": "첫 번째 질문입니다.",
            "language": "ko",
            "split": "train",
            "license": "CC0",
            "prompt_language": "ko",
        }
    ]
    assert [record.prompt for record in load_prompts(output)] == ["첫 번째 질문입니다."]


def test_evaluation_prompts_and_tokens(tmp_path: Path) -> None:
    model = tmp_path / "model"
    tokenizer("byte_level").save_pretrained(model)
    held_out = load_prompts(language="ko", split="eval")
    path, output, dropped = tmp_path / "p.jsonl", tmp_path / "out.jsonl", tmp_path / "dropped.jsonl"
    texts = [held_out[3].prompt, "짧은 질문?", "조금 더 긴 질문인데 괜찮을까요? 대답해 주세요."]
    path.write_text("".join(json.dumps({"prompt": text, "language": "ko"}) + "\n" for text in texts), encoding="utf-8")
    options = ["--against", "bundled", "--model", str(model), "--max_tokens", "60", "--dropped", str(dropped)]
    assert run(path, output, *options) == 0
    found = {one["id"]: (one["reason"], one["evidence"]) for one in lines(dropped)}
    long = {str(n) for n, text in enumerate(texts, start=1) if tokens(text) > 60}
    assert {name for name, (why, _) in found.items() if why == "long"} == long
    if "1" not in long:
        assert found["1"] == ("evaluation", f"{held_out[3].id} (1.00)")


def tokens(text: str) -> int:
    """As the prompt stands in its template."""
    return len(tokenizer("byte_level")(f"질문: {text}\n답변:").input_ids)


FIELDS = {
    "csv": "inputs,targets,context,language\n김치는 어떻게 담그나요?,소금에 절입니다.,CC0,ko\n,?,,ko\n"
    "바다는 왜 파란가요?,,,ko\n",
    "jsonl": '{"inputs": "김치는 어떻게 담그나요?", "targets": "소금에 절입니다.", '
    '"context": "CC0", "language": "ko"}\n'
    '{"inputs": null, "targets": "?", "prompt": "옛 질문", "language": "ko"}\n'
    '{"inputs": "바다는 왜 파란가요?", "targets": null, "output": "옛 답", "instruction": "i", "language": "ko"}\n',
}


@pytest.mark.parametrize("kind", FIELDS)
def test_prompts_and_answers_by_other_names(tmp_path: Path, kind: str) -> None:
    """A named field holds the whole prompt or answer, be it blank; what else a record has stays as it is."""
    path, output = tmp_path / f"aya.{kind}", tmp_path / "out.jsonl"
    path.write_text(FIELDS[kind], encoding="utf-8")
    assert run(path, output, "--prompt_field", "inputs", "--answer_field", "targets") == 0
    first = {"id": "1", "prompt": "김치는 어떻게 담그나요?", "language": "ko", "answer": "소금에 절입니다."}
    last = {"id": "3", "prompt": "바다는 왜 파란가요?", "language": "ko"}
    assert lines(output) == [first | {"context": "CC0"}, last]
    report = json.loads((tmp_path / "out.report.json").read_text(encoding="utf-8"))
    assert report["dropped"]["empty"] == 1
    assert report["source"]["fields"] == {"prompt": "inputs", "answer": "targets"}


def test_dolly_as_it_is_but_for_its_answers(tmp_path: Path) -> None:
    path, output = tmp_path / "dolly.jsonl", tmp_path / "out.jsonl"
    record = {
        "instruction": "이 글은 무엇에 대한 글인가요?",
        "context": "김치는 배추로 담근다.",
        "response": "김치.",
        "category": "qa",
    }
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    assert run(path, output, "--language", "ko", "--answer_field", "response") == 0
    assert lines(output) == [
        {
            "id": "1",
            "prompt": "이 글은 무엇에 대한 글인가요?\n\n김치는 배추로 담근다.",
            "language": "ko",
            "answer": "김치.",
            "category": "qa",
        }
    ]


def test_conversations_of_sharegpt(tmp_path: Path) -> None:
    turns = [{"from": "human", "value": "김치는 어떻게 담그나요?"}, {"from": "gpt", "value": "소금에 절입니다."}]
    path, output = tmp_path / "chats.json", tmp_path / "out.jsonl"
    path.write_text(json.dumps([{"id": "a", "conversations": turns}, {"conversations": turns[1:]}]), encoding="utf-8")
    assert run(path, output, "--language", "ko") == 0
    asked = [{"role": "user", "content": "김치는 어떻게 담그나요?"}]
    assert lines(output) == [{"id": "a", "prompt": asked, "language": "ko", "answer": "소금에 절입니다."}]
    report = json.loads((tmp_path / "out.report.json").read_text(encoding="utf-8"))
    assert report["dropped"]["empty"] == 1  # nobody asks anything
    (record,) = load_prompts(output)
    assert (record.prompt, record.answer) == (asked, "소금에 절입니다.")


@pytest.mark.parametrize(
    ("content", "more", "message"),
    [
        ('{"prompt": "x"}\n', [], "line 1: no 'language'"),
        (
            '{"text": "x", "language": "ko"}\n',
            [],
            "line 1: no 'prompt' (nor 'messages', 'conversations' or 'instruction'); the record has text, language: ",
        ),
        (
            '{"questions": "x", "language": "ko"}\n',
            ["--prompt_field", "question"],
            "p.jsonl, line 1: no field 'question' (did you mean 'questions'?) for --prompt_field: name one of "
            "questions, language",
        ),
        (
            '{"prompt": "x", "language": "ko", "answers": ["y"]}\n',
            ["--answer_field", "answers"],
            "line 1: the answer 'answers' is not text but list ['y']: name another ",
        ),
        ('{"prompt": 3, "language": "ko"}\n', [], "line 1: the prompt is neither text nor a list"),
        ("{\n", [], "line 1: not JSON"),
        ('{"prompt": "x", "language": "ko"}\n', ["--language", "ja"], "no prompt for ja: it has ko"),
        ("", ["--language", "ko"], "p.jsonl: no prompt in it: give at least one record"),
        ('{"prompt": "x", "language": "ko"}\n', ["--without", "lang"], "no such check: 'lang'"),
        ('{"prompt": "x", "language": "ko"}\n', ["--max_tokens", "5"], "--model and --max_tokens go together"),
        ('{"prompt": "x", "language": "ko"}\n', ["--against", "none.jsonl"], "'none.jsonl' does not exist"),
        ('{"prompt": "x", "language": "ko"}\n', ["--near", "2"], "near is 2.0"),
    ],
)
def test_bad_input_is_told_in_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: str, more: list[str], message: str
) -> None:
    path, output = tmp_path / "p.jsonl", tmp_path / "out.jsonl"
    path.write_text(content, encoding="utf-8")
    assert run(path, output, *more) == 2
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert [one.name for one in tmp_path.iterdir()] == ["p.jsonl"]


def test_the_input_is_never_the_output(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"prompt": "x", "language": "ko"}\n', encoding="utf-8")
    assert run(path, path) == 2
    assert "is also given as another file: choose another name" in capfd.readouterr().err
    assert run(path, tmp_path / "out.jsonl", "--dropped", str(tmp_path / "." / "out.jsonl")) == 2
    assert "is also given as another file: choose another name" in capfd.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["p.jsonl"]


def test_stages_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "--help"]) == 0
    assert all(stage in capsys.readouterr().out for stage in ("filter",))
    assert main(["data", "filters"]) == 2
    assert "no such stage: 'filters' (did you mean 'filter'?)" in capsys.readouterr().err
