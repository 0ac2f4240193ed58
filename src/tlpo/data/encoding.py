"""A prompt to token ids: the chat template applied once, one BOS token at most."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tlpo.data.records import Messages, problem_with
from tlpo.data.templates import default_template, fill_template
from tlpo.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


# What `encode_prompt` decides itself.
_OWN = ("tokenize", "return_dict", "add_generation_prompt", "continue_final_message")


def chat_options(value: Mapping[str, Any] | str | None) -> dict[str, Any] | None:
    """``chat_template_kwargs`` as a mapping; text is read as JSON, as the command line gives it.

    Raises:
        UserError: when it is no JSON object, or sets what is not the user's to set.
    """
    if value is None:
        return None
    try:
        options = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        options = None
    if not isinstance(options, Mapping):
        raise UserError(
            f"chat_template_kwargs is {value!r}: give a JSON object, for example '{{\"enable_thinking\": false}}'"
        )
    if taken := [name for name in _OWN if name in options]:
        raise UserError(f"chat_template_kwargs sets {', '.join(taken)}, which tlpo sets itself: leave it out")
    return dict(options)


def encode_prompt(
    tokenizer: PreTrainedTokenizerBase,
    prompt: str | Messages,
    *,
    template: str | None = None,
    language: str | None = None,
    chat_template_kwargs: Mapping[str, Any] | None = None,
) -> list[int]:
    """Token ids from which a response is sampled.

    The tokenizer's chat template is used if it has one; a plain text then becomes one user message. Chat templates
    write their own BOS, so none is added. A base model's prompt is put into a template, the tokenizer adds its BOS (if
    it uses one), and an EOS that it appends is taken off again.

    Args:
        tokenizer: the policy's.
        prompt: text, or chat messages with ``role`` and ``content``. When the last message is the assistant's, the
            response continues it.
        template: text with ``{prompt}`` in it, used instead of the chat template.
        language: code of the answer's language; chooses a base model's template when ``template`` is None (see
            :data:`tlpo.data.templates.DEFAULT_TEMPLATES`). Without it the text stands alone.
        chat_template_kwargs: passed on to the chat template, e.g. ``{"enable_thinking": False}``.

    Raises:
        UserError: the prompt is empty or malformed, or messages are given to a model without a chat template.
    """
    problem = problem_with(prompt)
    if problem:
        raise UserError(problem)
    if template is None and getattr(tokenizer, "chat_template", None):
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        return _encode_chat(tokenizer, messages, chat_template_kwargs or {})
    if template is None and language is not None:
        template = default_template(language)
    text = _only_text(prompt)
    return _encode_text(tokenizer, fill_template(template, text) if template is not None else text)


def refuse_long(ids: list[int], room: int | None) -> None:
    """Refuse a prompt of more than ``room`` tokens, what the context holds beside a response; None holds any."""
    if room is not None and len(ids) > room:
        raise UserError(
            f"the prompt has {len(ids)} tokens, but only {room} fit the model's context beside the response: "
            "shorten it, or lower max_new_tokens"
        )


def _only_text(prompt: str | Messages) -> str:
    if isinstance(prompt, str):
        return prompt
    if len(prompt) == 1 and prompt[0]["role"] == "user":
        return str(prompt[0]["content"])
    raise UserError(
        "a conversation of several messages needs a chat template, which this model's tokenizer lacks (or which the "
        "prompt template replaces): give the prompt as one text"
    )


def _encode_chat(tokenizer: Any, messages: Messages, extra: Mapping[str, Any]) -> list[int]:
    import jinja2

    continues = messages[-1]["role"] == "assistant"
    try:
        ids = tokenizer.apply_chat_template(
            messages,
            tokenize=True,
            return_dict=False,
            add_generation_prompt=not continues,
            continue_final_message=continues,
            **extra,
        )
    except jinja2.TemplateError as error:
        raise UserError(f"the model's chat template refuses the messages: {error}") from None
    return list(ids)


def _encode_text(tokenizer: Any, text: str) -> list[int]:
    ids = list(tokenizer(text).input_ids)
    bare = list(tokenizer(text, add_special_tokens=False).input_ids)
    bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
    if eos is not None and ids[-1:] == [eos] and ids[-len(bare) :] != bare:
        ids.pop()  # some tokenizers close every text; a prompt must stay open
    if bos is not None and ids[:2] == [bos, bos]:
        ids.pop(0)  # the template wrote the BOS out
    if not ids:
        raise UserError(f"the prompt {text!r:.40} has no tokens")
    return ids
