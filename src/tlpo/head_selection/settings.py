"""How a selection is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tlpo.errors import UserError

LARGEST_RATE = 1000
"""Of learning rates: far beyond all that trains, and far below what float32 cannot hold."""
_COUNTS = ("steps", "batch_size", "validate_every", "patience", "max_new_tokens", "train_items", "valid_items")


@dataclass(frozen=True)
class SelectorSettings:
    """Options of `HeadSelector`.

    Attributes:
        steps: optimizer steps.
        batch_size: items a step, drawn without replacement, the tasks in turn.
        learning_rate: of Adam.
        validate_every: steps between two validations; the last step is validated, too.
        patience: validations without improvement after which training ends.
        loss: ``answer``, all tokens of the answer and its stop, or ``first_token``, the paper's.
        max_alpha: the largest alpha, which starts from half of it. 1 is the paper's; with more, a head can move beyond
            the task embedding, away from what it would have written: that is what stops an answer in time.
        max_new_tokens: longest answer in tokens; the rest of a longer one is not trained on.
        train_items: most training items of a task that are used.
        valid_items: most validation items of a task that are used.
        shortlist: over a large vocabulary (65,536 tokens or more) the training loss counts the tokens of all prompts
            and answers, and so many of the likeliest at each place of a validation; validation itself counts the whole
            vocabulary. 0 counts all of it always.
        seed: decides which items are used, and their order.

    Raises:
        UserError: values are out of range; all of them are named in one message.
    """

    steps: int = 100
    batch_size: int = 8
    learning_rate: float = 0.2
    validate_every: int = 25
    patience: int = 4
    loss: Literal["answer", "first_token"] = "answer"
    max_alpha: float = 2.0
    max_new_tokens: int = 20
    train_items: int = 256
    valid_items: int = 64
    shortlist: int = 256
    seed: int = 0

    def __post_init__(self) -> None:
        problems = [f"{name} is {getattr(self, name)}: give at least 1" for name in _COUNTS if getattr(self, name) < 1]
        if self.shortlist < 0:
            problems.append(f"shortlist is {self.shortlist}: give 0 or more")
        if not 0 < self.learning_rate <= LARGEST_RATE:
            problems.append(f"learning_rate is {self.learning_rate}: give a number above 0, at most {LARGEST_RATE}")
        if not 0.01 <= self.max_alpha <= 100:
            problems.append(f"max_alpha is {self.max_alpha}: give a number from 0.01 to 100; the paper's is 1")
        if self.loss not in ("answer", "first_token"):
            problems.append(f"loss is '{self.loss}': choose 'answer' or 'first_token'")
        if problems:
            raise UserError("; ".join(problems))
