"""What an answer costs, token by token, and whether greedy decoding would write it."""

from __future__ import annotations

import torch
from torch import Tensor

from tlpo.head_selection.items import Suffixes


def token_losses(logits: Tensor, targets: Tensor, stop_ids: Tensor) -> Tensor:
    """Cross-entropy in nats at n places.

    A stop is any of ``stop_ids``: its loss is ``-log`` of their probabilities' sum, because an answer ends as well with
    a blank line as with a line break.

    Args:
        logits: (n, V).
        targets: (n,) token ids, -1 for a stop.
        stop_ids: (S,).
    """
    total = logits.logsumexp(dim=-1)
    wanted = logits.gather(1, targets.clamp_min(0)[:, None]).squeeze(1)
    stops = logits[:, stop_ids].logsumexp(dim=-1)
    return total - torch.where(targets < 0, stops, wanted)


def greedy_matches(logits: Tensor, suffixes: Suffixes, stop_ids: Tensor) -> Tensor:
    """(B,) whether each item's most likely tokens are its targets: greedy decoding then writes the answer and stops.

    It is the strict exact match of that answer, unless the model spells it by other tokens.
    """
    best, targets, rows = logits.argmax(dim=-1), suffixes.targets.to(logits.device), suffixes.rows.to(logits.device)
    hit = torch.where(targets < 0, torch.isin(best, stop_ids), best == targets)
    missed = torch.zeros(len(suffixes.ids), dtype=torch.long, device=logits.device).index_add(0, rows, (~hit).long())
    return missed == 0
