"""Mean negative log-likelihood of clean text: did the update harm what the model knows?

Each line is encoded with the tokenizer's own special tokens. Every token but the first is scored (the first is the
beginning-of-sequence mark where the tokenizer has one), given all before it. The mean is over tokens of all lines,
in nats; an end-of-sequence token the tokenizer may add is not scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tlpo.errors import UserError
from tlpo.evaluation.compare_audits import paired_change
from tlpo.evaluation.intervals import RatioSums

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Logits of a batch take rows x length x vocabulary floats, and the loss needs a copy.
_LOGIT_BYTES = 256 * 2**20


@dataclass(frozen=True)
class TextNLL:
    """Per line, in the order given: `sums` of nats and how many `tokens` were scored."""

    sums: tuple[float, ...]
    tokens: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Nats per token over all lines; 0 when no token was scored."""
        total = sum(self.tokens)
        return sum(self.sums) / total if total else 0.0

    def to_dict(self) -> dict[str, Any]:
        """{"mean", "lines", "tokens"} for a report."""
        return {"mean": self.mean, "lines": len(self.sums), "tokens": sum(self.tokens)}


def text_nll(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, lines: Sequence[str], *, max_length: int = 1024
) -> TextNLL:
    """The likelihood of each line under the model, right-padded in batches bounded by the size of the logits.

    Lines longer than `max_length` tokens are cut there. Raises UserError when there is no line.
    """
    import torch

    if not lines:
        raise UserError("no clean text to score: give at least one line")
    encoded = [encode_line(tokenizer, line, max_length) for line in lines]
    sums, tokens = [0.0] * len(lines), [max(0, len(ids) - 1) for ids in encoded]
    training = model.training
    model.train(False)
    try:
        with torch.inference_mode():
            for batch in line_batches(encoded, positions_at_once(model)):
                values = _batch_sums(model, [encoded[row] for row in batch])
                for row, value in zip(batch, values, strict=True):
                    sums[row] = value
    finally:
        model.train(training)
    return TextNLL(tuple(sums), tuple(tokens))


def compare_nll(before: TextNLL, after: TextNLL, *, resamples: int = 10_000, seed: int = 0) -> dict[str, Any]:
    """{before, after, change, ci95, lines} in nats a token, bootstrapped over the same lines on both sides."""
    if before.tokens != after.tokens:
        raise UserError("the two likelihoods are of different lines or tokenizers: they cannot be compared")
    sides = [
        RatioSums(np.array(side.sums, dtype=np.float64), np.array(side.tokens, dtype=np.float64))
        for side in (before, after)
    ]
    return {**paired_change(sides[0], sides[1], resamples=resamples, seed=seed), "lines": len(before.sums)}


def encode_line(tokenizer: PreTrainedTokenizerBase, line: str, max_length: int) -> list[int]:
    """A line's token ids, at most `max_length`, without an end-of-sequence token that the tokenizer may add."""
    ids = list(tokenizer(line)["input_ids"])
    if len(ids) > 1 and ids[-1] == tokenizer.eos_token_id:
        ids.pop()
    return ids[:max_length]


def positions_at_once(model: PreTrainedModel) -> int:
    """How many positions' logits fit into the memory set aside for them."""
    return max(1, _LOGIT_BYTES // (4 * int(model.config.get_text_config().vocab_size)))


def line_batches(encoded: Sequence[Sequence[int]], positions: int) -> list[list[int]]:
    """Row numbers by rising length, at most so many positions a batch (padding counts) unless it is one row alone.

    Lines of fewer than two tokens, which have nothing to score, are left out.
    """
    batches: list[list[int]] = []
    for row in sorted((row for row, ids in enumerate(encoded) if len(ids) > 1), key=lambda row: len(encoded[row])):
        if not batches or (len(batches[-1]) + 1) * len(encoded[row]) > positions:
            batches.append([])
        batches[-1].append(row)
    return batches


def _batch_sums(model: PreTrainedModel, rows: Sequence[Sequence[int]]) -> list[float]:
    """Summed nats of each row's tokens after its first."""
    import torch

    longest = max(len(ids) for ids in rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for row, values in enumerate(rows):
        ids[row, : len(values)] = torch.tensor(values)
        mask[row, : len(values)] = 1
    ids, mask = ids.to(model.device), mask.to(model.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    logits = model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False).logits
    scored = mask[:, 1:].bool()
    losses = torch.nn.functional.cross_entropy(logits[:, :-1][scored].float(), ids[:, 1:][scored], reduction="none")
    parts = torch.split(losses.double(), [len(values) - 1 for values in rows])
    return [float(part.sum()) for part in parts]
