"""Token-Level Policy Optimization (TLPO): train a language model to stay in the language it is asked to write.

The public names below are loaded on first use (PEP 562), so that ``import tlpo`` and the detector cost no import of
torch. Everything else is reachable by its module path but may change between minor versions.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tlpo.confusion import ConfusionDetector as ConfusionDetector
    from tlpo.confusion import Detection as Detection
    from tlpo.confusion import Span as Span
    from tlpo.confusion import StreamingDetector as StreamingDetector
    from tlpo.data import PromptRecord as PromptRecord
    from tlpo.data import encode_prompt as encode_prompt
    from tlpo.data import load_prompts as load_prompts
    from tlpo.errors import TLPOError as TLPOError
    from tlpo.errors import UserError as UserError
    from tlpo.head_selection.adapter import TaskAdapter as TaskAdapter
    from tlpo.head_selection.embedding import TaskEmbedding as TaskEmbedding
    from tlpo.head_selection.selector import HeadSelector as HeadSelector
    from tlpo.modeling.load import load_model as load_model
    from tlpo.modeling.load import load_tokenizer as load_tokenizer
    from tlpo.training.config import TLPOConfig as TLPOConfig
    from tlpo.training.trainer import TLPOTrainer as TLPOTrainer

__version__ = "0.1.0"

_HOME = {
    "ConfusionDetector": "tlpo.confusion",
    "Detection": "tlpo.confusion",
    "HeadSelector": "tlpo.head_selection.selector",
    "PromptRecord": "tlpo.data",
    "Span": "tlpo.confusion",
    "StreamingDetector": "tlpo.confusion",
    "TLPOConfig": "tlpo.training.config",
    "TLPOError": "tlpo.errors",
    "TLPOTrainer": "tlpo.training.trainer",
    "TaskAdapter": "tlpo.head_selection.adapter",
    "TaskEmbedding": "tlpo.head_selection.embedding",
    "UserError": "tlpo.errors",
    "encode_prompt": "tlpo.data",
    "load_model": "tlpo.modeling.load",
    "load_prompts": "tlpo.data",
    "load_tokenizer": "tlpo.modeling.load",
}

__all__ = ["__version__", *sorted(_HOME)]  # pinned by tests/architecture/test_public_names.py


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'tlpo' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
