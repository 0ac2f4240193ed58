"""A learning rate that rises from the first step on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch.optim.lr_scheduler import LambdaLR
from transformers import Trainer

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler


class ScheduleMixin(Trainer):
    """A trainer whose warm-up has no idle step. Comes before ``Trainer``."""

    def create_scheduler(self, num_training_steps: int, optimizer: Optimizer | None = None) -> LRScheduler:
        """The schedule of one step more, without its first step, whose rate a warm-up makes 0.

        A step at rate 0 changes nothing and costs a roll-out; of ten steps that is a tenth of the run.
        """
        if self.lr_scheduler is not None or not self.args.get_warmup_steps(num_training_steps):
            return super().create_scheduler(num_training_steps, optimizer)
        whole = super().create_scheduler(num_training_steps + 1, optimizer)
        if not isinstance(whole, LambdaLR):
            return whole
        self.lr_scheduler = LambdaLR(whole.optimizer, [_from_second_step(rate) for rate in whole.lr_lambdas])
        return self.lr_scheduler


def _from_second_step(rate: Callable[[int], float]) -> Callable[[int], float]:
    return lambda step: rate(step + 1)
