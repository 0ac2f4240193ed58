"""The options that all methods share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlpo.baselines.config import SFTArguments
from tlpo.loop.config import MethodConfig
from tlpo.training.config import TLPOConfig


@pytest.mark.parametrize("kind", [TLPOConfig, SFTArguments])
def test_a_line_break_in_a_template_can_be_spelt_on_the_command_line(kind: type[MethodConfig], tmp_path: Path) -> None:
    """A shell passes backslash and n on as they stand; every other command takes them for a line break, too."""
    template = "질문: {prompt}\\n\\n답변:\n"
    args = kind(output_dir=str(tmp_path), use_cpu=True, prompt_template=template)
    assert args.prompt_template == "질문: {prompt}\n\n답변:\n"
    assert kind(output_dir=str(tmp_path), use_cpu=True).prompt_template is None
