"""How far a model has moved from its base: the KL divergence on clean prefixes, exact over the vocabulary.

At every position of a clean line that the likelihood (`tlpo.evaluation.nll`) scores, both models' distributions of the
next token given the clean prefix are compared:

    KL(model || base) = sum_v p(v) (log p(v) - log q(v)),   p the model's, q the base's,

and the other way round, in nats. Both are means over positions. The memory is bounded by positions, not by lines: short
lines go together, a long one goes through both models in pieces on top of their caches, and the sums over the
vocabulary are taken over a few positions at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlpo.errors import UserError
from tlpo.evaluation.nll import encode_line, line_batches, positions_at_once

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Positions of which probabilities are held at once, beside the two models' logits.
_SUMMED_AT_ONCE = 16


@dataclass(frozen=True)
class LineDivergence:
    """One line: `forward` KL(model || base) and `reverse` KL(base || model), in nats summed over `tokens` positions."""

    forward: float
    reverse: float
    tokens: int


def line_divergences(
    model: PreTrainedModel,
    base: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    lines: Sequence[str],
    *,
    max_length: int = 1024,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[LineDivergence]:
    """The divergence on each line, in the order given; lines are cut at `max_length` tokens.

    model, base: of one tokenizer, in any mode, which is restored. on_progress: called with (lines done, lines).

    Raises UserError when there is no line, or the vocabularies differ in size.
    """
    import torch

    if not lines:
        raise UserError("no clean text to compare on: give at least one line")
    sizes = [int(side.config.get_text_config().vocab_size) for side in (model, base)]
    if sizes[0] != sizes[1]:
        raise UserError(
            f"the model's vocabulary has {sizes[0]} entries and the base model's {sizes[1]}: give the base that the "
            "model was trained from"
        )
    encoded = [encode_line(tokenizer, line, max_length) for line in lines]
    found = [LineDivergence(0.0, 0.0, 0)] * len(lines)
    done = sum(len(ids) < 2 for ids in encoded)
    modes = model.training, base.training
    model.train(False), base.train(False)
    try:
        with torch.inference_mode():
            for batch in line_batches(encoded, positions_at_once(model)):
                for row, divergence in zip(batch, _batch(model, base, [encoded[row] for row in batch]), strict=True):
                    found[row] = divergence
                done += len(batch)
                if on_progress is not None:
                    on_progress(done, len(lines))
    finally:
        model.train(modes[0]), base.train(modes[1])
    return found


def _batch(model: PreTrainedModel, base: PreTrainedModel, rows: Sequence[Sequence[int]]) -> list[LineDivergence]:
    """One batch of rows, or one long row in pieces."""
    import torch

    lengths = torch.tensor([len(ids) - 1 for ids in rows])
    ids = torch.zeros((len(rows), int(lengths.max())), dtype=torch.long)
    for place, values in enumerate(rows):
        ids[place, : len(values) - 1] = torch.tensor(values[:-1])
    sums = torch.zeros((len(rows), 2), dtype=torch.float64)
    piece = ids.shape[1] if len(rows) > 1 else positions_at_once(model)
    for first, ours, theirs in _logits(model, base, ids, lengths, piece):
        for start in range(0, ours.shape[1], max(1, _SUMMED_AT_ONCE // len(rows))):
            part = slice(start, start + max(1, _SUMMED_AT_ONCE // len(rows)))
            both = _divergences(ours[:, part], theirs[:, part].to(ours.device)).cpu()
            places = torch.arange(both.shape[1]) + first + start
            sums += (both * (places < lengths[:, None])[..., None]).sum(dim=1)
    return [
        LineDivergence(float(forward), float(reverse), int(length))
        for (forward, reverse), length in zip(sums.tolist(), lengths.tolist(), strict=True)
    ]


def _logits(
    model: PreTrainedModel, base: PreTrainedModel, ids: Tensor, lengths: Tensor, piece: int
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """(first position, the model's logits, the base's) of each piece; logits are (rows, positions, vocabulary)."""
    import torch

    caches: list[Any] = [None, None]
    whole = piece >= ids.shape[1]
    for first in range(0, ids.shape[1], piece):
        part = ids[:, first : first + piece]
        places = torch.arange(first, first + part.shape[1]).expand(len(ids), -1)
        pair = []
        for side, one in enumerate((model, base)):
            mask = (torch.arange(first + part.shape[1]) < lengths[:, None]).long()
            output = one(
                input_ids=part.to(one.device),
                attention_mask=mask.to(one.device),
                position_ids=places.to(one.device),
                past_key_values=caches[side],
                use_cache=not whole,
            )
            caches[side] = None if whole else output.past_key_values
            pair.append(output.logits)
        yield first, pair[0], pair[1]


def _divergences(ours: Tensor, theirs: Tensor) -> Tensor:
    """(KL(ours || theirs), KL(theirs || ours)) at each position, shape (rows, positions, 2), float64."""
    import torch

    log_p, log_q = ours.double().log_softmax(dim=-1), theirs.double().log_softmax(dim=-1)
    apart = log_p - log_q
    return torch.stack([(log_p.exp() * apart).sum(dim=-1), -(log_q.exp() * apart).sum(dim=-1)], dim=-1)
