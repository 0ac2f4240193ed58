"""The options of ``tlpo heads``: what their help says is what happens, and each reaches its setting."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import Any, get_type_hints

import pytest

from tlpo.cli import heads
from tlpo.head_selection.settings import SelectorSettings
from tlpo.runs.heads.opening import OPTIONS
from tlpo.runs.heads.settings import AnalyzeOptions, EvaluateOptions, ExtractOptions

SECTIONS = {"extract": ExtractOptions, "fit": SelectorSettings, "evaluate": EvaluateOptions, "analyze": AnalyzeOptions}
PLACES = {"output", "task", "seed", "method", "device", "trust_remote_code"}  # decide where and how much, not how


def defaults() -> dict[str, Any]:
    """The default of every setting, by the name of its option."""
    return {
        OPTIONS.get((section, field.name), field.name): field.default
        for section, kind in SECTIONS.items()
        for field in fields(kind)
    }


@pytest.mark.parametrize("stage", heads.STAGES)
def test_every_option_is_a_setting_and_says_its_default(stage: str) -> None:
    known = defaults()
    for name, hint in get_type_hints(heads.STAGES[stage], include_extras=True).items():
        if name in PLACES or name == "return":
            continue
        assert name in known, name
        told = re.search(r"\[(.+)\]$", hint.__metadata__[0].help)
        if told is not None:
            assert told.group(1).replace("\\n", "\n") == format(
                known[name], "g" if isinstance(known[name], float) else ""
            )
        else:
            assert known[name] in ("", None)


def test_a_stage_has_the_options_of_those_before_it() -> None:
    seen: set[str] = set()
    for function in heads.STAGES.values():
        names = set(inspect.signature(function).parameters) - {"method", "lora_rank", "lora_learning_rate"}
        assert seen <= names
        seen = names
