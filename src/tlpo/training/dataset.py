"""The order in which training walks through the prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from tlpo.data.encoded import EncodedPrompt, epoch_order
from tlpo.errors import UserError

if TYPE_CHECKING:
    from tlpo.training.config import TLPOConfig


Rows = Sequence[Mapping[str, Any]]
FILLER = -1
"""The place of no prompt: it fills up the last batches of an epoch, where processes share what is left."""


class PromptRows(torch.utils.data.Dataset["EncodedPrompt | None"]):
    """Encoded prompts by their place; None at `FILLER`."""

    def __init__(self, prompts: Sequence[EncodedPrompt]) -> None:
        self._prompts = prompts

    def __len__(self) -> int:
        return len(self._prompts)

    def __getitem__(self, place: int) -> EncodedPrompt | None:
        return None if place == FILLER else self._prompts[place]


class PromptOrder(torch.utils.data.Sampler[int]):
    """A seeded permutation for each epoch, each global batch repeated once per policy iteration.

    The order is a pure function of the seed and the epoch, whatever the number of processes, so that a resumed run
    finds its place again. Several processes share the prompts that are left at the end of an epoch, and their batches
    are filled up with `FILLER`: accelerate would fill them with prompts of the epoch's beginning, sampled and counted
    once more.

    Args:
        size: how many prompts.
        batch: prompts of an optimizer step.
        repeats: policy iterations.
        epoch: tells the epoch.
        shares: processes that share a batch, and the prompts that each takes at once.

    Raises:
        UserError: with repeats, for fewer prompts than a global batch: their repeats would share an optimizer step.
    """

    def __init__(
        self,
        size: int,
        seed: int,
        batch: int,
        repeats: int,
        epoch: Callable[[], int],
        shares: tuple[int, int] = (1, 1),
    ) -> None:
        if repeats > 1 and size < batch:
            raise UserError(
                f"num_iterations is {repeats}, but {size} prompts do not fill one batch of {batch}: give more prompts "
                "or a smaller per_device_train_batch_size"
            )
        self._size, self._seed, self._batch, self._repeats, self._epoch = size, seed, batch, repeats, epoch
        self._processes, self._each = shares

    @property
    def _used(self) -> int:
        """With repeats, a last incomplete batch is left out: its repeats would not line up with optimizer steps."""
        return self._size if self._repeats == 1 else self._size // self._batch * self._batch

    @property
    def _left(self) -> int:
        """Prompts that do not fill a batch of all processes."""
        return self._used % (self._processes * self._each) if self._processes > 1 else 0

    def __len__(self) -> int:
        return (self._used - self._left) * self._repeats + (self._processes * self._each if self._left else 0)

    def __iter__(self) -> Iterator[int]:
        order = epoch_order(self._size, self._seed, self._epoch())[: self._used]
        whole = len(order) - self._left
        for start in range(0, whole, self._batch):
            for _ in range(self._repeats):
                yield from order[start : min(whole, start + self._batch)]
        yield from self._shared(order[whole:])

    def _shared(self, left: Sequence[int]) -> Iterator[int]:
        """What is left, as evenly as it goes: the processes' batches one after the other."""
        for process in range(self._processes if left else 0):
            own = left[process :: self._processes]
            yield from [*own, *[FILLER] * (self._each - len(own))]


def prompt_order(size: int, args: TLPOConfig, step: Callable[[], int]) -> PromptOrder:
    """The order of ``size`` prompts. step: tells the run's optimizer step.

    Raises:
        UserError: as `PromptOrder` and `steps_per_epoch`.
    """
    batch = args.per_device_train_batch_size * args.gradient_accumulation_steps * args.world_size
    # (The order is asked for its epoch only once it is complete.)
    shares = (1 if args.dataloader_drop_last else args.world_size, args.per_device_train_batch_size)
    order = PromptOrder(size, args.seed, batch, args.num_iterations, lambda: step() // steps, shares)
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


def identity(batch: Sequence[EncodedPrompt | None]) -> list[EncodedPrompt]:
    """The data collator: prompts stay lists, because the roll-out makes its own batches; fillers are dropped."""
    return [prompt for prompt in batch if prompt is not None]


def encode_sets(
    given: Rows | Mapping[str, Rows] | None, encode: Callable[[Rows], list[EncodedPrompt]]
) -> tuple[list[EncodedPrompt] | dict[str, list[EncodedPrompt]] | None, list[EncodedPrompt]]:
    """One set of rows, or several by name, encoded; and all their prompts together."""
    if isinstance(given, Mapping):
        sets = {name: encode(rows) for name, rows in given.items()}
        return sets, [prompt for prompts in sets.values() for prompt in prompts]
    alone = None if given is None else encode(given)
    return alone, alone or []
