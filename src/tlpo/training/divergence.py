"""The KL terms of an update: at the confusion point, and at the positions before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tlpo.objective import candidate_logps, exact_kl, k3_kl, prefix_kl

if TYPE_CHECKING:
    from torch import Tensor


def point_divergence(logits: Tensor, ref_logits: Tensor, candidate_ids: Tensor, estimator: str) -> Tensor:
    """KL to the reference at the confusion points.

    Args:
        logits, ref_logits: (P, V).
        candidate_ids: (P, N).
        estimator: ``exact``, over the vocabulary, or ``k3``, at each candidate.

    Returns:
        (P,) for ``exact``, (P, N) for ``k3``.
    """
    if estimator == "exact":
        return exact_kl(logits.float(), ref_logits.float())
    return k3_kl(candidate_logps(logits, candidate_ids), candidate_logps(ref_logits, candidate_ids))


def prefix_divergence(logits: Tensor, ref_logits: Tensor, attention_mask: Tensor) -> Tensor:
    """Mean KL to the reference at the positions before the confusion points, prompt and response alike.

    Args:
        logits, ref_logits: (P, K + 1, V) at the last positions of the left-padded prefixes; the last one, which is
            the confusion point's own, does not count.
        attention_mask: (P, L), L > K.

    Returns:
        (P,); 0 for a prefix of one token.
    """
    mask = attention_mask[:, -logits.shape[1] : -1]
    return prefix_kl(logits[:, :-1].float(), ref_logits[:, :-1].float(), mask)
