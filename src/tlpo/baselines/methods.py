"""The four as methods of a run: what they take in, what they refuse, and their trainers."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from tlpo.baselines.config import GRPOArguments
from tlpo.baselines.records import load_material, warn_of_other_rules
from tlpo.data.encoded import EncodedPrompt, encode_dataset
from tlpo.errors import UserError, missing_extra
from tlpo.loop.run import prompt_rows, prompts_of
from tlpo.loop.setup import (
    check_adapter,
    refuse_frozen,
    refuse_several_gpus,
    refuse_sharding,
    room_for_prompt,
    with_master_weights,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tlpo.baselines.tokens import EncodedExample
    from tlpo.loop.config import MethodConfig, RunConfig

    Reward = Callable[..., list[float | None]]

TRL = "1.16"
"""The version whose trainers are extended: what is overridden changes between minor versions."""
TOLD = {
    "sft": "Trained by supervised fine-tuning on responses in the language (TRL's SFTTrainer).",
    "dpo": "Trained with Direct Preference Optimization (DPO, arXiv 2305.18290, TRL's DPOTrainer): a response in the "
    "language against one that leaves it.",
    "orpo": "Trained with Odds Ratio Preference Optimization (ORPO, arXiv 2403.07691, TRL's ORPOTrainer): a response "
    "in the language against one that leaves it.",
    "grpo": "Trained with Group Relative Policy Optimization (GRPO, arXiv 2402.03300, TRL's GRPOTrainer): sampled "
    "responses are rewarded for staying in the language.",
}
"""A sentence on each method for the model card."""


def check_inputs(
    run: RunConfig, args: MethodConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> None:
    """Refuse what the trainer would refuse, before anything is computed or written.

    Raises:
        UserError: TRL is not installed, or another version; there is more than one GPU in the process; the data cannot
            be used or does not fit.
    """
    if args.eval_strategy != "no":
        raise UserError(
            f"eval_strategy is '{args.eval_strategy}', but {run.method} is not evaluated on the way: leave it out, the "
            "audits before and after evaluate"
        )
    check_trl()
    refuse_sharding(args)
    refuse_several_gpus(args)
    if run.lora:
        check_adapter(model, run.peft_config())
    else:
        refuse_frozen(model)
    if isinstance(args, GRPOArguments):
        from tlpo.baselines.groups import order_of_steps

        order_of_steps(len(_prompts(run, args, model, tokenizer)), args)
    else:
        _examples(run, args, model, tokenizer)


def make_trainer(
    run: RunConfig,
    args: MethodConfig,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    reward: Reward | None = None,
) -> Any:
    """The trainer of a run. reward: GRPO's, called with completions and the column ``language``."""
    from transformers import set_seed

    from tlpo.baselines import trl_trainers

    set_seed(args.seed)  # decides an adapter's random start, which comes before TRL's own seeding
    model = with_master_weights(model)
    common = {"processing_class": tokenizer, "peft_config": run.peft_config()}
    if isinstance(args, GRPOArguments):
        from tlpo.baselines.groups import GroupRollouts, order_of_steps

        prompts = _prompts(run, args, model, tokenizer)
        order = [(place, prompts[place].language) for place in order_of_steps(len(prompts), args)]
        assert reward is not None
        trainer: Any = trl_trainers.GRPO(model, args, GroupRollouts(prompts, args, tokenizer), order, reward, **common)
    else:
        kind: Any = {"sft": trl_trainers.SFT, "dpo": trl_trainers.DPO, "orpo": trl_trainers.ORPO}[run.method]
        trainer = kind(model, args, _examples(run, args, model, tokenizer), **common)
        if args.process_index == 0:
            warn_of_other_rules(run, args)
            spent = load_material(run, args).rollouts
            trainer.rollouts.add(responses=spent.responses, tokens=spent.tokens)
    return trainer


def languages(run: RunConfig, args: MethodConfig) -> list[str]:
    """The codes of the answers' languages that a run trains on."""
    if isinstance(args, GRPOArguments):
        return list(dict.fromkeys(record.language for record in prompts_of(run)))
    return load_material(run, args).languages


def check_trl() -> None:
    """Raises UserError where TRL is not installed, or another version of it."""
    try:
        found = version("trl")
    except PackageNotFoundError:
        raise missing_extra("trl", "trl") from None
    if found.split(".")[:2] != TRL.split("."):
        raise UserError(
            f"TRL {found} is installed, but the methods to compare with are written for TRL {TRL}: "
            f"pip install 'trl=={TRL}.*' (Python 3.11 or newer)"
        )


def _prompts(
    run: RunConfig, args: MethodConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> list[EncodedPrompt]:
    return encode_dataset(
        prompt_rows(prompts_of(run)),
        tokenizer,
        template=args.prompt_template,
        default_language=None,
        max_tokens=room_for_prompt(model, args.max_new_tokens),
        chat_template_kwargs=args.template_options,
    )


def _examples(
    run: RunConfig, args: MethodConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> list[EncodedExample]:
    from tlpo.baselines.tokens import encode_examples

    room = room_for_prompt(model, args.max_new_tokens)
    return encode_examples(load_material(run, args).examples, args, model, tokenizer, room=room)
