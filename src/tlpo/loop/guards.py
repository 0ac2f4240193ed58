"""Steps whose loss or gradient is not finite: skipped, counted, and too many of them end the run."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.errors import UserError
from tlpo.files import write_json

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
        self._resumed = False  # and no step taken since

    def note_loss(self, losses: Tensor) -> None:
        """Remember the step's loss on every process; one that is not finite spoils the step everywhere."""
        self._loss_is_finite = bool(losses.isfinite().all())

    def accept(self, grad_norm: Any) -> bool:
        """Whether the step may change the weights. All processes see the same values, hence answer alike."""
        finite = self._loss_is_finite and math.isfinite(float(grad_norm))
        self._loss_is_finite, self._resumed = True, False
        if not finite:
            self.in_a_row += 1
            self.skipped += 1
        elif float(grad_norm) > 0:  # a step without any point shows nothing
            self.in_a_row = 0
        return finite

    def save(self, path: Path) -> None:
        """Write the counts beside a checkpoint: a run that was ended for bad steps must not go on as if it had none."""
        write_json(path, {"in_a_row": self.in_a_row, "skipped": self.skipped})

    def load(self, path: Path) -> None:
        """Read them again; there were none where there is no such file. The next step may then be a better one."""
        self._resumed = True
        counts = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        self.in_a_row, self.skipped = counts.get("in_a_row", 0), counts.get("skipped", 0)

    def check(self, trainer: PersistenceMixin, *, at_end: bool = False) -> None:
        """End the run after too many bad steps, with a checkpoint: skipped steps never touched the weights.

        at_end: no step is left. A run that goes on from such a checkpoint, its cause removed, gets one more step first.

        Raises:
            UserError: when the limit is passed.
        """
        if self.in_a_row <= self._limit or (self._resumed and not at_end):
            return
        folder = trainer.save_now()
        raise UserError(
            f"the loss was not finite in {self.in_a_row} steps in a row (limit max_nonfinite_steps={self._limit}); "
            f"the weights are those of the last good step, saved in {folder}: lower learning_rate and "
            "start from them with another output_dir and that folder as --model, an adapter merged into its base first"
        )
