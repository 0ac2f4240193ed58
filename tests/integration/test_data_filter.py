"""``tlpo data filter`` from the command line: every kind of input, files, counts, going on after a kill, bad input."""

from __future__ import annotations

import gzip
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.commands import Command, Pause, tlpo
from tests.models import tokenizer

from tlpo.cli.main import main
from tlpo.data import load_prompts

pytest.importorskip("babel")
pytest.importorskip("datasketch")

RECORDS = [
    {"id": "a", "instruction": "김치찌개 레시피를 알려 주세요.", "input": "", "output": "먼저 김치를 볶습니다."},
    {
        "id": "b",
        "instruction": "다음 글을 요약해 주세요.",
        "input": "서울은 큰 도시입니다.",
        "output": "서울은 큽니다.",
    },
    {"id": "c", "instruction": "영어로 답해 주세요.", "input": "", "output": "Yes."},
    {"id": "d", "instruction": "다음 문장을 번역해 주세요.", "input": "안녕하세요.", "output": "-"},
    {"id": "e", "instruction": "두 수를 더하는 함수를 작성하세요.", "input": "", "output": "-"},
    {"id": "f", "instruction": "김치찌개 레시피를, 알려주세요!", "input": " ", "output": "먼저"},
    {"id": "g", "instruction": "김치찌개 레시피를 알려 주세요", "input": "", "output": "또"},
    {"id": "h", "instruction": "오늘은 погода 좋네요.", "input": "", "output": "네."},
    {"id": "i", "instruction": "", "input": "", "output": "?"},
    {"id": "j", "instruction": "가" * 501, "input": "", "output": "?"},
]
DROPPED = {
    "empty": 1, "long": 1, "duplicate": 1, "language": 1, "translation": 1, "code": 1, "near": 1, "evaluation": 0,
    "confused": 1,
}  # fmt: skip


def bactrian(folder: Path) -> Path:
    path = folder / "ko.json.gz"
    path.write_bytes(gzip.compress(json.dumps(RECORDS, ensure_ascii=False).encode()))
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(source: Path | str, output: Path, *more: str) -> int:
    return main(["data", "filter", str(source), "--output", str(output), *more])


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


def test_killed_and_gone_on_with_it_is_the_same_file(tmp_path: Path) -> None:
    """A real SIGKILL after notes of how far it was, on the bundled prompts with some repeated."""
    records = [{"prompt": record.prompt, "language": "de"} for record in load_prompts(language="de")]
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in [*records, *records[:30]]), encoding="utf-8")
    unbroken, dropped = tmp_path / "unbroken.jsonl", tmp_path / "unbroken.dropped.jsonl"
    assert run(path, unbroken, "--dropped", str(dropped)) == 0
    assert len(lines(dropped)) >= 30

    broken, broken_dropped = tmp_path / "broken.jsonl", tmp_path / "broken.dropped.jsonl"
    options = ["data", "filter", path, "--output", broken, "--dropped", broken_dropped]
    pause = Pause("tlpo.data.filters:PromptFilter.objection", tmp_path / "pause", call=175)
    command = Command(*options, streams=tmp_path / "streams", prepare=_NoteEvery(pause))
    pause.wait(command)
    assert command._process.pid is not None
    os.kill(command._process.pid, signal.SIGKILL)
    assert command.wait().status == -signal.SIGKILL
    assert not broken.exists()
    with (tmp_path / ".broken.jsonl.part").open("ab") as file:
        file.write(b'{"id": "half')
    assert main([str(word) for word in options]) == 0
    assert broken.read_bytes() == unbroken.read_bytes()
    assert broken_dropped.read_bytes() == dropped.read_bytes()
    first, second = (json.loads(one.with_suffix(".report.json").read_text()) for one in (unbroken, broken))
    assert first["dropped"] == second["dropped"]
    assert second["resumed_rows"] == 174
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".broken")]


class _NoteEvery:
    """Notes how far the files are after every prompt, and pauses."""

    def __init__(self, pause: Pause) -> None:
        self.pause = pause

    def __call__(self) -> None:
        import tlpo.data.filtering

        tlpo.data.filtering._EVERY = 0.0
        self.pause()


def test_ctrl_c_keeps_what_is_done(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.jsonl"
    records = [{"prompt": record.prompt, "language": "ko"} for record in load_prompts(language="ko")]
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    output = tmp_path / "out.jsonl"
    pause = Pause("tlpo.data.filters:PromptFilter.objection", tmp_path / "pause", call=100)
    command = Command("data", "filter", path, "--output", output, streams=tmp_path / "streams", prepare=pause)
    pause.interrupt(command)
    done = command.wait()
    assert done.status == 130
    assert f"are done for {output}: the same command goes on from there" in done.err
    state = json.loads((tmp_path / ".out.jsonl.state.json").read_text(encoding="utf-8"))
    assert state["counts"]["rows"] == 99
    changed = tlpo("data", "filter", path, "--output", output, "--near=0.7", streams=tmp_path / "streams")
    assert "was begun with another near: remove" in changed.complaint()
    assert run(path, output, "--dropped", str(tmp_path / "dropped.jsonl")) == 2
    assert "was begun with another dropped_file: remove" in capfd.readouterr().err
    assert run(path, output) == 0


def test_a_finished_filtering_is_shown_and_not_done_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, output, dropped = bactrian(tmp_path), tmp_path / "ko.jsonl", tmp_path / "dropped.jsonl"
    options = ["--language", "ko", "--dropped", str(dropped)]
    assert run(path, output, *options) == 0
    first = capfd.readouterr().out
    before = {one.name: (one.read_bytes(), one.stat().st_mtime_ns) for one in tmp_path.iterdir()}
    with monkeypatch.context() as patched:
        patched.setattr("tlpo.data.filtering.read_rows", None)  # nothing is read
        assert run(path, output, *options) == 0
        assert run(path, Path("ko.jsonl"), "--language", "ko", "--dropped", "dropped.jsonl") == 0  # the same files
    second = capfd.readouterr().out
    assert "done before" not in first
    assert second.startswith("This was done before, with the same settings.\n" + first)

    for changed, what in (
        (["--near", "0.7"], "near"),
        (["--max_chars", "400", "--without", "code"], "max_chars, without"),
        (["--against", "bundled"], "against, evaluation"),
        (["--prompt_field", "instruction"], "fields"),
    ):
        assert run(path, output, *options, *changed) == 2
        told = " ".join(capfd.readouterr().err.split())
        assert f"is there already, made with another {what}: remove it, or choose another output" in told
    assert run(path, output, "--language", "ko") == 2
    assert "made with another dropped_file: remove it" in capfd.readouterr().err
    assert before == {one.name: (one.read_bytes(), one.stat().st_mtime_ns) for one in tmp_path.iterdir()}


def test_an_output_that_is_not_of_a_whole_filtering_of_this_file_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, output, dropped = bactrian(tmp_path), tmp_path / "ko.jsonl", tmp_path / "dropped.jsonl"
    options = ["--language", "ko", "--dropped", str(dropped)]
    output.write_text("", encoding="utf-8")
    assert run(path, output, *options) == 2
    assert "ko.jsonl is there already: remove it, or choose another output" in capfd.readouterr().err
    output.unlink()
    assert run(path, output, *options) == 0
    dropped.unlink()
    assert run(path, output, *options) == 2
    assert "dropped.jsonl is gone, but not " in capfd.readouterr().err
    output.unlink()
    assert run(path, output, *options) == 0
    path.write_bytes(gzip.compress(json.dumps(RECORDS[:3]).encode()))
    assert run(path, output, *options) == 2
    assert "made with another size_and_time: remove it" in capfd.readouterr().err


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
