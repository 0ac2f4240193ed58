"""Prompts ready for the roll-out, and the order in which training walks through them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tlpo.data import encode_prompt
from tlpo.errors import UserError
from tlpo.languages import get_language

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tlpo.training.config import TLPOConfig


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
        try:
            language = get_language(language).code
            ids = encode_prompt(
                tokenizer,
                row["prompt"],
                template=template,
                language=language,
                chat_template_kwargs=chat_template_kwargs,
            )
        except UserError as error:
            raise UserError(f"{place}: {error}") from None
        if max_tokens is not None and len(ids) > max_tokens:
            raise UserError(
                f"{place}: the prompt has {len(ids)} tokens, but only {max_tokens} fit the model's "
                "context beside the response: shorten it, or lower max_new_tokens"
            )
        prompts.append(EncodedPrompt(index, ids, language))
    if not prompts:
        raise UserError("the training data holds no prompt: give at least one record")
    return prompts


class PromptOrder(torch.utils.data.Sampler[int]):
    """A seeded permutation for each epoch, each global batch repeated once per policy iteration.

    The order is a pure function of the seed and the epoch, whatever the number of processes, so that a resumed run
    finds its place again.

    Raises:
        UserError: with repeats, for fewer prompts than a global batch: their repeats would share an optimizer step.
    """

    def __init__(self, size: int, seed: int, batch: int, repeats: int, epoch: Callable[[], int]) -> None:
        if repeats > 1 and size < batch:
            raise UserError(
                f"num_iterations is {repeats}, but {size} prompts do not fill one batch of {batch}: give more prompts "
                "or a smaller per_device_train_batch_size"
            )
        self._size, self._seed, self._batch, self._repeats, self._epoch = size, seed, batch, repeats, epoch

    @property
    def _used(self) -> int:
        """With repeats, a last incomplete batch is left out: its repeats would not line up with optimizer steps."""
        return self._size if self._repeats == 1 else self._size // self._batch * self._batch

    def __len__(self) -> int:
        return self._used * self._repeats

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng([self._seed, self._epoch()]).permutation(self._size)[: self._used].tolist()
        for start in range(0, len(order), self._batch):
            for _ in range(self._repeats):
                yield from order[start : start + self._batch]


def steps_per_epoch(size: int, args: TLPOConfig) -> int:
    """Optimizer steps in a walk through ``size`` prompts, as the Trainer counts them.

    Raises:
        UserError: when ``dataloader_drop_last`` leaves no prompt.
    """
    batch: int = args.per_device_train_batch_size * args.world_size
    if args.dataloader_drop_last and size < batch:
        raise UserError(
            f"dataloader_drop_last drops all {size} prompts, too few for one batch of {batch}: give more prompts or a "
            "smaller per_device_train_batch_size"
        )
    batches = size // batch if args.dataloader_drop_last else -(-size // batch)
    return -(-batches // args.gradient_accumulation_steps)


def identity(batch: Sequence[EncodedPrompt]) -> list[EncodedPrompt]:
    """The data collator: prompts stay lists, because the roll-out makes its own batches."""
    return list(batch)
