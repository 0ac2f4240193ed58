"""What the trainer does once, before the first step: the model, its adapter, its detectors, its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from tlpo.confusion import ConfusionDetector
from tlpo.errors import UserError
from tlpo.loop.setup import room_for_prompt
from tlpo.modeling.load import load_model, load_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tlpo.data.encoded import EncodedPrompt
    from tlpo.training.config import TLPOConfig


def as_model(
    model: PreTrainedModel | str, tokenizer: PreTrainedTokenizerBase | None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load what was given by name, in fp32."""
    if isinstance(model, str):
        tokenizer = tokenizer if tokenizer is not None else load_tokenizer(model)
        model = load_model(model, dtype="float32")
    if tokenizer is None:
        raise UserError("no tokenizer: pass it as processing_class, or pass the model by name")
    return model, tokenizer


def with_adapter(model: PreTrainedModel, peft_config: Any, args: TLPOConfig) -> PreTrainedModel:
    """Wrap the model for adapter training if a ``peft`` configuration is given.

    Raises:
        UserError: for an adapter together with a refreshed reference, which is the base model and cannot change.
    """
    if peft_config is not None:
        from peft import get_peft_model

        with torch.random.fork_rng():
            torch.manual_seed(args.seed)  # decides the adapter's random start; the Trainer seeds only after this
            model = get_peft_model(model, peft_config)
    if hasattr(model, "disable_adapter"):
        refuse_refreshed_base(args)
    return model


def refuse_refreshed_base(args: TLPOConfig) -> None:
    """Raises UserError where an adapter's reference, its base model, would have to be refreshed."""
    if args.ref_model_sync_steps:
        raise UserError(
            f"ref_model_sync_steps is {args.ref_model_sync_steps}, but an adapter's reference is its base model: "
            "set it to 0, or train the full model"
        )


def check_context(model: PreTrainedModel, args: TLPOConfig) -> int | None:
    """The longest prompt, in tokens, that leaves room for a response; None if the model states no limit.

    Raises:
        UserError: when not even one prompt token is left, or the group is larger than the vocabulary.
    """
    vocabulary = model.config.get_text_config().vocab_size
    if args.exploration.num_candidates > vocabulary:
        raise UserError(
            f"num_candidates is {args.num_candidates}, but the model's vocabulary has {vocabulary} tokens: "
            "choose a smaller number"
        )
    # A confusion point may be a response's last token, and the last token of a continuation is not read.
    return room_for_prompt(model, args.max_new_tokens, beyond=max(0, args.exploration.look_ahead - 1))


def detectors_for(
    prompts: Sequence[EncodedPrompt],
    given: ConfusionDetector | Mapping[str, ConfusionDetector] | None,
    args: TLPOConfig,
) -> dict[str, ConfusionDetector]:
    """One detector for each language among the prompts.

    Raises:
        UserError: when a mapping lacks one of the languages.
    """
    languages = sorted({prompt.language for prompt in prompts})
    if isinstance(given, ConfusionDetector):
        return dict.fromkeys(languages, given)
    if given is None:
        return {
            language: ConfusionDetector(language, english=args.english, strictness=args.strictness)
            for language in languages
        }
    if missing := [language for language in languages if language not in given]:
        raise UserError(f"no detector for {', '.join(missing)}: add it to the mapping, or pass detector=None")
    return {language: given[language] for language in languages}
