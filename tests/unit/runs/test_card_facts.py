"""What the model card is told about a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlpo.loop.config import RunConfig
from tlpo.reports.model_card import render_model_card
from tlpo.runs.train import _facts
from tlpo.training.config import TLPOConfig


@pytest.mark.parametrize(
    ("model", "license_"), [("gemma-3-270m", "gemma"), ("smollm2-135m-instruct", "apache-2.0"), ("some/model", None)]
)
def test_the_license_of_the_models_with_short_names(model: str, license_: str | None, tmp_path: Path) -> None:
    args = TLPOConfig(output_dir=str(tmp_path), use_cpu=True, temperature=1.3, audit_temperature=0.7)
    facts = _facts(RunConfig(model=model, language=["ko"]), args, None, {}, "tlpo train")
    card = render_model_card(facts)
    assert (f"license: {license_}" in card) == (license_ is not None)
    assert ("license" in card) == (license_ is not None)
    assert facts["sampling"]["temperature"] == 0.7  # of the audits
    assert "points_per_prompt" in card


@pytest.mark.parametrize(("path", "which"), [(None, "bundled"), ("somewhere/else/test.jsonl", "test.jsonl")])
def test_the_card_says_what_was_trained_and_evaluated_on(path: str | None, which: str, tmp_path: Path) -> None:
    args = TLPOConfig(output_dir=str(tmp_path), use_cpu=True)
    run = RunConfig(model="m", language=["ko"], eval_prompts=path)
    found = {"train": 100, "evaluation": 60, "exact": 2, "near": 1}
    card = render_model_card(_facts(run, args, None, {}, None, found))
    told = f"of 100 training prompts 2 are among the 60 held-out ones ({which}) and 1 are near one"
    assert f"| contamination | `{told}` |" in card
    assert "contamination" not in render_model_card(_facts(run, args, None, {}, None))
