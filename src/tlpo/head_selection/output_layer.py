"""The output layer, asked for as little as is needed: at few places, and for few tokens.

With a vocabulary of a quarter of a million tokens it costs more than all other layers together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_SMALLEST = 65_536


@contextmanager
def only_places(model: Any, rows: Tensor, columns: Tensor) -> Iterator[None]:
    """Let the output layer see n places (row, column) only: the model's logits are (1, n, V), in that order.

    The model's own code scales or caps them as it always does. A model without an output layer gives all its logits.
    """
    head = model.get_output_embeddings()

    def pick(_: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return args[0][rows.to(args[0].device), columns.to(args[0].device)][None], *args[1:]

    handle = head.register_forward_pre_hook(pick) if isinstance(head, nn.Module) else None
    try:
        yield
    finally:
        if handle is not None:
            handle.remove()


class Shortlist:
    """A growing set of token ids, and the rows of the output layer that belong to them.

    All but a few thousand logits have no weight in the loss of a training step. The list holds the tokens that the
    prompts and answers need, and those that were likely at any place seen so far.

    Args:
        model: the causal LM.
        needed: (k,) ids that must be in it: the targets and the stops.
        likely: how many of the most likely tokens of a place are added.
    """

    def __init__(self, model: Any, needed: Tensor, likely: int) -> None:
        self._head, self._likely = model.get_output_embeddings(), likely
        self.ids: Tensor = torch.unique(needed)
        self._rows: tuple[Tensor, Tensor | None] | None = None

    @staticmethod
    def pays(model: Any) -> bool:
        """Whether the output layer is a plain one over a large vocabulary."""
        head = model.get_output_embeddings()
        return type(head) is nn.Linear and head.out_features >= _SMALLEST and head.weight.is_floating_point()

    def add(self, logits: Tensor) -> None:
        """Add the most likely tokens of n places, from logits (n, V) over the whole vocabulary."""
        found = logits.topk(self._likely, dim=-1).indices.flatten()
        self.ids = torch.unique(torch.cat([self.ids, found]))
        self._rows = None

    def places(self, tokens: Tensor) -> Tensor:
        """Where the tokens stand in the list; negative ones (the stop) stay as they are."""
        return torch.where(tokens < 0, tokens, torch.searchsorted(self.ids, tokens.clamp_min(0)))

    @contextmanager
    def used(self) -> Iterator[None]:
        """The model's logits are those of the list alone, (..., len(ids)), in the order of ``ids``."""
        if self._rows is None:
            bias = self._head.bias
            self._rows = self._head.weight.detach()[self.ids], None if bias is None else bias.detach()[self.ids]
        weight, bias = self._rows
        self._head.__dict__["forward"] = lambda hidden: functional.linear(hidden, weight, bias)
        try:
            yield
        finally:
            del self._head.__dict__["forward"]
