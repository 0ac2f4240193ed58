"""The reference model of the KL term: the weights that were passed in, never those on disk."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Reference:
    """A frozen copy of the policy or, for an adapter, the policy with the adapter switched off."""

    def __init__(self, policy: PreTrainedModel, *, is_adapter: bool) -> None:
        self._policy: Any = policy
        self.copy: Any = None
        if not is_adapter:
            self.copy = copy.deepcopy(policy).requires_grad_(False)
            self.copy.train(False)

    @contextmanager
    def model(self) -> Iterator[nn.Module]:
        """The model to ask for reference log-probabilities; no gradient flows into it."""
        with torch.no_grad():
            if self.copy is not None:
                yield self.copy
                return
            was_training = self._policy.training
            self._policy.eval()  # no dropout in the reference
            try:
                with self._policy.disable_adapter():
                    yield self._policy
            finally:
                self._policy.train(was_training)

    def refresh(self) -> None:
        """Copy the policy's weights into the reference."""
        assert self.copy is not None, "an adapter's reference is its base model and cannot be refreshed"
        with torch.no_grad():
            for target, source in zip(self.copy.parameters(), self._policy.parameters(), strict=True):
                target.copy_(source)
