"""What the trainer does once, before the first step: the model, its adapter, its detectors, its limits."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from tlpo.confusion import ConfusionDetector
from tlpo.errors import UserError
from tlpo.modeling.load import load_model, load_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tlpo.training.config import TLPOConfig
    from tlpo.training.dataset import EncodedPrompt

logger = logging.getLogger(__name__)

_HALF = (torch.float16, torch.bfloat16)


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

        model = get_peft_model(model, peft_config)
    if hasattr(model, "disable_adapter") and args.ref_model_sync_steps:
        raise UserError(
            f"ref_model_sync_steps is {args.ref_model_sync_steps}, but an adapter's reference is its base model: "
            "set it to 0, or train the full model"
        )
    return model


def with_master_weights(model: PreTrainedModel) -> PreTrainedModel:
    """The model with weights in fp32 if all of it is trained: with the option bf16 they are the copy under autocast.

    In 16 bits most weights would not move: an update is smaller than half the distance to the next number. An adapter
    is in fp32 already, and its frozen base may stay as it is.

    Raises:
        UserError: for a model without any weight to train.
    """
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    if not trained:
        raise UserError(
            "the model has no weight to train: all are frozen, as those of an adapter's folder are once it is loaded; "
            "load the adapter with peft.PeftModel.from_pretrained(..., is_trainable=True), or merge it into its base"
        )
    if not hasattr(model, "disable_adapter") and any(weight.dtype in _HALF for weight in trained):
        logger.warning("the model's 16-bit weights are trained in float32; for 16-bit computation set bf16")
        model.to(torch.float32)  # type: ignore[arg-type]
    return model


def check_context(model: PreTrainedModel, args: TLPOConfig) -> int | None:
    """The longest prompt, in tokens, that leaves room for a response; None if the model states no limit.

    Raises:
        UserError: when not even one prompt token is left, or the group is larger than the vocabulary.
    """
    config = model.config.get_text_config()
    if args.num_candidates > config.vocab_size:
        raise UserError(
            f"num_candidates is {args.num_candidates}, but the model's vocabulary has {config.vocab_size} tokens: "
            "choose a smaller number"
        )
    limit = getattr(config, "max_position_embeddings", None)
    if limit is None:
        return None
    if limit <= args.max_new_tokens:
        raise UserError(
            f"max_new_tokens is {args.max_new_tokens}, but the model's context holds {limit} tokens: lower it"
        )
    return int(limit - args.max_new_tokens)


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
