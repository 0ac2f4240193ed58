"""What can be tried without training: an instruction that asks for the language, and examples of how to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.data.encoding import encode_prompt
from tlpo.data.prompts import load_prompts
from tlpo.data.records import Messages
from tlpo.data.templates import PLACEHOLDER, default_template, fill_template
from tlpo.errors import UserError
from tlpo.languages import get_language

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LANGUAGE = "{language}"
"""In an instruction: the English name of the answer's language."""


@dataclass(frozen=True)
class Shot:
    """One example of an answer: its prompt (text), the answer, and the code of the answer's language."""

    prompt: str
    answer: str
    language: str


def load_shots(path: str | Path, *, language: str | Sequence[str] | None = None) -> tuple[Shot, ...]:
    """Examples from a file of prompts with answers (see `load_prompts`), in the file's order.

    Raises:
        UserError: a record has no answer, or its prompt is a conversation.
    """
    shots = []
    for record in load_prompts(path, language=language):
        if record.answer is None or not isinstance(record.prompt, str):
            raise UserError(
                f"{record.where}: an example needs 'prompt' and 'answer' as texts: add what is missing, or take it out"
            )
        shots.append(Shot(record.prompt, record.answer, record.language))
    return tuple(shots)


def encode_instructed(
    tokenizer: PreTrainedTokenizerBase,
    prompt: str | Messages,
    language: str,
    *,
    instruction: str | None = None,
    shots: Sequence[Shot] = (),
    template: str | None = None,
    chat_template_kwargs: Mapping[str, Any] | None = None,
) -> list[int]:
    """Token ids of a prompt after an instruction and examples; without either those of `encode_prompt`.

    A chat model gets the instruction as its system prompt (before one that is already there) or, where its chat
    template knows none, before the first question; examples become turns. A base model gets all of it as text, each
    example in the same template as the question.

    Args:
        instruction: ``{language}`` in it becomes the language's English name.
        shots: those of the prompt's language are used.
        tokenizer, prompt, language, template, chat_template_kwargs: as in `encode_prompt`.

    Raises:
        UserError: as `encode_prompt`; there are examples, but none in the prompt's language.
    """
    own = [shot for shot in shots if shot.language == language]
    if shots and not own:
        raise UserError(f"no example in '{language}': add one to the file, or leave the language out")
    told = instruction.replace(LANGUAGE, get_language(language).name) if instruction else ""
    options: dict[str, Any] = {"language": language, "chat_template_kwargs": chat_template_kwargs}
    if not told and not own:
        return encode_prompt(tokenizer, prompt, template=template, **options)
    if template is None and getattr(tokenizer, "chat_template", None):
        return _encode_turns(tokenizer, prompt, told, own, options)
    text = _as_text(prompt, told, own, template or default_template(language) or PLACEHOLDER)
    return encode_prompt(tokenizer, text, template=PLACEHOLDER, **options)


def _encode_turns(
    tokenizer: PreTrainedTokenizerBase, prompt: str | Messages, told: str, shots: Sequence[Shot], options: Any
) -> list[int]:
    turns = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else [dict(turn) for turn in prompt]
    system = [turn["content"] for turn in turns if turn["role"] == "system"]
    turns = [turn for turn in turns if turn["role"] != "system"]
    for shot in reversed(shots):
        turns[:0] = [{"role": "user", "content": shot.prompt}, {"role": "assistant", "content": shot.answer}]
    asked = "\n\n".join(part for part in (told, *system) if part)
    if not asked:
        return encode_prompt(tokenizer, turns, **options)
    try:
        return encode_prompt(tokenizer, [{"role": "system", "content": asked}, *turns], **options)
    except UserError:  # the template has no system prompt
        first = {"role": turns[0]["role"], "content": f"{asked}\n\n{turns[0]['content']}"}
        return encode_prompt(tokenizer, [first, *turns[1:]], **options)


def _as_text(prompt: str | Messages, told: str, shots: Sequence[Shot], template: str) -> str:
    if not isinstance(prompt, str):
        raise UserError(
            "a conversation cannot be put after an instruction or examples for a model without a chat template: give "
            "the prompt as one text"
        )
    gap = "" if template.endswith((" ", "\n", PLACEHOLDER)) else " "
    examples = [fill_template(template, shot.prompt) + gap + shot.answer for shot in shots]
    return "\n\n".join(part for part in (told, *examples, fill_template(template, prompt)) if part)
