"""The LoRA baseline: low-rank updates of the query and value projections, trained on the split that the heads are.

As in the comparison of arXiv 2507.20906 (3.4 million parameters for Llama-3.1-8B: rank 8 on the query and value
projections). The same number of steps with the same batch, the loss on the whole answer with its stop, and of several
validations the best state is kept.
"""

from __future__ import annotations

import copy
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from tlpo.head_selection.encoding import encode_answer, encode_text, refuse_long
from tlpo.head_selection.output_layer import only_places
from tlpo.head_selection.tasks import Example, Task
from tlpo.head_selection.templates import Template
from tlpo.modeling.batching import left_pad
from tlpo.runs.heads.timing import Stopwatch

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Encoded = tuple[list[int], list[int]]


@dataclass(frozen=True)
class LoraOptions:
    """How the updates are trained.

    rank, alpha: of the updates. learning_rate: AdamW's at the first step; it falls linearly to 0 at the last.
    validate_every: steps between two validations, on the first `valid_items` validation items.
    """

    rank: int = 8
    alpha: int = 16
    learning_rate: float = 1e-3
    steps: int = 100
    batch_size: int = 8
    validate_every: int = 25
    valid_items: int = 64
    seed: int = 0


@dataclass(frozen=True)
class LoraFit:
    """model: with the trained updates on it. parameters: trained ones. took: what training took."""

    model: Any
    parameters: int
    took: Stopwatch


@contextmanager
def lora_fitted(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    task: Task,
    template: Template,
    options: LoraOptions,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[LoraFit]:
    """Train updates of the model on the task; at the end of the block they are taken off and the model is as it was."""
    mode, trainable = model.training, [weight.requires_grad for weight in model.parameters()]
    adapted = _with_lora(model, options)
    try:
        pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        with Stopwatch() as took:
            train, valid = (
                [_encoded(tokenizer, template, example) for example in split]
                for split in (task.train, task.valid[: options.valid_items])
            )
            refuse_long(model, [prompt + text for prompt, text in (*train, *valid)], 0, "give shorter examples")
            _train(adapted, train, valid, pad, options, on_progress)
        count = sum(weight.numel() for weight in _trained(adapted))
        yield LoraFit(adapted, count, took)
    finally:
        adapted.unload()
        model.train(mode)
        for weight, flag in zip(model.parameters(), trainable, strict=True):
            weight.requires_grad_(flag)


def _with_lora(model: Any, options: LoraOptions) -> Any:
    from peft import LoraConfig, get_peft_model
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as KNOWN

    kind = model.config.get_text_config().model_type
    names = {name.rsplit(".", 1)[-1] for name, _ in model.named_modules()}
    apart = ["q_proj", "v_proj"] if {"q_proj", "v_proj"} <= names else []
    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        # peft knows names of joint projections, too; of a model that it does not know every linear layer is updated.
        target_modules=apart or list(KNOWN.get(kind) or ()) or "all-linear",
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng(), warnings.catch_warnings():
        # peft asks transformers for a property by its old name, and is told that GPT-2's layers are transposed.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        warnings.filterwarnings("ignore", "fan_in_fan_out is set to False", UserWarning)
        torch.manual_seed(options.seed % 2**63)  # Python's generator takes any whole number, torch's 64 bits
        return get_peft_model(model, config)


def _train(
    model: Any,
    train: Sequence[Encoded],
    valid: Sequence[Encoded],
    pad: int,
    options: LoraOptions,
    on_progress: Callable[[int, int], None] | None,
) -> None:
    """Train, and leave the state with the lowest validation loss."""
    rng = random.Random(options.seed)
    optimizer = torch.optim.AdamW(_trained(model), lr=options.learning_rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=options.steps)
    best, state = float("inf"), _state(model)
    model.train(False)  # no dropout: the frozen model answers as it will
    for step in range(1, options.steps + 1):
        batch = [train[rng.randrange(len(train))] for _ in range(options.batch_size)]
        loss = answer_loss(model, batch, pad)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if step % options.validate_every == 0 or step == options.steps:
            found = _validation_loss(model, valid, pad, options.batch_size)
            if found < best:
                best, state = found, _state(model)
        if on_progress:
            on_progress(step, options.steps)
    model.load_state_dict(state, strict=False)


def answer_loss(model: Any, batch: Sequence[Encoded], pad: int) -> Tensor:
    """Cross-entropy of the answers' tokens, in nats a token, as a scalar; logits are computed for those alone.

    batch: (prompt ids, answer ids) of each row, neither empty.
    """
    inputs = left_pad([prompt + answer for prompt, answer in batch], pad, model.device)
    length = inputs.input_ids.shape[1]
    places = [(row, length - back - 1) for row, (_, answer) in enumerate(batch) for back in range(len(answer), 0, -1)]
    rows, columns = torch.tensor(places).unbind(1)
    with only_places(model, rows, columns):
        logits = model(**inputs.as_inputs(), use_cache=False).logits[0].float()
    return functional.cross_entropy(logits, inputs.input_ids[rows, columns + 1])


@torch.no_grad()
def _validation_loss(model: Any, valid: Sequence[Encoded], pad: int, batch_size: int) -> float:
    order = sorted(valid, key=lambda pair: len(pair[0]) + len(pair[1]))
    total, tokens = 0.0, 0
    for first in range(0, len(order), 4 * batch_size):
        batch = order[first : first + 4 * batch_size]
        count = sum(len(answer) for _, answer in batch)
        total += float(answer_loss(model, batch, pad)) * count
        tokens += count
    return total / tokens


def _encoded(tokenizer: Any, template: Template, example: Example) -> Encoded:
    prompt = template.zero_shot(example.input)
    return encode_text(tokenizer, prompt), encode_answer(
        tokenizer, prompt, template.answer(example.output) + template.stop
    )


def _trained(model: Any) -> list[Tensor]:
    return [weight for weight in model.parameters() if weight.requires_grad]


def _state(model: Any) -> dict[str, Tensor]:
    return {name: copy.deepcopy(weight.detach()) for name, weight in model.named_parameters() if weight.requires_grad}
