"""The model card says what it was told and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.evaluation.records import confused, response

from tlpo.errors import UserError
from tlpo.evaluation.compare_audits import compare_audits
from tlpo.reports.model_card import render_model_card, write_model_card

BARE: dict[str, Any] = {"base_model": "org/base-1b", "languages": ["ko"]}


def front_matter(card: str) -> dict[str, Any]:
    _, head, _ = card.split("---\n", 2)
    found = yaml.safe_load(head)
    assert isinstance(found, dict)
    return found


def test_front_matter() -> None:
    assert front_matter(render_model_card(BARE)) == {
        "base_model": "org/base-1b",
        "language": ["ko"],
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["tlpo", "language-confusion"],
    }
    adapter = front_matter(render_model_card({**BARE, "adapter": True, "license": "gemma", "tags": ["lora"]}))
    assert (adapter["library_name"], adapter["base_model_relation"]) == ("peft", "adapter")
    assert adapter["license"] == "gemma"
    assert adapter["tags"] == ["tlpo", "language-confusion", "lora"]


def test_no_facts_no_figures() -> None:
    card = render_model_card(BARE)
    body = card.split("---\n", 2)[2].replace("base-1b", "").replace("2604.26553", "")
    assert not any(character.isdigit() for character in body)
    assert "##" not in body
    assert "None" not in card


def test_figures_recipe_command_and_versions() -> None:
    before = [confused(0, "a 가", 0, 1), response(1, "나 1")]
    comparison = compare_audits(before, [response(0, "가가"), response(1, "나나")])
    nll = {code: {"before": 4.45, "after": 4.47, "change": 0.02, "ci95": [0.01, 0.03]} for code in ("ko", "en")}
    card = render_model_card(
        {
            **BARE,
            "english": "confusion",
            "sampling": {"temperature": 1.0},
            "comparison": comparison,
            "nll": nll,
            "recipe": {"learning_rate": 1e-5, "prompt_template": "질문: {prompt}\n답변:"},
            "command": "tlpo train --config run.yaml",
            "seed": 7,
            "versions": {"tlpo": "0.1.0", "torch": "2.13.0"},
        }
    )
    assert "# base-1b, trained to stay in Korean" in card
    assert "### Korean: 2 prompts" in card
    assert "| Confusion rate | 50.0 % | 0.0 % | -50.0 | -100.0 to 0.0 |" in card
    assert "| Target-language letters | 50.0 % | 100.0 % | +50.0 | +50.0 to +50.0 |" in card
    assert "| NLL of clean text (nats a token) | 4.450 | 4.470 | +0.020 | +0.010 to +0.030 |" in card
    assert "| NLL of clean text, English (nats a token) | 4.450 | 4.470 |" in card
    assert "English counts as confusion." in card
    assert "| learning_rate | `1e-05` |" in card
    assert "`질문: {prompt}\\n답변:`" in card
    assert "```sh\ntlpo train --config run.yaml\n```" in card
    assert "Seed: 7." in card
    assert "tlpo 0.1.0, torch 2.13.0" in card


@pytest.mark.parametrize("name", ["base_model", "languages"])
def test_what_a_card_cannot_do_without(name: str) -> None:
    with pytest.raises(UserError, match=name):
        render_model_card({key: value for key, value in BARE.items() if key != name})


def test_it_is_written_as_readme(tmp_path: Path) -> None:
    path = write_model_card(tmp_path, BARE)
    assert path == tmp_path / "README.md"
    assert path.read_text(encoding="utf-8") == render_model_card(BARE)
