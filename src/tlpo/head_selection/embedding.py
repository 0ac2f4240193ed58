"""Task embeddings: what the heads write, on average, at the end of a prompt full of examples."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tlpo.errors import UserError
from tlpo.head_selection.encoding import encode_text, refuse_long
from tlpo.head_selection.structure import AttentionOutput, attention_outputs
from tlpo.head_selection.tasks import Example
from tlpo.head_selection.templates import Template
from tlpo.modeling.batching import left_pad

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass
class TaskEmbedding:
    """t of arXiv 2507.20906: each head's output at the last token of few-shot prompts, averaged over the prompts.

    Attributes:
        values: (L, H, d) float32 on the CPU, one row for each of ``attention_outputs(model)``. Where layers differ in
            heads or width, zeros fill up to the largest.
        meta: how it was made: num_prompts, shots, seed.
    """

    values: Tensor
    meta: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def extract(
        cls,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        examples: Sequence[Example],
        *,
        template: Template | None = None,
        num_prompts: int = 50,
        shots: int = 10,
        seed: int = 0,
        batch_size: int = 8,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> TaskEmbedding:
        """Average over ``num_prompts`` prompts, each of ``shots`` examples and a query, all drawn from ``examples``.

        Args:
            model: the causal LM; left in the mode it was in.
            tokenizer: the model's own.
            examples: the training split; the prompts' examples and query are different members of it.
            template: default ``Template()``.
            num_prompts: M of the paper, at least 1.
            shots: examples before the query, at least 1.
            seed: decides which examples are drawn.
            batch_size: prompts in one forward pass, left-padded; it does not change the draws.
            on_progress: called with (prompts done, prompts in all).

        Raises:
            UserError: there are fewer than ``shots + 1`` examples, a number is below 1, or a prompt exceeds the model's
                context.
        """
        _check(examples, num_prompts=num_prompts, shots=shots, batch_size=batch_size)
        template = template or Template()
        rng = random.Random(seed)
        draws = [rng.sample(list(examples), shots + 1) for _ in range(num_prompts)]
        rows = [encode_text(tokenizer, template.few_shot(demos, query.input)) for *demos, query in draws]
        refuse_long(model, rows, 0, f"give fewer than {shots} shots, or shorter examples")
        rows.sort(key=len, reverse=True)
        outputs = attention_outputs(model)
        total = torch.zeros(embedding_shape(outputs), dtype=torch.float64)
        pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        for start in range(0, num_prompts, batch_size):
            batch = left_pad(rows[start : start + batch_size], pad, model.device)
            total += last_head_outputs(model, outputs, batch.as_inputs()).sum(dim=0)
            if on_progress:
                on_progress(min(start + batch_size, num_prompts), num_prompts)
        meta = {"num_prompts": num_prompts, "shots": shots, "seed": seed}
        return cls((total / num_prompts).float(), meta)


def _check(examples: Sequence[Example], **numbers: int) -> None:
    for name, value in numbers.items():
        if value < 1:
            raise UserError(f"{name} is {value}: give at least 1")
    if len(examples) <= numbers["shots"]:
        raise UserError(
            f"{len(examples)} training examples are too few for prompts of {numbers['shots']} shots and a query: "
            f"give more, or at most {len(examples) - 1} shots"
        )


def embedding_shape(outputs: Sequence[AttentionOutput]) -> tuple[int, int, int]:
    """(L, H, d) that holds the heads of every layer."""
    return len(outputs), max(out.num_heads for out in outputs), max(out.head_dim for out in outputs)


@torch.no_grad()
def last_head_outputs(model: Any, outputs: Sequence[AttentionOutput], inputs: dict[str, Tensor]) -> Tensor:
    """What each head writes at the last column of a left-padded batch: (B, L, H, d) float64 on the CPU."""
    batch = len(inputs["input_ids"])
    values = torch.zeros(batch, *embedding_shape(outputs), dtype=torch.float64)
    was_training = model.training
    model.train(False)
    try:
        with _seen(outputs, values):
            model(**inputs, use_cache=False, logits_to_keep=1)
    finally:
        model.train(was_training)
    return values


@contextmanager
def _seen(outputs: Sequence[AttentionOutput], values: Tensor) -> Iterator[None]:
    """Hooks that copy the last column of every projection's input into ``values``."""

    def watch(place: int, output: AttentionOutput) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        heads, width = output.num_heads, output.head_dim

        def copy(_: nn.Module, args: tuple[Any, ...]) -> None:
            last = args[0].reshape(len(values), -1, heads, width)[:, -1]
            values[:, place, :heads, :width] = last.to(values)

        return copy

    handles = [out.module.register_forward_pre_hook(watch(place, out)) for place, out in enumerate(outputs)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
