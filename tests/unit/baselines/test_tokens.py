"""Responses to token ids: as sampled where they were, ended where they ended, never longer than allowed."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests.baselines import arguments
from tests.models import CHAT_TEMPLATE, byte_level_tokenizer, chat_tokenizer, tiny_model, tokenizer

from tlpo.baselines.records import Example, Response
from tlpo.baselines.tokens import ResponseEncoder, encode_examples, end_of_response
from tlpo.errors import UserError

EOS, TURN = tokenizer().convert_tokens_to_ids(["</s>", "<|end|>"])


def encoder(longest: int = 99) -> ResponseEncoder:
    return ResponseEncoder(tokenizer(), EOS, frozenset({EOS, TURN}), longest)


def spelled(text: str) -> list[int]:
    return list(tokenizer()(text, add_special_tokens=False).input_ids)


def test_an_end_where_the_response_ended_itself_and_only_once() -> None:
    ids = spelled(" 서울은")
    for finished, expected in (("eos", [*ids, EOS]), (None, [*ids, EOS]), ("length", ids), ("confusion", ids)):
        assert encoder()(Response(" 서울은", tuple(ids), finished)) == expected
        assert encoder()(Response(" 서울은", None, finished)) == expected
    assert encoder()(Response(" 서울은", (*ids, EOS), "eos")) == [*ids, EOS]
    assert encoder()(Response(" 서울은", (*ids, TURN), "eos")) == [*ids, TURN]  # another token that ends responses
    assert encoder()(Response("", (EOS,), "eos")) == [EOS]


def test_the_sampled_tokens_are_taken_however_the_text_would_be_split() -> None:
    one_by_one = [token for letter in " 공원" for token in spelled(letter)]
    assert one_by_one != spelled(" 공원")
    assert encoder()(Response(" 공원", tuple(one_by_one), "length")) == one_by_one


def test_ids_of_another_tokenizer_are_not() -> None:
    encode = encoder()
    assert encode(Response(" 공원", (300, 301), "length")) == spelled(" 공원")
    assert encode(Response(" 공원", (99999,), "length")) == spelled(" 공원")
    assert encode.reencoded == 2


def test_a_long_response_is_cut_and_has_no_end() -> None:
    ids = spelled(" 오늘은 날씨가 좋아서")
    encode = encoder(len(ids))
    assert encode(Response(" 오늘은 날씨가 좋아서", tuple(ids), "eos")) == ids
    assert encode.cut == 1
    assert encode(Response(" 오늘은 날씨가 좋아서", tuple(ids), "length")) == ids
    assert encode.cut == 1


def test_the_token_that_ends_a_response() -> None:
    own = chat_tokenizer()
    turn = own.convert_tokens_to_ids("<|end|>")
    assert end_of_response(own, frozenset({EOS, turn})) == turn  # what the template writes after a response
    assert end_of_response(own, frozenset({EOS})) == EOS  # a model that does not stop there
    assert end_of_response(tokenizer(), frozenset({EOS, turn})) == EOS
    own.chat_template = CHAT_TEMPLATE.replace("<|end|>\n", "</s>")
    assert end_of_response(own, frozenset({EOS, turn})) == EOS
    none = byte_level_tokenizer()
    none.eos_token = None
    assert end_of_response(none, frozenset()) is None


def test_examples(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    args = arguments("dpo", tmp_path, max_new_tokens=3)
    pair = Example("서울?", "ko", "f, line 1", Response(" 오늘은 날씨가", None, "eos"), Response(" x", (5000,), "eos"))
    with caplog.at_level(logging.WARNING):
        found = encode_examples([pair], args, tiny_model(), tokenizer(), room=60)[0]
    assert tokenizer().decode(found.prompt) == "질문: 서울?\n답변:"
    assert found.chosen == spelled(" 오늘은 날씨가")[:3]
    assert found.rejected == [*spelled(" x"), EOS]
    assert "the ids of 1 responses spell other texts here" in caplog.text
    assert "1 responses have more than max_new_tokens 3: cut" in caplog.text
    with pytest.raises(UserError, match=r"f, line 1: the prompt has \d+ tokens, but only 4 fit the model's context"):
        encode_examples([pair], args, tiny_model(), tokenizer(), room=4)
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    with pytest.raises(UserError, match="f, line 2: a conversation of several messages needs a chat template"):
        encode_examples([Example(talk, "ko", "f, line 2", pair.chosen)], args, tiny_model(), tokenizer(), room=None)
