"""Options of the `tlpo heads` commands, in the sections that the output folder keeps apart."""

from __future__ import annotations

from dataclasses import dataclass

from tlpo.errors import UserError
from tlpo.head_selection.settings import LARGEST_RATE
from tlpo.head_selection.templates import Template
from tlpo.modeling.load import check_dtype


@dataclass(frozen=True)
class ExtractOptions:
    """How task embeddings are made.

    model: short name, folder or hub id. revision: of a hub model. dtype: float32, bfloat16, float16 or auto.
    template: how a task is written, see `parse_template`. num_prompts, shots: few-shot prompts and examples in each.
    """

    model: str = ""
    revision: str | None = None
    dtype: str = "float32"
    template: str = "Q: {input}\nA: {output}\n\n"
    num_prompts: int = 50
    shots: int = 10

    def __post_init__(self) -> None:
        check_dtype(self.dtype)
        parse_template(self.template)
        _at_least_one(num_prompts=self.num_prompts, shots=self.shots)


@dataclass(frozen=True)
class EvaluateOptions:
    """How methods are compared.

    max_new_tokens: longest answer. threshold: alpha up to it is low. batch_size: prompts answered together.
    items: only so many test items of each task, from the first; 0 for all.
    lora_rank, lora_alpha, lora_learning_rate: of the LoRA baseline.
    """

    max_new_tokens: int = 20
    threshold: float = 0.5
    batch_size: int = 32
    items: int = 0
    lora_rank: int = 8
    lora_alpha: int = 16
    lora_learning_rate: float = 1e-3

    def __post_init__(self) -> None:
        _at_least_one(max_new_tokens=self.max_new_tokens, batch_size=self.batch_size, lora_rank=self.lora_rank)
        if not 0 <= self.threshold < 1:
            raise UserError(f"threshold is {self.threshold}: give a number from 0 to below 1")
        if self.items < 0:
            raise UserError(f"items is {self.items}: give 0 for all, or how many")
        if not 0 < self.lora_learning_rate <= LARGEST_RATE:
            raise UserError(
                f"lora_learning_rate is {self.lora_learning_rate}: give a number above 0, at most {LARGEST_RATE}"
            )


@dataclass(frozen=True)
class AnalyzeOptions:
    """What is analyzed. draws: random selections a task. inter_items: test items a task in the matrix; 0 for all."""

    draws: int = 5
    inter_items: int = 0

    def __post_init__(self) -> None:
        _at_least_one(draws=self.draws)
        if self.inter_items < 0:
            raise UserError(f"inter_items is {self.inter_items}: give 0 for all, or how many")


def parse_template(text: str) -> Template:
    r"""A template from one line, for example ``Q: {input}\nA: {output}\n\n``.

    What stands before ``{input}`` opens a block; a line feed and what follows it stand before ``{output}``; the rest
    stands between two blocks. An answer ends at the first line feed.

    Raises:
        UserError: a placeholder is missing, or the pieces do not fit.
    """
    before, found_input, rest = text.partition("{input}")
    middle, found_output, separator = rest.partition("{output}")
    if not found_input or not found_output or not middle.startswith("\n") or not separator.startswith("\n"):
        raise UserError(
            f"the template {text!r} cannot be used: write it as 'Q: {{input}}\\nA: {{output}}\\n\\n', with a new line "
            "before the words that {output} follows, and one after it"
        )
    return Template(input_prefix=before, output_prefix=middle[1:], separator=separator)


def _at_least_one(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 1:
            raise UserError(f"{name} is {value}: give at least 1")
