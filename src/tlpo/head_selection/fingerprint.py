"""Which model an adapter belongs to: told by its weights, because names and folders change and files are moved."""

from __future__ import annotations

import hashlib
from typing import Any

import torch
from torch import nn

from tlpo.head_selection.injection import bare_model

_SAMPLES = 16


def fingerprint(model: nn.Module) -> str:
    """A digest of some values of every weight, the same for float32 and bfloat16 copies of the same file.

    Values are rounded to bfloat16. LoRA weights around the model do not count.
    """
    digest = hashlib.sha256()
    for name, weight in bare_model(model).named_parameters():
        if "lora_" in name or not weight.dtype.is_floating_point:
            continue
        values = weight.detach().flatten()
        sample = values[:: max(1, len(values) // _SAMPLES)][:_SAMPLES]
        digest.update(sample.to("cpu", torch.bfloat16).view(torch.int16).numpy().tobytes())
    return digest.hexdigest()[:16]


def model_name(model: Any) -> str:
    """What the model was loaded from: a hub id or a folder."""
    config = getattr(model, "config", None)
    return str(getattr(config, "_name_or_path", "") or type(model).__name__)


def model_revision(model: Any) -> str | None:
    """The hub's commit that the model was loaded from, if it came from there."""
    found = getattr(getattr(model, "config", None), "_commit_hash", None)
    return None if found is None else str(found)
