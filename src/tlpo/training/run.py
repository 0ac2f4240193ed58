"""TLPO as one of the methods of a run: its trainer, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tlpo.data.encoded import encode_dataset
from tlpo.errors import UserError
from tlpo.loop.run import held_out_prompts, languages_of, prompt_rows, prompts_of
from tlpo.loop.setup import check_adapter, refuse_frozen, refuse_several_gpus, refuse_sharding
from tlpo.training.dataset import prompt_order
from tlpo.training.setup import check_context, refuse_refreshed_base
from tlpo.training.trainer import TLPOTrainer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tlpo.data import PromptRecord
    from tlpo.loop.config import RunConfig
    from tlpo.training.config import TLPOConfig


def make_trainer(
    run: RunConfig, args: TLPOConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> TLPOTrainer:
    """The trainer of a run, on its training prompts; ``eval_strategy`` evaluates on the held-out ones."""
    return TLPOTrainer(
        model,
        args,
        train_dataset=prompt_rows(prompts_of(run)),
        eval_dataset=prompt_rows(_evaluated(run, args)) or None,
        processing_class=tokenizer,
        peft_config=run.peft_config(),
    )


def _evaluated(run: RunConfig, args: TLPOConfig) -> list[PromptRecord]:
    """The held-out prompts that the run evaluates on as it goes: none without ``eval_strategy``."""
    if args.eval_strategy == "no":
        return []
    prompts = held_out_prompts(run, languages_of(run))
    if not prompts:
        raise UserError(
            f"eval_strategy is '{args.eval_strategy}', but audit_prompts 0 leaves no prompt to evaluate on: raise it"
        )
    return prompts


def check_inputs(run: RunConfig, args: TLPOConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse what the trainer would refuse, before anything is computed or written.

    Raises:
        UserError: when the options do not go together or ask for what is not supported, the group exceeds the
            vocabulary, a prompt cannot be used or does not fit the context, or the prompts are too few.
    """
    refuse_sharding(args)
    refuse_several_gpus(args)
    if run.lora:
        refuse_refreshed_base(args)
        check_adapter(model, run.peft_config())
    else:
        refuse_frozen(model)
    trained = prompt_rows(prompts_of(run))
    encode_dataset(
        trained + prompt_rows(_evaluated(run, args)),
        tokenizer,
        template=args.prompt_template,
        default_language=None,
        max_tokens=check_context(model, args),
        chat_template_kwargs=args.template_options,
    )
    prompt_order(len(trained), args, lambda: 0)
