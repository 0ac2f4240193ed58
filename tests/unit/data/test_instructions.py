"""An instruction and examples before a prompt, for chat models and base models. Expected texts are written out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.models import CHAT_TEMPLATE, chat_tokenizer, tokenizer

from tlpo.data import encode_prompt
from tlpo.data.instructions import Shot, encode_instructed, load_shots
from tlpo.errors import UserError

SHOTS = (Shot("a?", "b", "ko"), Shot("c?", "d", "ja"), Shot("e?", "f", "ko"))
TURN = "<|turn|>{}\n{}<|end|>\n"


def turns(*messages: tuple[str, str]) -> str:
    return "<s>" + "".join(TURN.format(*message) for message in messages) + "<|turn|>assistant\n"


def test_without_either_the_prompt_is_as_it_was() -> None:
    for own in (chat_tokenizer(), tokenizer()):
        assert encode_instructed(own, "안녕?", "ko") == encode_prompt(own, "안녕?", language="ko")


def test_a_chat_model_gets_a_system_prompt_and_turns_of_the_language() -> None:
    own = chat_tokenizer()
    ids = encode_instructed(own, "x?", "ko", instruction="Answer in {language}.", shots=SHOTS)
    assert own.decode(ids) == turns(
        ("system", "Answer in Korean."), ("user", "a?"), ("assistant", "b"), ("user", "e?"), ("assistant", "f"),
        ("user", "x?"),
    )  # fmt: skip
    assert ids.count(own.bos_token_id) == 1


def test_it_stands_before_a_system_prompt_that_is_there() -> None:
    own = chat_tokenizer()
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "x?"}]
    ids = encode_instructed(own, chat, "ko", instruction="In Korean.", shots=SHOTS[:1])
    assert own.decode(ids) == turns(
        ("system", "In Korean.\n\nBe brief."), ("user", "a?"), ("assistant", "b"), ("user", "x?")
    )
    assert chat[1]["content"] == "x?"


def test_a_template_without_a_system_prompt_gets_it_before_the_first_question() -> None:
    own = chat_tokenizer()
    own.chat_template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}" + CHAT_TEMPLATE
    )
    ids = encode_instructed(own, "x?", "ko", instruction="In Korean.", shots=SHOTS[:1])
    assert own.decode(ids) == turns(("user", "In Korean.\n\na?"), ("assistant", "b"), ("user", "x?"))


def test_a_base_model_gets_all_of_it_in_the_template_of_the_language() -> None:
    ids = encode_instructed(tokenizer(), "x?", "ko", instruction="한국어로 답하세요.", shots=SHOTS[:1])
    assert tokenizer().decode(ids) == "한국어로 답하세요.\n\n질문: a?\n답변: b\n\n질문: x?\n답변:"
    ids = encode_instructed(tokenizer(), "x?", "ko", shots=SHOTS[:1], template="{prompt}=")
    assert tokenizer().decode(ids) == "a?= b\n\nx?="


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no example in 'de'"):
        encode_instructed(tokenizer(), "x", "de", shots=SHOTS)
    with pytest.raises(UserError, match="a conversation cannot be put after an instruction"):
        encode_instructed(tokenizer(), [{"role": "user", "content": "x"}], "ko", instruction="i")
    path = tmp_path / "shots.jsonl"
    path.write_text('{"prompt": "a", "answer": "b", "language": "ko"}\n{"prompt": "c"}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"shots.jsonl, line 2: an example needs 'prompt' and 'answer'"):
        load_shots(path, language="ko")


def test_examples_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "shots.csv"
    path.write_text("prompt,answer,language\na?,b,ko\nc?,d,ja\n", encoding="utf-8")
    assert load_shots(path) == SHOTS[:2]
    assert load_shots(path, language="ja") == SHOTS[1:2]
