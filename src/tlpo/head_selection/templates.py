"""How a task is written as text, with examples and without (the prompt format of arXiv 2507.20906)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tlpo.errors import UserError

if TYPE_CHECKING:
    from tlpo.head_selection.tasks import Example


@dataclass(frozen=True)
class Template:
    r"""Blocks of two lines, ``Q: x\nA: y``, one after the other; the query's block ends after ``A:``.

    Attributes:
        input_prefix: what stands before the input.
        output_prefix: what stands before the answer. Its trailing space belongs to the answer, because most tokenizers
            write a word and the space before it as one token.
        separator: what stands between two blocks. It begins with ``stop``.
        stop: the text at which an answer ends.

    Raises:
        UserError: the separator does not begin with the stop, so that no answer in the examples would end.
    """

    input_prefix: str = "Q: "
    output_prefix: str = "A: "
    separator: str = "\n\n"
    stop: str = "\n"

    def __post_init__(self) -> None:
        if not self.stop or not self.separator.startswith(self.stop):
            raise UserError(f"the template's separator {self.separator!r} does not begin with its stop {self.stop!r}")
        if not self.output_prefix.strip():
            raise UserError("the template's output_prefix is empty: give text that stands before the answer")

    def zero_shot(self, x: str) -> str:
        """The prompt for input ``x`` without examples."""
        return f"{self.input_prefix}{x}\n{self.output_prefix.rstrip()}"

    def few_shot(self, demos: Sequence[Example], x: str) -> str:
        """The prompt for input ``x`` after the blocks of ``demos``; without demos it is ``zero_shot(x)``."""
        blocks = [self.zero_shot(demo.input) + self.answer(demo.output) for demo in demos]
        return self.separator.join([*blocks, self.zero_shot(x)])

    def answer(self, y: str) -> str:
        """What follows the prompt when the answer is ``y``: a space and ``y``, without the stop."""
        return self.output_prefix[len(self.output_prefix.rstrip()) :] + y
