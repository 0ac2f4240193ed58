"""What a training step tells about itself: from responses, points and updates to the metrics of ``StepMetrics``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from tlpo.metrics.characters import character_counts
from tlpo.objective import entropy

if TYPE_CHECKING:
    from torch import Tensor

    from tlpo.confusion import ConfusionDetector
    from tlpo.modeling.generation import Completion
    from tlpo.training.metrics import StepMetrics
    from tlpo.training.points import ConfusionPoint


def count_response(
    metrics: StepMetrics, completion: Completion, offset: int | None, detector: ConfusionDetector
) -> None:
    """One sampled response. offset: its confusion point, if it has one."""
    metrics.add("confusion/rate", float(offset is not None))
    metrics.add("completions/letters", float(detector.has_target_letter(completion.text)))
    _, digits, characters = character_counts(completion.text, detector.language)
    if characters:  # weighed by the length, so that the mean is the share of all characters
        metrics.add("completions/digits", digits / characters, characters)
    if completion.finished != "confusion":  # a response that was stopped has no length and no end of its own
        metrics.add("completions/eos_rate", float(completion.finished == "eos"))
        metrics.add("completions/mean_length", len(completion.ids))


def count_points(metrics: StepMetrics, points: Sequence[ConfusionPoint], *, put_in: bool) -> None:
    """The points of a step, explored and weighed. put_in: whether a missing sampled token takes the last place."""
    metrics.add("explore/points", len(points))
    for point in points:
        metrics.add("explore/frac_no_signal", float(not point.has_signal))
        metrics.add("explore/frac_moved", float(point.shift > 0))
        metrics.add("confusion/points_used", float(point.has_signal))
        metrics.add("explore/mass_correct", point.mass_correct)
        for candidate, judged, advantage in zip(point.candidates, point.judged, point.advantages, strict=True):
            metrics.add("explore/reward", judged.reward)
            for outcome in ("confused", "neutral", "end"):
                metrics.add(f"explore/frac_{outcome}", float(judged.outcome == outcome))
            if candidate.token == point.sampled_id:
                metrics.add("advantage/sampled", advantage)
        metrics.add("advantage/abs_max", max(abs(advantage) for advantage in point.advantages))
        tokens = [candidate.token for candidate in point.candidates]
        in_last_place = put_in and tokens[-1] == point.sampled_id
        metrics.add("explore/sampled_in_top", float(point.sampled_id in tokens and not in_last_place))


def count_update(
    metrics: StepMetrics,
    batch: dict[str, Tensor],
    logits: Tensor,
    ratio: Tensor,
    kl: Tensor | None,
    drift: Tensor | None,
    epsilon: float,
) -> None:
    """One forward pass of the update. Empty rows do not count.

    logits: (P, V). ratio: (P, N). kl: (P, N) or (P,), at the points. drift: (P,), before them.
    """
    points = float(batch["weights"].sum())
    if points == 0:
        return
    members = batch["members"]

    def over_points(values: Tensor) -> float:
        """Mean over the points of the mean over their members, as in the loss: chunks and processes do not matter."""
        inside = torch.where(members, values, 0.0).sum(-1) / members.sum(-1).clamp_min(1)
        return float(inside.mean())

    metrics.add("ratio/mean", over_points(ratio), points)
    metrics.add("ratio/clip_fraction", over_points(((ratio - 1).abs() > epsilon).float()), points)
    if kl is not None:
        metrics.add("kl", over_points(kl.detach()) if kl.dim() == 2 else float(kl.detach().mean()), points)
    if drift is not None:
        metrics.add("kl_prefix", float(drift.detach().mean()), points)
    metrics.add("entropy", float(entropy(logits).mean()), points)
    metrics.add("update/points", points)
    metrics.add("update/tokens", float(batch["attention_mask"].sum()))
