"""The KL terms of an update: at the confusion point, and at the positions before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tlpo.objective import candidate_logps, clean_kl, exact_kl, k3_kl, mean_over_positions

if TYPE_CHECKING:
    from torch import Tensor

Estimator = Literal["k3", "exact", "clean"]


def point_divergence(
    logits: Tensor, ref_logits: Tensor, candidate_ids: Tensor, confused: Tensor | None, estimator: Estimator
) -> Tensor:
    """KL to the reference at the confusion points.

    Args:
        logits, ref_logits: (P, V).
        candidate_ids: (P, N).
        confused: (P, V) bool, the tokens that leave each point's language by themselves; for ``clean`` alone.
        estimator: ``k3``, at each candidate, ``exact``, over the vocabulary, or ``clean``, over the rest of it.

    Returns:
        (P, N) for ``k3``, (P,) for the others.
    """
    if estimator == "k3":
        return k3_kl(candidate_logps(logits, candidate_ids), candidate_logps(ref_logits, candidate_ids))
    return _over_vocabulary(logits, ref_logits, confused, estimator)


def prefix_divergence(
    logits: Tensor, ref_logits: Tensor, attention_mask: Tensor, confused: Tensor | None, estimator: Estimator
) -> Tensor:
    """Mean KL to the reference at the positions before the confusion points, prompt and response alike.

    Args:
        logits, ref_logits: (P, K + 1, V) at the last positions of the left-padded prefixes; the last one, which is
            the confusion point's own, does not count.
        attention_mask: (P, L), L > K.
        confused: as in :func:`point_divergence`.
        estimator: likewise; over the vocabulary for ``k3`` too, as there are no candidates at these positions.

    Returns:
        (P,); 0 for a prefix of one token.
    """
    mask = attention_mask[:, -logits.shape[1] : -1]
    wrong = None if confused is None else confused[:, None]
    return mean_over_positions(_over_vocabulary(logits[:, :-1], ref_logits[:, :-1], wrong, estimator), mask)


def _over_vocabulary(logits: Tensor, ref_logits: Tensor, confused: Tensor | None, estimator: Estimator) -> Tensor:
    if estimator != "clean":
        return exact_kl(logits.float(), ref_logits.float())
    if confused is None:
        raise ValueError("the estimator 'clean' needs the tokens of wrong languages")
    return clean_kl(logits.float(), ref_logits.float(), confused)
