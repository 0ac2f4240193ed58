"""Which records become prompts, and in which language."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tlpo.data import PROMPT_LANGUAGES, PromptRecord, load_prompts
from tlpo.data.fields import prompt_in
from tlpo.data.records import last_user_text
from tlpo.errors import UserError


def file_of(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "prompts.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_fields_of_a_record(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"prompt": "p", "language": "ko", "id": 7, "source": "s", "more": 1})
    assert load_prompts(path) == [
        PromptRecord(index=0, prompt="p", language="ko", id="7", source="s", where=f"{path}, line 1")
    ]


def test_messages_are_prompts_too(tmp_path: Path) -> None:
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    path = file_of(tmp_path, {"messages": chat, "language": "fr"}, {"prompt": chat, "language": "fr"})
    first, second = load_prompts(path)
    assert first.prompt == second.prompt == chat
    assert last_user_text(first.prompt) == "u"


def test_the_layout_of_bactrian_x(tmp_path: Path) -> None:
    records = [
        {"instruction": "요약해 주세요.", "input": "긴 글입니다.", "output": "짧은 글.", "id": "alpaca-1"},
        {"instruction": "하늘은 왜 파란가요?", "input": "", "output": "빛 때문이에요.", "id": "dolly-2"},
    ]
    path = tmp_path / "ko.json.gz"
    path.write_bytes(gzip.compress(json.dumps(records).encode()))
    found = [(r.id, r.prompt, r.answer, r.language) for r in load_prompts(path, language="ko")]
    assert found == [
        ("alpaca-1", "요약해 주세요.\n\n긴 글입니다.", "짧은 글.", "ko"),
        ("dolly-2", "하늘은 왜 파란가요?", "빛 때문이에요.", "ko"),
    ]


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"answer": "a"}, "a"),
        ({"completion": "c"}, "c"),
        ({"output": " "}, None),
        ({"answer": ["a"]}, None),
        ({}, None),
    ],
)
def test_a_reference_answer(fields: dict[str, Any], answer: str | None) -> None:
    assert prompt_in({"prompt": "p", **fields}) == ("p", answer)


def test_a_blank_field_makes_way_for_another() -> None:
    assert prompt_in({"prompt": None, "messages": [], "instruction": "i", "input": "more"}) == ("i\n\nmore", None)


@pytest.mark.parametrize(
    ("turns", "prompt", "answer"),
    [
        ([("human", "q"), ("gpt", "a")], [("user", "q")], "a"),
        ([("system", "s"), ("human", "q")], [("system", "s"), ("user", "q")], None),
        (
            [("human", "q"), ("gpt", "a"), ("user", "r"), ("assistant", "b")],
            [("user", "q"), ("assistant", "a"), ("user", "r")],
            "b",
        ),
        ([("human", "q"), ("tool", "t"), ("gpt", " ")], [("user", "q"), ("tool", "t")], None),
    ],
)
def test_turns_of_sharegpt(turns: list[Any], prompt: list[Any], answer: str | None) -> None:
    """The last answer is no part of the prompt: a response would go on with it."""
    written = [{"from": speaker, "value": text} for speaker, text in turns]
    found = [{"role": role, "content": text} for role, text in prompt]
    assert prompt_in({"conversations": written}) == (found, answer)
    assert prompt_in({"conversations": written, "answer": "given"}) == (found, "given")


def test_turns_that_are_not_sharegpts_stay_what_they_are(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    assert prompt_in({"conversations": messages}) == (messages, None)
    path = file_of(tmp_path, {"conversations": [{"from": "human", "value": 3}], "language": "ko"})
    with pytest.raises(UserError, match=r"line 1: message 1 \('user'\) has no text 'content'"):
        load_prompts(path)


@pytest.mark.parametrize(
    ("fields", "prompt"),
    [
        ({"context": "c"}, "i\n\nc"),
        ({"input": " ", "context": "c"}, "i\n\nc"),
        ({"input": "n", "context": "c"}, "i\n\nn"),
        ({"input": "", "context": None}, "i"),
        ({"prompt": "p", "context": "c"}, "p"),
    ],
)
def test_what_an_instruction_is_about(fields: dict[str, Any], prompt: str) -> None:
    assert prompt_in({"instruction": "i", **fields}) == (prompt, None)


def test_an_option_fills_in_the_language(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"prompt": "a"}, {"prompt": "b", "language": "ja"})
    assert [(r.prompt, r.language) for r in load_prompts(path, language="ja")] == [("a", "ja"), ("b", "ja")]


def test_a_language_may_be_named_in_english(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"prompt": "a", "language": "Korean"}, {"prompt": "b", "language": "japanese"})
    assert [(r.prompt, r.language) for r in load_prompts(path)] == [("a", "ko"), ("b", "ja")]
    assert [r.prompt for r in load_prompts(path, language="ko")] == ["a"]


def test_an_option_chooses_among_the_languages_of_the_records(tmp_path: Path) -> None:
    codes = ("ko", "ja", "xx-unknown", "fr", "ko")
    path = file_of(tmp_path, *({"prompt": f"{n}", "language": code} for n, code in enumerate(codes)))
    chosen = load_prompts(path, language=["fr", "ko"])
    assert [(r.index, r.prompt, r.language) for r in chosen] == [(0, "0", "ko"), (1, "3", "fr"), (2, "4", "ko")]
    with pytest.raises(UserError, match=r"no prompt for de: it has fr, ja, ko, xx-unknown"):
        load_prompts(path, language="de")


def test_splits(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        {"prompt": "t", "language": "ko", "split": "train"},
        {"prompt": "e", "language": "ko", "split": "eval"},
        {"prompt": "both", "language": "ko"},
    )
    assert [r.prompt for r in load_prompts(path)] == ["t", "e", "both"]
    assert [r.prompt for r in load_prompts(path, split="train")] == ["t", "both"]
    assert [r.prompt for r in load_prompts(path, split="eval")] == ["e", "both"]
    with pytest.raises(UserError, match="no prompt of the split 'eval'"):
        load_prompts(file_of(tmp_path, {"prompt": "t", "language": "ko", "split": "train"}), split="eval")
    with pytest.raises(UserError, match="split is 'test'"):
        load_prompts(path, split="test")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": "p", "language": "ko"}, r"line 2: no 'prompt' \(nor .*\); the record has text, language"),
        ({"prompt": "p"}, r"line 2: no 'language'"),
        ({"prompt": "p", "language": "kk1"}, r"line 2: .*'kk1'.*did you mean 'kk'"),
        ({"prompt": "  ", "messages": [], "language": "ko"}, r"line 2: the prompt is empty"),
        ({"prompt": 3, "language": "ko"}, r"line 2: the prompt is neither text nor a list"),
        ({"prompt": [], "language": "ko"}, r"line 2: the prompt is empty"),
        (
            {"prompt": None, "language": "ko"},
            r"line 2: the prompt is empty: fill it in, or let 'tlpo data filter' drop",
        ),
        ({"instruction": " ", "input": "i", "language": "ko"}, r"line 2: the prompt is empty"),
        ({"prompt": [{"content": "x"}], "language": "ko"}, r"line 2: message 1 has no 'role'"),
        ({"prompt": [{"role": "user", "content": 1}], "language": "ko"}, r"line 2: message 1 \('user'\) has no text"),
    ],
)
def test_a_bad_record_names_file_and_line(tmp_path: Path, record: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load_prompts(file_of(tmp_path, {"prompt": "fine", "language": "ko"}, record))
    assert "\n" not in str(caught.value)


def test_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no prompt in it"):
        load_prompts(file_of(tmp_path))


def test_the_bundled_prompts() -> None:
    for code in PROMPT_LANGUAGES:
        train, held_out = (load_prompts(language=code, split=split) for split in ("train", "eval"))
        assert len(train) >= 100
        assert len(held_out) >= 50
        assert {record.language for record in train} == {code}
        assert not {record.id for record in train} & {record.id for record in held_out}
    both = load_prompts(language=["ko", "ja"], split="eval")
    assert {record.language for record in both} == {"ko", "ja"}
    with pytest.raises(UserError, match="need a language"):
        load_prompts()
    with pytest.raises(UserError, match="no prompts are bundled for 'sw'"):
        load_prompts(language="sw")
