"""The public names are a promise: adding one is a decision, losing one a break."""

from __future__ import annotations

import importlib
import inspect

import tlpo

PUBLIC = [
    "ConfusionDetector",
    "Detection",
    "HeadSelector",
    "PromptRecord",
    "Span",
    "StreamingDetector",
    "TLPOConfig",
    "TLPOError",
    "TLPOTrainer",
    "TaskAdapter",
    "TaskEmbedding",
    "UserError",
    "__version__",
    "encode_prompt",
    "load_model",
    "load_prompts",
    "load_tokenizer",
]


def test_the_public_names_are_pinned() -> None:
    assert sorted(tlpo.__all__) == PUBLIC
    assert set(PUBLIC) <= set(dir(tlpo))


def test_every_public_name_resolves_and_is_documented() -> None:
    for name in PUBLIC:
        value = getattr(tlpo, name)
        if name != "__version__":
            assert inspect.getdoc(value), name
            assert value is getattr(importlib.import_module("tlpo"), name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(tlpo, "no_such_name")
