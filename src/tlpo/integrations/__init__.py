"""The detector inside other people's training and generation loops.

- `language_consistency_reward`, `LanguageConsistencyReward`: a reward for TRL's ``GRPOTrainer`` (imports no torch).
- `ConfusionStoppingCriteria`: stops ``model.generate`` where a row leaves its language.
- `ConfusionLogitsProcessor`: forbids tokens of wrong scripts while decoding.

The last two import torch and transformers when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tlpo.integrations.reward import LanguageConsistencyReward, language_consistency_reward

if TYPE_CHECKING:
    from tlpo.integrations.gate import ConfusionLogitsProcessor
    from tlpo.integrations.stopping import ConfusionStoppingCriteria

__all__ = [
    "ConfusionLogitsProcessor",
    "ConfusionStoppingCriteria",
    "LanguageConsistencyReward",
    "language_consistency_reward",
]

_WITH_TORCH = {
    "ConfusionLogitsProcessor": "tlpo.integrations.gate",
    "ConfusionStoppingCriteria": "tlpo.integrations.stopping",
}


def __getattr__(name: str) -> Any:
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_WITH_TORCH[name]), name)
