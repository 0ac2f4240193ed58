"""What is checked and made ready before the first step, whatever the method."""

from __future__ import annotations

import copy
import logging
import os
from typing import TYPE_CHECKING, Any

import torch

from tlpo.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, TrainingArguments

logger = logging.getLogger(__name__)

_HALF = (torch.float16, torch.bfloat16)


def with_master_weights(model: PreTrainedModel) -> PreTrainedModel:
    """The model with weights in fp32 if all of it is trained: with the option bf16 they are the copy under autocast.

    In 16 bits most weights would not move: an update is smaller than half the distance to the next number. An adapter
    is in fp32 already, and its frozen base may stay as it is. What reads images or sounds is frozen.

    Raises:
        UserError: for a model without any weight to train.
    """
    refuse_frozen(model)
    _freeze_other_modalities(model)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    if not hasattr(model, "disable_adapter") and any(weight.dtype in _HALF for weight in trained):
        logger.warning("the model's 16-bit weights are trained in float32; for 16-bit computation set bf16")
        model.to(torch.float32)  # type: ignore[arg-type]
    return model


def _freeze_other_modalities(model: PreTrainedModel) -> None:
    """Text gives the rest no gradient, which several processes would wait for and an adapter would save for nothing."""
    bare: Any = model.get_base_model() if hasattr(model, "disable_adapter") else model  # type: ignore[operator]
    if bare.config.get_text_config() is bare.config:
        return
    kept = [module for module in (bare.get_decoder(), bare.get_output_embeddings()) if module is not None]
    text = {id(weight) for module in kept for weight in module.parameters()}
    for weight in model.parameters():
        if id(weight) not in text:
            weight.requires_grad_(False)


def without_dropout(model: PreTrainedModel) -> PreTrainedModel:
    """The model with its dropout at 0, but for an adapter's own.

    The reference and the exploration have none: the policy would be held against noise, and its ratio to itself would
    not be 1.
    """
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Dropout) and "lora_dropout" not in name:
            module.p = 0.0
    return model


def refuse_frozen(model: PreTrainedModel) -> None:
    """Raises UserError for a model without any weight to train."""
    if not any(weight.requires_grad for weight in model.parameters()):
        raise UserError(
            "the model has no weight to train: all are frozen, as those of an adapter's folder are once it is loaded; "
            "load the adapter with peft.PeftModel.from_pretrained(..., is_trainable=True), or merge it into its base"
        )


def check_adapter(model: PreTrainedModel, peft_config: Any) -> None:
    """Try the adapter on an empty likeness of the model, so that nothing is computed before it fails.

    Raises:
        UserError: the model has no such modules, or is an adapter already and is asked to get another one.
    """
    if peft_config is None:
        return
    if hasattr(model, "peft_config"):
        raise UserError(
            "the model is an adapter already, and lora would put another one on top: merge it into its base "
            "(merge_and_unload) and train that"
        )
    from peft import get_peft_model

    tensors = [*model.parameters(), *model.buffers()]
    empty: dict[int, Any] = {id(one): _empty(one) for one in tensors}
    try:
        get_peft_model(copy.deepcopy(model, empty), copy.deepcopy(peft_config))
    except ValueError as error:
        raise UserError(f"the adapter does not fit the model: {' '.join(str(error).split())[:200]}") from None


def _empty(tensor: torch.Tensor) -> torch.Tensor:
    bare = torch.empty_like(tensor, device="meta")
    return torch.nn.Parameter(bare, requires_grad=False) if isinstance(tensor, torch.nn.Parameter) else bare


def room_for_prompt(model: PreTrainedModel, max_new_tokens: int, beyond: int = 0) -> int | None:
    """The longest prompt, in tokens, that leaves room for a response and ``beyond`` tokens after it; None if the model
    states no limit.

    Raises:
        UserError: when not even one prompt token is left.
    """
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if limit is None:
        return None
    if limit <= max_new_tokens + beyond:
        look_ahead = f", of which the look-ahead needs {beyond}" if beyond else ""
        raise UserError(
            f"max_new_tokens is {max_new_tokens}, but the model's context holds {limit} tokens{look_ahead}: lower it"
        )
    return int(limit - max_new_tokens - beyond)


def refuse_several_gpus(args: TrainingArguments) -> None:
    """Raises UserError where the Trainer would spread one process over several GPUs."""
    if args.n_gpu > 1:
        raise UserError(
            f"{args.n_gpu} GPUs in one process: start one process a GPU with 'torchrun --nproc_per_node {args.n_gpu}' "
            "or 'accelerate launch', or make one visible with CUDA_VISIBLE_DEVICES=0"
        )


def refuse_sharding(args: TrainingArguments) -> None:
    """Raises UserError where the weights would be sharded, by the options or by the launcher's environment."""
    launched = [os.environ.get(f"ACCELERATE_USE_{kind}", "false") for kind in ("FSDP", "DEEPSPEED")]
    if args.fsdp or args.deepspeed or any(value.lower() in ("1", "true", "yes") for value in launched):
        raise UserError(
            "FSDP and DeepSpeed are not supported, since processes decode unequal numbers of steps, which sharded "
            "weights do not allow: use plain data parallelism (torchrun), with an adapter if the memory is short"
        )
