"""TLPO as one of the methods of a run: its trainer, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tlpo.data.encoded import encode_dataset
from tlpo.loop.run import prompt_rows, prompts_of
from tlpo.training.setup import check_context
from tlpo.training.trainer import TLPOTrainer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tlpo.loop.config import RunConfig
    from tlpo.training.config import TLPOConfig


def make_trainer(
    run: RunConfig, args: TLPOConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> TLPOTrainer:
    """The trainer of a run, on its training prompts."""
    return TLPOTrainer(
        model,
        args,
        train_dataset=prompt_rows(prompts_of(run)),
        processing_class=tokenizer,
        peft_config=run.peft_config(),
    )


def check_inputs(run: RunConfig, args: TLPOConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse what the trainer would refuse, before anything is computed or written.

    Raises:
        UserError: when the group exceeds the vocabulary, or a prompt cannot be used or does not fit the context.
    """
    encode_dataset(
        prompt_rows(prompts_of(run)),
        tokenizer,
        template=args.prompt_template,
        default_language=None,
        max_tokens=check_context(model, args),
        chat_template_kwargs=args.template_options,
    )
