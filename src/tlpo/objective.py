"""The TLPO objective: pure tensor functions, no configuration and no model.

Notation of the paper (Choo et al., ACL 2026, arXiv 2604.26553), one row per confusion point and one column per
candidate token: ``P`` points, ``N`` candidates, ``V`` vocabulary entries. Rewards lie in [-1, 1]; a boolean ``mask``
says which candidates belong to the group (``True``), so that a candidate can be left out without changing shapes.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Advantage = Literal["probability", "centered", "normalized"]


def has_signal(rewards: Tensor, mask: Tensor) -> Tensor:
    """Tell which groups can teach anything: those whose members do not all have the same reward.

    The spread of the rewards is tested, not the scale of the advantages: rounding turns equal non-binary rewards into
    tiny differences, which a normalised advantage would blow up to full size.

    Args:
        rewards: (P, N) float.
        mask: (P, N) bool, members of the group.

    Returns:
        (P,) bool. A group with fewer than two members has no signal.
    """
    highest = rewards.masked_fill(~mask, -torch.inf).amax(dim=-1)
    lowest = rewards.masked_fill(~mask, torch.inf).amin(dim=-1)
    return highest > lowest


def group_advantages(probs: Tensor, rewards: Tensor, mask: Tensor, kind: Advantage = "probability") -> Tensor:
    """Advantages of the candidates of each group; zero for a group without signal and for non-members.

    ``probability`` (the paper's equation): ``mu = sum p R / sum p``, ``w = p (R - mu)``, ``A = w / sum |w|``; hence
    ``sum A = 0`` and ``sum |A| = 1``. ``centered`` is ``R - mean(R)`` and ``normalized`` is ``(R - mean(R)) / std(R)``
    with plain means over the group: the paper's two ablations.

    Args:
        probs: (P, N) policy probabilities of the candidates in [0, 1], held constant.
        rewards: (P, N) float.
        mask: (P, N) bool.
        kind: which of the three.

    Returns:
        (P, N) float.

    Raises:
        ValueError: if ``kind`` is none of the three.
    """
    member = mask.to(rewards.dtype)
    if kind == "probability":
        weight = probs * member
        # Every member keeps a positive share: an underflown group would otherwise divide zero by zero.
        weight = weight.clamp_min(torch.finfo(weight.dtype).tiny) * member
        # w_i = p_i (R_i - mu) as sum_j p_i p_j (R_i - R_j), pair by pair, up to a factor that A does not know: where
        # one candidate holds nearly all the probability, R - mu itself is lost in rounding.
        share = weight / weight.sum(-1, keepdim=True).clamp_min(_tiny(weight))
        apart = rewards[:, :, None] - rewards[:, None, :]
        weighted = (share[:, :, None] * share[:, None, :] * apart).sum(-1)
        advantages = weighted / weighted.abs().sum(-1, keepdim=True).clamp_min(_tiny(weight))
    elif kind in ("centered", "normalized"):
        size = member.sum(-1, keepdim=True).clamp_min(1)
        centred = (rewards - (rewards * member).sum(-1, keepdim=True) / size) * member
        spread = (centred.square().sum(-1, keepdim=True) / size).sqrt().clamp_min(_tiny(rewards))
        advantages = centred / spread if kind == "normalized" else centred
    else:
        raise ValueError(f"advantage must be 'probability', 'centered' or 'normalized', not {kind!r}")
    return torch.where(has_signal(rewards, mask)[:, None] & mask, advantages, torch.zeros_like(advantages))


def k3_kl(logps: Tensor, ref_logps: Tensor) -> Tensor:
    """The estimator ``exp(d) - d - 1 >= 0``, ``d = log pi_ref - log pi_theta``, per candidate: (P, N) -> (P, N)."""
    delta = ref_logps - logps
    return torch.exp(delta) - delta - 1


def exact_kl(logits: Tensor, ref_logits: Tensor) -> Tensor:
    """``KL(pi_theta || pi_ref)`` over the whole vocabulary: (..., V), (..., V) -> (...) in nats.

    The single-position forward yields the full logits anyway, so the exact value costs no extra pass.
    """
    logps = torch.log_softmax(logits, dim=-1)
    return (logps.exp() * (logps - torch.log_softmax(ref_logits, dim=-1))).sum(-1)


def clean_kl(logits: Tensor, ref_logits: Tensor, confused: Tensor) -> Tensor:
    """``KL(pi_ref || pi_theta)`` between the two given that the token is none of a wrong language.

    To lower a wrong token is free, and so the term can weigh much: what it holds is the choice among the others. In
    this direction it is the rise in the negative log-likelihood of what the reference would have said in the language.

    Args:
        logits, ref_logits: (..., V).
        confused: bool, broadcast to (..., V): the tokens that leave the language by themselves. Never all of them.

    Returns:
        (...) in nats, >= 0.
    """
    logps = torch.log_softmax(logits.masked_fill(confused, -torch.inf), dim=-1)
    ref_logps = torch.log_softmax(ref_logits.masked_fill(confused, -torch.inf), dim=-1)
    return (ref_logps.exp() * (ref_logps - logps).masked_fill(confused, 0)).sum(-1)


def mean_over_positions(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over the positions of a prefix: (P, K) and (P, K), nonzero where one counts -> (P,); 0 if none counts."""
    counted = mask.to(values.dtype)
    return torch.where(mask.bool(), values, 0).sum(-1) / counted.sum(-1).clamp_min(1)


def clipped_surrogate(logps: Tensor, old_logps: Tensor, advantages: Tensor, epsilon: float) -> Tensor:
    """``min(r A, clip(r, 1 - eps, 1 + eps) A)`` with ``r = pi_theta / pi_old``, per candidate: (P, N) -> (P, N)."""
    ratio = torch.exp(logps - old_logps)
    return torch.minimum(ratio * advantages, ratio.clamp(1 - epsilon, 1 + epsilon) * advantages)


def point_losses(surrogate: Tensor, kl: Tensor | None, mask: Tensor, beta: float) -> Tensor:
    """Loss of each confusion point, ``-mean_i (surrogate_i - beta kl_i)`` over the members of its group.

    Args:
        surrogate: (P, N).
        kl: (P, N) per candidate, (P,) per point, or None when ``beta`` is 0.
        mask: (P, N) bool.
        beta: weight of the KL term, >= 0.

    Returns:
        (P,). A point without members contributes 0, with a gradient of 0.
    """
    member = mask.to(surrogate.dtype)
    size = member.sum(-1).clamp_min(1)
    objective = (surrogate * member).sum(-1) / size
    if kl is not None and beta > 0:
        penalty = (kl * member).sum(-1) / size if kl.dim() == 2 else kl * member.amax(-1)
        objective = objective - beta * penalty
    return -objective


def candidate_logps(logits: Tensor, candidate_ids: Tensor) -> Tensor:
    """Log-probabilities of the candidates: logits (P, V), ids (P, N) -> (P, N), computed in at least float32.

    One logits vector serves all N candidates of a point, because they share one prefix.
    """
    logits = logits if logits.dtype == torch.float64 else logits.float()
    return logits.gather(-1, candidate_ids) - torch.logsumexp(logits, dim=-1, keepdim=True)


def entropy(logits: Tensor) -> Tensor:
    """Entropy of the next-token distribution in nats: (P, V) -> (P,)."""
    logps = torch.log_softmax(logits.float(), dim=-1)
    return -(logps.exp() * logps).sum(-1)


def _tiny(like: Tensor) -> float:
    return torch.finfo(like.dtype).tiny
