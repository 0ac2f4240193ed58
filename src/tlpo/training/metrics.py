"""Metrics of a training step: sums that add up over micro-batches and processes, turned into means when logged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

OF_RESPONSES = (
    "confusion/rate",
    "completions/mean_length",
    "completions/eos_rate",
    "completions/letters",
    "completions/digits",
)
"""What is told of sampled responses, in training and in an evaluation."""

MEANS = (
    "explore/frac_no_signal",
    "explore/frac_moved",
    "explore/mass_correct",
    "explore/reward",
    "explore/sampled_in_top",
    "explore/frac_confused",
    "explore/frac_neutral",
    "explore/frac_end",
    "advantage/abs_max",
    "advantage/sampled",
    "ratio/mean",
    "ratio/clip_fraction",
    "kl",
    "kl_prefix",
    "entropy",
    *OF_RESPONSES,
)
"""Logged as weighted means over everything since the last log."""

SUMS = (
    "confusion/points",
    "confusion/points_used",
    "explore/points",
    "rollout/tokens",
    "rollout/saved_tokens",
    "explore/tokens",
    "update/points",
    "update/tokens",
    "train/skipped_steps",
)
"""Logged as totals over all processes."""

PHASES = ("rollout", "detect", "explore", "update")
"""Their seconds are logged as ``<phase>/seconds``, the mean over processes."""


class StepMetrics:
    """Accumulates the metrics above and drains them into one flat dictionary."""

    def __init__(self) -> None:
        self._sums = dict.fromkeys(self._names(), 0.0)
        self._weights = dict.fromkeys(self._names(), 0.0)

    @staticmethod
    def _names() -> list[str]:
        return [*MEANS, *SUMS, *(f"{phase}/seconds" for phase in PHASES)]

    def add(self, name: str, value: float, weight: float = 1.0) -> None:
        """Add ``value`` with ``weight`` (for means); an unknown name is an error: all ranks hold one set."""
        self._sums[name] += value * weight
        self._weights[name] += weight

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time spent inside to ``<name>/seconds``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(f"{name}/seconds", time.perf_counter() - start)

    def drain(self, reduce_sum: Callable[[Tensor], Tensor], processes: int) -> dict[str, float]:
        """All metrics since the last call, and start afresh.

        Args:
            reduce_sum: adds a tensor up over the processes.
            processes: how many there are.

        Returns:
            Metrics that were never added are left out, except for the sums.
        """
        names = self._names()
        local = torch.tensor([[self._sums[name], self._weights[name]] for name in names], dtype=torch.float64)
        totals = dict(zip(names, reduce_sum(local).tolist(), strict=True))
        self.__init__()  # type: ignore[misc]
        logs = {name: totals[name][0] / totals[name][1] for name in MEANS if totals[name][1] > 0}
        logs |= {name: totals[name][0] for name in SUMS}
        return logs | {name: totals[name][0] / processes for name in (f"{phase}/seconds" for phase in PHASES)}
