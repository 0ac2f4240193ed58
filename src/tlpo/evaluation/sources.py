"""Where an evaluation is from: its model and the run that made it, how it was sampled, and with which software."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tlpo.loop.origin import origin_of

_SAMPLING = (
    "temperature", "num_samples", "top_p", "max_new_tokens", "seed", "template", "chat_template_kwargs", "gate",
    "instruction", "few_shot", "limit", "num_fewshot", "apply_chat_template", "dtype", "base",
)  # fmt: skip


def source_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """What an evaluation.json says of its origin; None for what it does not tell.

    Returns {"model", "adapter", "model_hash", "content_hash", "run", "settings", "versions", "git_commit"}. An older
    evaluation does not tell its run, which is then looked for where the model lies, if the path holds from anywhere.
    """
    names = ("model", "adapter", "model_hash", "content_hash", "git_commit")
    settings, place = report["settings"], str(report.get("adapter") or report.get("model") or "")
    known = report.get("run") if "run" in report or not Path(place).is_absolute() else origin_of(place)
    return {
        **{name: report.get(name) for name in names},
        "run": known,
        "settings": {name: settings[name] for name in _SAMPLING if name in settings},
        "versions": dict(report.get("versions") or {}),
    }
