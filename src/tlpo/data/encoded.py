"""Prompts ready for sampling: token ids, and the place in the data that seeds the samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tlpo.data.encoding import encode_prompt, refuse_long
from tlpo.errors import UserError, at
from tlpo.languages import get_language

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class EncodedPrompt:
    """One prompt: its place in the data set (which seeds its samples), its token ids and the response's language."""

    index: int
    ids: list[int]
    language: str


def encode_dataset(
    rows: Iterable[Mapping[str, Any]],
    tokenizer: PreTrainedTokenizerBase,
    *,
    template: str | None,
    default_language: str | None,
    max_tokens: int | None,
    chat_template_kwargs: Mapping[str, Any] | None = None,
) -> list[EncodedPrompt]:
    """Encode rows with a ``prompt`` (text or chat messages) and, unless a default is given, a ``language``.

    Args:
        rows: any iterable of mappings, a ``datasets.Dataset`` included. ``where``, if a row has it, tells of its origin
            (file and line) when something is wrong with it.
        tokenizer: the policy's.
        template: for base models, text with ``{prompt}`` in it; None lets the prompt's language decide.
        default_language: for rows without a ``language``.
        max_tokens: longest prompt that still fits the model's context together with a response; None for no limit.
        chat_template_kwargs: options of the tokenizer's chat template.

    Raises:
        UserError: naming the record, for a missing field, an unknown language or a prompt that is too long.
    """
    prompts = []
    for index, row in enumerate(rows):
        language = row.get("language") or default_language
        place = row.get("where") or f"training record {index}"
        if "prompt" not in row or not row["prompt"]:
            raise UserError(f"{place}: no 'prompt': give each record text or chat messages")
        if language is None:
            raise UserError(f"{place}: no 'language': add the column, or set language for all records")
        with at(place):
            language = get_language(language).code
            ids = encode_prompt(
                tokenizer,
                row["prompt"],
                template=template,
                language=language,
                chat_template_kwargs=chat_template_kwargs,
            )
            refuse_long(ids, max_tokens)
        prompts.append(EncodedPrompt(index, ids, language))
    if not prompts:
        raise UserError("the training data holds no prompt: give at least one record")
    return prompts


def epoch_order(size: int, seed: int, epoch: int) -> list[int]:
    """The order in which training walks through ``size`` prompts: a permutation for each seed and epoch.

    The same for every method and any number of processes.
    """
    order: list[int] = np.random.default_rng([seed, epoch]).permutation(size).tolist()
    return order
