"""The run that a trained model is from, found by where the model lies: in the run's folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from tlpo.loop.run_folder import CONFIG_FILE

_OPTIONS = ("method", "model", "seed", "learning_rate", "temperature")


def origin_of(model: str) -> dict[str, Any] | None:
    """What the run's folder says of the model in it; None where the model, or adapter, lies in no run's folder.

    Returns {"folder", "method", "model", "seed", "learning_rate", "temperature", "git_commit"}: the model is the one
    before training, the temperature that of the roll-out, if the method has one. What the run did not note is None.
    """
    place = Path(os.path.abspath(model))
    path = place.parent / CONFIG_FILE
    if not place.is_dir() or not path.is_file():
        return None
    try:
        recorded = yaml.safe_load(path.read_text(encoding="utf-8"))
        options = {name: recorded["config"].get(name) for name in _OPTIONS}
        if recorded["config"].get("data"):  # whose responses were sampled beforehand
            options["temperature"] = None
        return {"folder": str(place.parent), **options, "git_commit": recorded.get("git_commit")}
    except (OSError, yaml.YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        return None  # another program's file of that name
