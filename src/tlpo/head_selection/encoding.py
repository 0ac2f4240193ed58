"""Prompts and answers as token ids. Prompts are plain text, also for chat models: the examples are the instruction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tlpo.data.encoding import encode_prompt
from tlpo.data.templates import PLACEHOLDER
from tlpo.errors import UserError
from tlpo.modeling.alignment import token_bytes
from tlpo.modeling.generation import end_token_ids

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def encode_text(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Token ids of a prompt, with one BOS if the tokenizer uses it, and without a chat template."""
    return encode_prompt(tokenizer, text, template=PLACEHOLDER)


def refuse_long(model: PreTrainedModel, prompts: Sequence[Sequence[int]], max_new_tokens: int, remedy: str) -> None:
    """Raise a UserError with the remedy if the longest prompt and answer exceed the context that the model states."""
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    longest = max(map(len, prompts), default=0)
    if limit is not None and longest + max_new_tokens > limit:
        answers = f" with up to {max_new_tokens} new ones" if max_new_tokens else ""
        raise UserError(f"a prompt of {longest} tokens{answers} does not fit the model's context of {limit}: {remedy}")


def encode_answer(tokenizer: PreTrainedTokenizerBase, prompt: str, answer: str) -> list[int]:
    """Token ids of ``answer`` (its leading space included) as it continues ``prompt``.

    Taken from the ids of both together, because some tokenizers write a text's beginning differently. Where the two run
    into one token, the answer is encoded alone.

    Raises:
        UserError: the answer has no tokens.
    """
    head, whole = encode_text(tokenizer, prompt), encode_text(tokenizer, prompt + answer)
    ids = whole[len(head) :] if whole[: len(head)] == head else []
    ids = ids or list(tokenizer(answer, add_special_tokens=False).input_ids)
    if not ids:
        raise UserError(f"the answer {answer!r} has no tokens")
    return ids


def stop_token_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, stop: str) -> list[int]:
    r"""Every id after which an answer is over: tokens that begin with ``stop`` (``\n``, ``\n\n``, ...), and EOS.

    A stop of which no single token holds all stands for its first token.
    """
    table = token_bytes(tokenizer)[: model.config.get_text_config().vocab_size]
    found = [token for token, piece in enumerate(table) if piece.lstrip(b" \t").startswith(stop.encode())]
    found = found or list(tokenizer(stop, add_special_tokens=False).input_ids[:1])
    return sorted({*found, *end_token_ids(model, tokenizer)})
