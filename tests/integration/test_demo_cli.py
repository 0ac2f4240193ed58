"""``tlpo demo`` on a tiny model: what it writes and shows, and that it goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.models import tiny_model, tokenizer

from tlpo.cli.main import main
from tlpo.evaluation import audit as audit_module


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_model().save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def run(model: Path, output: Path) -> int:
    options = ["--model", str(model), "--output", str(output), "--language", "ko", "--num_prompts", "4"]
    return main(["demo", *options, "--num_samples", "1", "--max_steps", "1", "--max_new_tokens", "6"])


def test_demo_from_start_to_end_and_once_more(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "demo"
    assert run(model, output) == 0
    for name in ("before/report.html", "after/report.html", "final/model.safetensors", "final/README.md"):
        assert (output / name).is_file(), name
    comparison = json.loads((output / "comparison.json").read_text())
    assert comparison["audits"]["overall"]["prompts"] == 4
    assert set(comparison["nll"]) == {"ko", "en"}  # of the bundled prompts
    printed = capsys.readouterr().out
    for shown in ("confusion rate", "target letters", "digits", "mean length", "distinct-2", "NLL of clean text, ko"):
        assert shown in printed
    assert str(output / "final") in printed

    monkeypatch.setattr(audit_module, "_generate", lambda *args: pytest.fail("sampled again"))
    assert run(model, output) == 0  # nothing is done twice
    assert "confusion rate" in capsys.readouterr().out


def test_a_language_without_bundled_prompts(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--model", str(model), "--language", "ka", "--output", str(tmp_path / "demo")]) == 2
    assert "no prompts are bundled for 'ka'" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()
