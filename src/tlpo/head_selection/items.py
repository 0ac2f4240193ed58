"""Training items as token ids, and the batches that a step passes through the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tlpo.head_selection.encoding import encode_answer, encode_text
from tlpo.head_selection.tasks import Example
from tlpo.head_selection.templates import Template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Item:
    """One zero-shot prompt and its answer.

    prompt: token ids, at least one. answer: token ids without the stop, at least one. task: number of its task.
    cut: the answer is as long as one may be, so that no stop follows it.
    """

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    task: int = 0
    cut: bool = False

    @property
    def targets(self) -> tuple[int, ...]:
        """What is to be written, -1 for the stop."""
        return self.answer if self.cut else (*self.answer, -1)


def encode_items(
    tokenizer: PreTrainedTokenizerBase, template: Template, examples: Sequence[Example], task: int = 0
) -> list[Item]:
    """The examples as zero-shot prompts with their answers."""
    items = []
    for example in examples:
        prompt = template.zero_shot(example.input)
        answer = encode_answer(tokenizer, prompt, template.answer(example.output))
        items.append(Item(tuple(encode_text(tokenizer, prompt)), tuple(answer), task))
    return items


@dataclass(frozen=True)
class Suffixes:
    """The last prompt token and the answer of B items, right-padded to T tokens, and what is to be predicted there.

    ids, mask: (B, T). rows, columns: (n,) the places in (B, T) whose logits are wanted, item by item.
    targets: (n,) token that should follow; -1 stands for any stop.
    """

    ids: Tensor
    mask: Tensor
    rows: Tensor
    columns: Tensor
    targets: Tensor

    @classmethod
    def of(cls, items: Sequence[Item], *, whole_answer: bool, pad_id: int) -> Suffixes:
        """For the whole answer and its stop, or for the answer's first token only."""
        count = None if whole_answer else 1
        targets = [item.targets[:count] for item in items]
        inputs = [(item.prompt[-1], *item.answer)[: len(row)] for item, row in zip(items, targets, strict=True)]
        length = max(map(len, inputs))
        ids = torch.tensor([[*row, *[pad_id] * (length - len(row))] for row in inputs])
        mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in inputs])
        rows, columns = mask.nonzero(as_tuple=True)
        return cls(ids, mask, rows, columns, torch.tensor([token for row in targets for token in row]))
