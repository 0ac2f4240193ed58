"""The command that a model card shows."""

from __future__ import annotations

import pytest

from tlpo.cli.train import public_command


@pytest.mark.parametrize("secret", [["--hub_token", "abc"], ["--hub_token=abc"], ["--hub-token", "abc"]])
def test_the_command_on_the_card_holds_no_token(secret: list[str]) -> None:
    kept = ["--model", "m", "--include_sampled_token", "false", *secret, "--output_dir", "out put"]
    expected = "tlpo train --model m --include_sampled_token false --output_dir 'out put'"
    assert public_command(kept) == public_command([*kept, *secret]) == expected
