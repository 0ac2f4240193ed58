"""Prompts to ids: the chat template once, one BOS, an open end. Expected texts are written out by hand."""

from __future__ import annotations

import pytest
from tests.models import byte_level_tokenizer, chat_tokenizer
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from tlpo.data import DEFAULT_TEMPLATES, PROMPT_LANGUAGES, encode_prompt
from tlpo.errors import UserError


def base_tokenizer(single: str) -> PreTrainedTokenizerFast:
    """One that puts markers around every text, as ``single`` says: "<s> $A" or "<s> $A </s>"."""
    tokenizer = byte_level_tokenizer()
    marks = [("<s>", tokenizer.bos_token_id), ("</s>", tokenizer.eos_token_id)]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=single, special_tokens=marks)
    return tokenizer


def test_text_becomes_one_user_message_and_the_template_is_applied_once() -> None:
    tokenizer = chat_tokenizer()
    ids = encode_prompt(tokenizer, "안녕?")
    assert tokenizer.decode(ids) == "<s><|turn|>user\n안녕?<|end|>\n<|turn|>assistant\n"
    assert ids == encode_prompt(tokenizer, [{"role": "user", "content": "안녕?"}])
    assert ids.count(tokenizer.bos_token_id) == 1


def test_no_second_bos_when_the_tokenizer_adds_its_own() -> None:
    tokenizer = base_tokenizer("<s> $A")
    tokenizer.chat_template = chat_tokenizer().chat_template
    assert encode_prompt(tokenizer, "x").count(tokenizer.bos_token_id) == 1


def test_an_assistant_message_at_the_end_is_continued() -> None:
    tokenizer = chat_tokenizer()
    chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert tokenizer.decode(encode_prompt(tokenizer, chat)) == "<s><|turn|>user\na<|end|>\n<|turn|>assistant\nb"


def test_a_template_replaces_the_chat_template() -> None:
    tokenizer = chat_tokenizer()
    assert tokenizer.decode(encode_prompt(tokenizer, "a {b}", template="Q {prompt} {x}:")) == "Q a {b} {x}:"


def test_a_base_model_takes_the_template_of_the_answers_language() -> None:
    tokenizer = base_tokenizer("<s> $A")
    ids = encode_prompt(tokenizer, "Why is the sky blue?", language="ko")
    assert tokenizer.decode(ids) == "<s>질문: Why is the sky blue?\n답변:"
    assert tokenizer.decode(encode_prompt(tokenizer, "x", language="sw")) == "<s>x"
    assert tokenizer.decode(encode_prompt(tokenizer, "x")) == "<s>x"
    assert set(PROMPT_LANGUAGES) <= set(DEFAULT_TEMPLATES)


def test_one_bos_when_the_template_writes_it_out() -> None:
    tokenizer = base_tokenizer("<s> $A")
    assert tokenizer.decode(encode_prompt(tokenizer, "x", template="<s>{prompt}")) == "<s>x"


def test_an_eos_that_the_tokenizer_appends_is_taken_off() -> None:
    tokenizer = base_tokenizer("<s> $A </s>")
    assert tokenizer.decode(encode_prompt(tokenizer, "x")) == "<s>x"
    assert tokenizer.decode(encode_prompt(tokenizer, "x</s>")) == "<s>x</s>"


def test_what_cannot_be_encoded() -> None:
    base, chat = byte_level_tokenizer(), chat_tokenizer()
    talk = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    with pytest.raises(UserError, match="needs a chat template"):
        encode_prompt(base, talk)
    with pytest.raises(UserError, match="needs a chat template"):
        encode_prompt(chat, talk, template="{prompt}")
    with pytest.raises(UserError, match=r"lacks the placeholder \{prompt\}"):
        encode_prompt(base, "x", template="Question:")
    with pytest.raises(UserError, match="the prompt is empty"):
        encode_prompt(base, " ")
    chat.chat_template = "{{ raise_exception('no system role') }}"
    with pytest.raises(UserError, match="refuses the messages: no system role"):
        encode_prompt(chat, talk)
