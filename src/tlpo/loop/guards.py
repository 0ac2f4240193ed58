"""Steps whose loss or gradient is not finite: skipped, counted, and too many of them end the run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tlpo.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from tlpo.loop.persistence import PersistenceMixin


class StepGuard:
    """Watches the loss and the gradient norm of each step.

    Attributes:
        in_a_row: steps skipped since the last good one.
        skipped: steps skipped in all.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._loss_is_finite = True
        self.in_a_row = 0
        self.skipped = 0

    def note_loss(self, losses: Tensor) -> None:
        """Remember the step's loss on every process; one that is not finite spoils the step everywhere."""
        self._loss_is_finite = bool(losses.isfinite().all())

    def accept(self, grad_norm: Any) -> bool:
        """Whether the step may change the weights. All processes see the same values, hence answer alike."""
        finite = self._loss_is_finite and math.isfinite(float(grad_norm))
        self._loss_is_finite = True
        self.in_a_row = 0 if finite else self.in_a_row + 1
        self.skipped += not finite
        return finite

    def check(self, trainer: PersistenceMixin) -> None:
        """End the run after too many bad steps, with a checkpoint: skipped steps never touched the weights.

        Raises:
            UserError: when the limit is passed.
        """
        if self.in_a_row <= self._limit:
            return
        folder = trainer.save_now()
        raise UserError(
            f"the loss was not finite in {self.in_a_row} steps in a row (limit max_nonfinite_steps={self._limit}); "
            f"the weights are those of the last good step, saved in {folder}: lower learning_rate and "
            "start from them with another output_dir and that folder as --model, an adapter merged into its base first"
        )
