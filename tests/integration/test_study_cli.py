"""A whole study of a tiny model by its real commands, killed once; and `tlpo compare` on what it leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from tests.commands import save_tiny_model

from tlpo.cli.main import main

TLPO = [sys.executable, "-m", "tlpo.cli.main"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    model = save_tiny_model(tmp_path / "model")
    study = {
        "title": "Tiny",
        "model": str(model),
        "language": "ko",
        "rollout_budget": 16,
        "validation_prompts": 4,
        "resamples": 200,
        "train": {
            "max_new_tokens": 8, "per_device_train_batch_size": 4, "max_steps": 1, "use_cpu": True,
            "english": "confusion",
        },
        "sample": {"num_prompts": 4, "num_samples": 4, "max_new_tokens": 8, "english": "confusion", "temperature": 1.0},
        "evaluate": {
            "num_prompts": 5, "num_samples": 2, "temperature": 1, "max_new_tokens": 8, "english": "confusion",
            "profiles": ["default"], "clean_text": [f"ko={_clean(tmp_path)}"],
        },
        "methods": {
            "base": {"method": "base"},
            "SFT": {"method": "sft", "learning_rate": 1e-3},
            "TLPO": {"method": "tlpo", "learning_rate": 1e-3, "train": {"num_generations": 4}},
        },
    }  # fmt: skip
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(study, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def _clean(folder: Path) -> Path:
    path = folder / "clean.ko.txt"
    path.write_text("오늘은 날씨가 좋아요.\n한국어를 배우는 것은 재미있어요.\n", encoding="utf-8")
    return path


def _records(output: Path) -> dict[str, dict[str, object]]:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in output.glob("cells/*/stage.json")]
    return {f"{record['label']}, {record['kind']}": record for record in found}


@pytest.mark.slow
def test_a_study_killed_and_resumed(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "study"
    words = [*TLPO, "study", "--config", str(config), "--output", str(output)]
    log = tmp_path / "log"
    with log.open("w") as file:
        first = subprocess.Popen(words, stdout=file, stderr=file)
        deadline = time.monotonic() + 200
        while "SFT, 0.001, seed 0, train begins" not in log.read_text(encoding="utf-8"):
            assert first.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.1)
        first.send_signal(signal.SIGKILL)
        first.wait()
    before = _records(output)
    assert {name: record["status"] for name, record in before.items()} == {
        "base, evaluate": "done", "data, seed 0, sample": "done", "SFT, 0.001, seed 0, train": "stopped",
    }  # fmt: skip

    second = subprocess.run(words, capture_output=True, text=True, check=False, timeout=400)
    assert second.returncode == 0, second.stdout + second.stderr
    after = _records(output)
    assert {record["status"] for record in after.values()} == {"done"}
    assert len(after) == 6
    for name in ("base, evaluate", "data, seed 0, sample"):  # not done again
        assert after[name]["attempts"] == 1
    assert after["SFT, 0.001, seed 0, train"]["attempts"] == 2

    found = json.loads((output / "comparison/comparison.json").read_text(encoding="utf-8"))
    assert [method["label"] for method in found["methods"]] == ["base", "SFT", "TLPO"]
    assert found["axes"] == {"consistency": "consistency", "likelihood": "nll"}
    notes = found["study"]["notes"]
    assert notes[0].startswith(
        "Sampled responses a training run: 16, equal for 2 trained methods, within the budget of 16. Tokens sampled"
    )
    # 96 of the 100 bundled training prompts are trained on, the first 5 held-out ones evaluated.
    assert notes[1].startswith("Of 96 training prompts none is or resembles one of the 5 evaluation prompts; none")
    assert {"tokens sampled", "tokens explored"} <= set(found["study"]["methods"]["TLPO"])
    assert "The base model (base)" in second.stdout

    # The same comparison by hand, from the evaluation folders.
    runs = [str(path) for path in sorted(output.glob("cells/*/evaluation"))]
    capsys.readouterr()
    assert main(["compare", *runs, "--output", str(tmp_path / "by_hand"), "--resamples", "200"]) == 0
    assert str(tmp_path / "by_hand/comparison.html") in capsys.readouterr().out
    by_hand = json.loads((tmp_path / "by_hand/comparison.json").read_text(encoding="utf-8"))
    values = [
        {label: told["value"] for label, told in comparison["figures"][0]["methods"].items()}
        for comparison in (found, by_hand)
    ]
    assert values[0] == values[1]


def test_what_cannot_run_is_told_before_the_first_stage(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "study"
    words = ["study", "--config", str(config), "--output", str(output), "--dry_run"]
    assert main([*words, "--set", "evaluate.num_sampels=4", "--set", "sample.num_sampels=4"]) == 2
    told = capsys.readouterr().err
    assert "sample: no such option: 'num_sampels' (did you mean 'num_samples'?)" in told
    assert "evaluate: no such option: 'num_sampels' (did you mean 'num_samples'?)" in told
    assert main([*words, "--set", "rollout_budget=24"]) == 2
    assert "rollout_budget is 24, but 16 responses (4 prompts x 4) are sampled for SFT" in capsys.readouterr().err
    output.write_text("notes", encoding="utf-8")
    assert main(words[:-1]) == 2
    assert capsys.readouterr().err == f"error: {output} is a file, or lies in one: give another output folder\n"


def test_what_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    assert "is no evaluation, and it holds none" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["study", "--config", str(tmp_path / "none.yaml")]) == 2
    assert "no such config file" in capsys.readouterr().err


def test_a_dry_run_leaves_nothing_behind(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "--config", str(config), "--output", str(tmp_path / "study"), "--dry_run"]) == 0
    told = capsys.readouterr().out
    assert "0 of 5 done" in told
    assert "roll-out budget: 16 responses a training run" in told
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("max_hours", ["0"])
def test_an_unfinished_study_has_a_status_of_its_own(config: Path, tmp_path: Path, max_hours: str) -> None:
    words = ["study", "--config", str(config), "--output", str(tmp_path / "study"), "--max_hours", max_hours]
    assert main(words) == 75
