"""The roll-out engine: sampled responses for many prompts, token-in/token-out.

Prompts are prefilled once, whatever the number of samples; their cache is then repeated. Rows whose response has ended,
or whose language has gone wrong, leave the batch. Nothing is captured on the way that a later prefill gives more
simply: log-probabilities at the confusion point come from one forward pass over the prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import torch
from torch import Tensor

from tlpo.modeling.alignment import TokenText, token_bytes
from tlpo.modeling.allocator import keep_big_blocks
from tlpo.modeling.batching import PaddedBatch, left_pad, length_buckets
from tlpo.modeling.cache_size import bytes_a_token
from tlpo.modeling.decoding import DecodingRows, cache_of, refuse_nan
from tlpo.modeling.sampling import sample, uniform_draws

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Finish = Literal["eos", "length", "confusion"]

LogitFilter = Callable[[Tensor, Sequence[int]], Tensor]
"""(logits (B, V), each row's prompt (B,)) -> logits; what must not be sampled is at minus infinity."""

# Matrix operations that a device does while it reads one byte: rounded, from a 2-core server and an A100 in bf16.
_OPERATIONS_PER_BYTE = {"cpu": 10, "cuda": 150}


class Stream(Protocol):
    """What watches a growing response: ``feed`` returns a character offset once the response has gone wrong."""

    def feed(self, piece: str) -> int | None: ...


@dataclass(frozen=True)
class GenerationSettings:
    """How responses are sampled.

    Attributes:
        max_new_tokens: longest response, in tokens.
        temperature: 0 is greedy.
        top_p: nucleus mass in (0, 1]; 1 keeps the whole vocabulary.
        num_generations: samples a prompt.
        batch_size: rows in one decoding batch.
        seed: with ``step``, the prompt's key and the sample's number it decides every draw.
        step: a run's optimizer step, so that each step draws anew.
    """

    max_new_tokens: int = 256
    temperature: float = 1.0
    top_p: float = 1.0
    num_generations: int = 1
    batch_size: int = 64
    seed: int = 0
    step: int = 0


@dataclass
class Completion:
    """One sampled response.

    Attributes:
        ids: sampled token ids, the end-of-sequence token included if it was sampled.
        text: their text, special tokens left out.
        token_of_char: for each character of ``text`` the index of the first token that carries part of it.
        finished: why it ended; ``confusion`` when the stream stopped it early.
        confusion_point: character offset reported by the stream, if it did.
    """

    ids: list[int]
    text: str
    token_of_char: list[int]
    finished: Finish
    confusion_point: int | None = None


@dataclass
class GenerationStats:
    """What a call cost: ``row_steps`` decoded rows over all steps.

    ``saved_row_steps`` is the most that early stop can have spared: what the stopped responses lack to the longest.
    """

    prompt_tokens: int = 0
    new_tokens: int = 0
    row_steps: int = 0
    saved_row_steps: int = 0


@dataclass
class _Row:
    prompt: int
    text: TokenText
    draws: Tensor
    stream: Stream | None
    finished: Finish | None = None
    confusion_point: int | None = None


@dataclass
class _Decoder:
    """One bucket of rows on its way through the model."""

    model: PreTrainedModel
    settings: GenerationSettings
    eos_ids: frozenset[int]
    rows: list[_Row]
    stats: GenerationStats
    logit_filter: LogitFilter | None
    active: list[_Row] = field(init=False)

    def run(self, batch: PaddedBatch) -> None:
        self.active = list(self.rows)
        repeats = self.settings.num_generations
        output = self.model(**batch.as_inputs(), use_cache=True, logits_to_keep=1)
        rows = DecodingRows(self.model, cache_of(output), batch, repeats)
        logits = refuse_nan(output.logits[:, -1]).repeat_interleave(repeats, dim=0)
        del output
        for step in range(self.settings.max_new_tokens):
            draws = torch.stack([row.draws[step] for row in self.active]).to(logits.device)
            if self.logit_filter is not None:
                logits = self.logit_filter(logits, [row.prompt for row in self.active])
            tokens = sample(logits, draws, self.settings.temperature, self.settings.top_p)
            self._append(tokens.tolist(), last=step == self.settings.max_new_tokens - 1)
            keep = self._rows_to_keep()
            if keep is not None:
                if not keep:
                    return
                index = torch.tensor(keep, device=logits.device)
                rows.select(index)
                tokens = tokens[index]
                self.active = [self.active[place] for place in keep]
            logits = rows.step(tokens)
            self.stats.row_steps += len(self.active)

    def _append(self, tokens: list[int], last: bool) -> None:
        for row, token in zip(self.active, tokens, strict=True):
            if row.finished is not None:
                continue
            piece = row.text.feed(token)
            self.stats.new_tokens += 1
            if token in self.eos_ids:
                row.finished = "eos"
            elif row.stream is not None and piece and (point := row.stream.feed(piece)) is not None:
                row.finished, row.confusion_point = "confusion", point
                self.stats.saved_row_steps += self.settings.max_new_tokens - len(row.text.ids)
            elif last:
                row.finished = "length"

    def _rows_to_keep(self) -> list[int] | None:
        """Places of the rows still running, or None while dropping the finished ones costs more than it saves.

        Dropping rows copies the cache of all others, which costs about as much as decoding an eighth of the rows.
        """
        running = [place for place, row in enumerate(self.active) if row.finished is None]
        done = len(self.active) - len(running)
        return running if not running or done >= max(1, len(self.active) // 8) else None


def end_token_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Every id that ends a response: the tokenizer's own and those of the model's generation config."""
    configured = model.generation_config.eos_token_id if model.generation_config is not None else None
    listed = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in [*listed, tokenizer.eos_token_id] if token is not None)


@torch.no_grad()
def generate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[int]],
    settings: GenerationSettings,
    *,
    keys: Sequence[int] | None = None,
    streams: Callable[[int], Stream | None] | None = None,
    logit_filter: LogitFilter | None = None,
    on_progress: Callable[[int], None] | None = None,
    stats: GenerationStats | None = None,
) -> list[list[Completion]]:
    """Sample ``settings.num_generations`` responses for each prompt.

    Args:
        model: any causal LM; its training mode is restored afterwards.
        tokenizer: the model's own.
        prompts: token ids of each prompt, not empty.
        settings: see :class:`GenerationSettings`.
        keys: a stable number for each prompt (its place in the data set); draws depend on it and not on the prompt's
            place in this call. Default: 0, 1, 2 ...
        streams: called once for each row with the prompt's index; what it returns is fed the text as it grows, and a
            row leaves the batch as soon as ``feed`` returns an offset.
        logit_filter: called at every step, before sampling (see :data:`LogitFilter`).
        on_progress: called with the number of prompts finished since the last call.
        stats: filled in with what the call cost.

    Returns:
        For each prompt, in order, its completions.
    """
    keep_big_blocks()
    stats = stats if stats is not None else GenerationStats()
    table = token_bytes(tokenizer)
    was_training = model.training
    model.train(False)
    rows: list[list[_Row]] = [
        [
            _Row(
                prompt=index,
                text=TokenText(table),
                draws=uniform_draws(
                    settings.seed, settings.step, (keys[index] if keys else index, number), settings.max_new_tokens
                ),
                stream=streams(index) if streams else None,
            )
            for number in range(settings.num_generations)
        ]
        for index in range(len(prompts))
    ]
    stats.prompt_tokens += sum(len(prompt) for prompt in prompts)
    per_batch = max(1, settings.batch_size // settings.num_generations)
    try:
        for bucket in length_buckets([len(p) for p in prompts], per_batch, _padding_worth_a_batch(model, settings)):
            decoder = _Decoder(
                model=model,
                settings=settings,
                eos_ids=end_token_ids(model, tokenizer),
                rows=[row for index in bucket for row in rows[index]],
                stats=stats,
                logit_filter=logit_filter,
            )
            decoder.run(left_pad([prompts[index] for index in bucket], _pad_id(tokenizer), model.device))
            if on_progress:
                on_progress(len(bucket))
    finally:
        model.train(was_training)
    return [[_completion(row) for row in group] for group in rows]


def _completion(row: _Row) -> Completion:
    row.text.finish()
    return Completion(
        ids=row.text.ids,
        text=row.text.text,
        token_of_char=row.text.token_of_char,
        finished=row.finished or "length",
        confusion_point=row.confusion_point,
    )


def _pad_id(tokenizer: PreTrainedTokenizerBase) -> int:
    for token in (tokenizer.pad_token_id, tokenizer.eos_token_id):
        if token is not None:
            return int(token)
    return 0


def _padding_worth_a_batch(model: PreTrainedModel, settings: GenerationSettings) -> int:
    """Padding (prompt tokens) beyond which a batch of its own is cheaper.

    A further batch reads all weights once more at every decoding step. Padding passes through the layers at the
    prefill, and at every step its cache is read once for each sample. All of it is counted in bytes: operations as the
    bytes that the device reads in the same time.
    """
    steps = settings.max_new_tokens
    weights = steps * model.dtype.itemsize * model.num_parameters()
    cache = steps * bytes_a_token(model) * settings.num_generations
    balance = _OPERATIONS_PER_BYTE.get(model.device.type, _OPERATIONS_PER_BYTE["cuda"])
    prefill = 2 * model.num_parameters(exclude_embeddings=True) // balance
    return max(1, int(weights // (prefill + cache)))
