"""Settings that make no sense are refused, all in one message; what decides the responses is all in the identity."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tlpo.data import PromptRecord
from tlpo.data.instructions import Shot
from tlpo.errors import UserError
from tlpo.evaluation.settings import AuditSettings

PROMPTS = [PromptRecord(0, "왜?", "ko")]


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(UserError) as caught:
        AuditSettings("m", english="neutrl", num_samples=0, temperature=-1, top_p=0, max_new_tokens=0, template="Q")
    message = str(caught.value)
    for part in ("'neutrl' (did you mean 'neutral'?)", "num_samples is 0", "temperature is -1", "top_p is 0"):
        assert part in message
    for part in ("max_new_tokens is 0", "template 'Q' lacks the placeholder {prompt}"):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("temperature", [float("nan"), float("inf")])
def test_temperature_is_a_number(temperature: float) -> None:
    with pytest.raises(UserError, match="temperature"):
        AuditSettings("m", temperature=temperature)


def test_greedy_samples_are_all_alike() -> None:
    with pytest.raises(UserError, match="greedy samples are all alike"):
        AuditSettings("m", temperature=0, num_samples=2)


def test_identity_follows_settings_and_prompts() -> None:
    settings = AuditSettings("hub/model")
    identity = settings.identity(PROMPTS)
    assert identity == settings.identity([PromptRecord(0, "왜?", "ko", id="elsewhere")])
    assert identity != settings.identity([PromptRecord(0, "왜??", "ko")])
    assert identity != settings.identity([PromptRecord(0, "왜?", "ja")])
    assert identity != replace(settings, seed=1).identity(PROMPTS)
    assert identity != replace(settings, chat_template_kwargs={"thinking": False}).identity(PROMPTS)
    assert identity != replace(settings, gate=True).identity(PROMPTS)
    assert identity != replace(settings, instruction="Answer in {language}.").identity(PROMPTS)
    assert identity != replace(settings, revision="v2").identity(PROMPTS)
    shot = replace(settings, few_shot=(Shot("a", "b", "ko"),))
    assert identity != shot.identity(PROMPTS) != replace(settings, few_shot=(Shot("a", "c", "ko"),)).identity(PROMPTS)
    # An audit begun before these options existed goes on.
    assert [identity[name] for name in ("gate", "instruction", "few_shot", "revision")] == [None] * 4


def test_identity_follows_the_weights_of_a_local_model(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"1")
    settings = AuditSettings(str(tmp_path))
    first = settings.identity(PROMPTS)
    (tmp_path / "README.md").write_text("a card")  # says nothing about the weights
    (tmp_path / "optimizer.pt").write_bytes(b"3")
    os.utime(weights, ns=(1, 1))  # copied, say
    assert settings.identity(PROMPTS) == first
    weights.write_bytes(b"2")
    os.utime(weights, ns=(2, 2))
    assert settings.identity(PROMPTS) != first
    # A name that is no folder here says all there is.
    assert AuditSettings("hub/model").identity(PROMPTS)["model_files"] is None


def test_an_adapter_saved_again_is_the_same_adapter(tmp_path: Path) -> None:
    """peft writes the modules' names, a set, in an order that differs from process to process."""
    config = tmp_path / "adapter_config.json"
    found = []
    for modules, rank in ((["q", "v", "o"], 8), (["v", "o", "q"], 8), (["v", "o", "q"], 16)):
        config.write_text(json.dumps({"target_modules": modules, "r": rank}, indent=2))
        found.append(AuditSettings("m", adapter=str(tmp_path)).identity(PROMPTS)["adapter_files"])
    assert found[0] == found[1] != found[2]
