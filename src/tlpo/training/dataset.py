"""The order in which training walks through the prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from tlpo.data.encoded import EncodedPrompt, epoch_order
from tlpo.errors import UserError

if TYPE_CHECKING:
    from tlpo.training.config import TLPOConfig


class PromptOrder(torch.utils.data.Sampler[int]):
    """A seeded permutation for each epoch, each global batch repeated once per policy iteration.

    The order is a pure function of the seed and the epoch, whatever the number of processes, so that a resumed run
    finds its place again.

    Raises:
        UserError: with repeats, for fewer prompts than a global batch: their repeats would share an optimizer step.
    """

    def __init__(self, size: int, seed: int, batch: int, repeats: int, epoch: Callable[[], int]) -> None:
        if repeats > 1 and size < batch:
            raise UserError(
                f"num_iterations is {repeats}, but {size} prompts do not fill one batch of {batch}: give more prompts "
                "or a smaller per_device_train_batch_size"
            )
        self._size, self._seed, self._batch, self._repeats, self._epoch = size, seed, batch, repeats, epoch

    @property
    def _used(self) -> int:
        """With repeats, a last incomplete batch is left out: its repeats would not line up with optimizer steps."""
        return self._size if self._repeats == 1 else self._size // self._batch * self._batch

    def __len__(self) -> int:
        return self._used * self._repeats

    def __iter__(self) -> Iterator[int]:
        order = epoch_order(self._size, self._seed, self._epoch())[: self._used]
        for start in range(0, len(order), self._batch):
            for _ in range(self._repeats):
                yield from order[start : start + self._batch]


def prompt_order(size: int, args: TLPOConfig, step: Callable[[], int]) -> PromptOrder:
    """The order of ``size`` prompts. step: tells the run's optimizer step.

    Raises:
        UserError: as `PromptOrder` and `steps_per_epoch`.
    """
    batch = args.per_device_train_batch_size * args.gradient_accumulation_steps * args.world_size
    # (The order is asked for its epoch only once it is complete.)
    order = PromptOrder(size, args.seed, batch, args.num_iterations, lambda: step() // steps)
    steps = steps_per_epoch(len(order), args)
    return order


def steps_per_epoch(size: int, args: TLPOConfig) -> int:
    """Optimizer steps in a walk through ``size`` prompts, as the Trainer counts them.

    Raises:
        UserError: when ``dataloader_drop_last`` leaves no prompt.
    """
    batch: int = args.per_device_train_batch_size * args.world_size
    if args.dataloader_drop_last and size < batch:
        raise UserError(
            f"dataloader_drop_last drops all {size} prompts, too few for one batch of {batch}: give more prompts or a "
            "smaller per_device_train_batch_size"
        )
    batches = size // batch if args.dataloader_drop_last else -(-size // batch)
    return -(-batches // args.gradient_accumulation_steps)


def identity(batch: Sequence[EncodedPrompt]) -> list[EncodedPrompt]:
    """The data collator: prompts stay lists, because the roll-out makes its own batches."""
    return list(batch)
