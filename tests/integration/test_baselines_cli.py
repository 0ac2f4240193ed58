"""``tlpo train --method sft|dpo|orpo|grpo`` from the command line on a tiny model."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from tests.baselines import METHODS, sampled, write_lines
from tests.commands import Command, Pause, forbid, save_tiny_model, tlpo

from tlpo.modeling.load import load_model, load_tokenizer

pytest.importorskip("trl", reason="needs TRL: pip install 'tlpo[trl]'")

STEPS = 2
OPTIONS: dict[str, Any] = {
    "language": ["ko"],
    "english": "confusion",
    "max_new_tokens": 8,
    "max_steps": STEPS,
    "per_device_train_batch_size": 2,
    "num_generations": 4,
    "learning_rate": 0.01,
    "audit_prompts": 4,
    "clean_text": ["ko=bundled"],
    "use_cpu": True,
    "seed": 3,
}
LOGGED = {
    "sft": {"mean_token_accuracy", "entropy"},
    "dpo": {"rewards/chosen", "rewards/accuracies"},
    "orpo": {"nll_loss", "log_odds_ratio"},
    "grpo": {"reward", "kl", "confusion/rate", "completions/mean_length", "rollout/tokens"},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def config(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file for all methods: the prompts, and for those that need it the data, are named on the command line."""
    path = tmp_path_factory.mktemp("config") / "run.yaml"
    path.write_text(yaml.safe_dump({"model": str(model), **OPTIONS}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lines(tmp_path_factory.mktemp("data") / "samples.jsonl", sampled(6))


def words(config: Path, name: str, data: Path, output: Path, *more: str) -> list[str]:
    source = [] if name == "grpo" else ["--data", str(data)]
    return ["train", "--config", str(config), "--method", name, "--output_dir", str(output), *source, *more]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", METHODS)
def test_a_whole_run(name: str, model: Path, config: Path, data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = tlpo(*words(config, name, data, run), streams=tmp_path / "first")
    assert done.status == 0, done.err
    assert {path.name for path in run.iterdir() if not path.name.startswith(".")} == {
        "resolved_config.yaml", "run.json", "before", "after", "nll_before.json", "nll_after.json",
        f"checkpoint-{STEPS}", "metrics.jsonl", "final", "comparison.json", "contamination.json",
    }  # fmt: skip
    assert "confusion rate" in done.out
    steps = [line for line in done.err.splitlines() if line.startswith("step ")]
    assert [line.split(":")[0].split()[1] for line in steps] == ["1", "2"]
    assert "loss" in steps[0]
    for noise in ("Traceback", "Warning", "{'", "Map:", "it/s"):
        assert noise not in done.out + done.err, done.err

    found = yaml.safe_load((run / "resolved_config.yaml").read_text(encoding="utf-8"))
    assert (found["config"]["method"], found["config"]["learning_rate"]) == (name, 0.01)
    assert found["versions"]["trl"].startswith("1.16")
    logged = [line for line in lines(run / "metrics.jsonl") if "loss" in line]
    assert [line["step"] for line in logged] == [1, 2]
    for line in logged:
        assert {"loss", "grad_norm", "learning_rate"} | LOGGED[name] <= set(line)
    state = read(run / "run.json")
    assert (state["status"], state["steps"]) == ("finished", STEPS)
    expected = 16 if name == "grpo" else 24
    assert state["rollouts"]["responses"] == expected
    tokens = (
        sum(line["rollout/tokens"] for line in logged)
        if name == "grpo"
        else sum(len(one["ids"]) for row in lines(data) for one in row["responses"])
    )
    assert state["rollouts"]["tokens"] == tokens

    base, trained = load_model(model).state_dict(), load_model(run / "final").state_dict()
    assert base.keys() == trained.keys()
    assert any(not torch.equal(base[key], trained[key]) for key in base)
    assert load_tokenizer(run / "final")("한국어 text").input_ids == load_tokenizer(model)("한국어 text").input_ids
    card = (run / "final" / "README.md").read_text(encoding="utf-8")
    assert f"TRL's {name.upper()}Trainer" in card
    assert "Token-Level" not in card
    assert f"| method | `{name}` |" in card
    assert "| Confusion rate |" in card
    assert f"--method {name}" in card

    no_work = partial(forbid, ["tlpo.modeling.load:load_model", "tlpo.evaluation.audit:_generate"])
    again = tlpo(*words(config, name, data, run), streams=tmp_path / "again", prepare=no_work)
    assert again.status == 0, again.err
    assert again.out == done.out


@pytest.mark.parametrize("name", ["dpo", "grpo"])
def test_ctrl_c_and_on(name: str, config: Path, data: Path, tmp_path: Path) -> None:
    """An adapter, interrupted in the second optimizer step: the step is finished and kept."""
    more = ["--lora", "--lora_r", "2", "--max_steps", "3", "--audit_prompts", "0", "--save_strategy", "no"]
    pause = Pause("torch.optim:AdamW.step", tmp_path / "pause", call=2, after=True)
    command = Command(*words(config, name, data, tmp_path / "run", *more), streams=tmp_path / "a", prepare=pause)
    pause.interrupt(command)
    done = command.wait()
    assert done.status == 130, done.err
    assert "finishing the step" in done.err
    assert (tmp_path / "run" / "checkpoint-2" / "checkpoint_complete.json").is_file()
    for output, streams in (("run", "b"), ("unbroken", "c")):
        done = tlpo(*words(config, name, data, tmp_path / output, *more), streams=tmp_path / streams)
        assert done.status == 0, done.err
    mine, theirs = (tmp_path / output for output in ("run", "unbroken"))
    files = [folder / "final" / "adapter_model.safetensors" for folder in (mine, theirs)]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert read(mine / "run.json") == read(theirs / "run.json")
    assert [line["step"] for line in lines(mine / "metrics.jsonl") if "loss" in line] == [1, 2, 3]
    assert not (mine / "final" / "model.safetensors").exists()


class TestRefused:
    def refused(self, tmp_path: Path, *given: str) -> str:
        line = tlpo(*given, streams=tmp_path / "streams").complaint()
        assert not (tmp_path / "run").exists()
        return line

    def test_options_of_other_methods(self, config: Path, data: Path, tmp_path: Path) -> None:
        line = self.refused(
            tmp_path, *words(config, "dpo", data, tmp_path / "run", "--num_candidates", "4", "--epsilon=0.1", "--foo=1")
        )
        assert "method dpo does not know 'num_candidates', 'epsilon': leave that out; it knows model, method," in line
        assert "beta, loss_type and the options of transformers.TrainingArguments" in line
        assert "no such option: 'foo'" in line

    def test_methods(self, config: Path, tmp_path: Path) -> None:
        line = self.refused(tmp_path, *words(config, "dp0", Path("d"), tmp_path / "run"))
        assert "method is 'dp0' (did you mean 'dpo'?): choose one of tlpo, sft, dpo, orpo, grpo" in line

    @pytest.mark.parametrize("name", ["sft", "dpo", "orpo"])
    def test_no_data(self, name: str, config: Path, tmp_path: Path) -> None:
        line = self.refused(tmp_path, "train", "--config", str(config), "--method", name, "--output_dir",
                            str(tmp_path / "run"))  # fmt: skip
        assert f"method {name} learns from a file of responses: 'tlpo data sample' writes one" in line
        assert "give it as --data" in line

    def test_another_method_in_the_same_folder(self, config: Path, data: Path, tmp_path: Path) -> None:
        run, more = tmp_path / "first", ("--max_steps", "1", "--audit_prompts", "0")
        done = tlpo(*words(config, "sft", data, run, *more), streams=tmp_path / "a")
        assert done.status == 0, done.err
        line = tlpo(*words(config, "orpo", data, run, *more), streams=tmp_path / "b").complaint()
        assert "already holds another run" in line
        assert "method was 'sft', now 'orpo'" in line

    def test_too_few_prompts_for_a_step(self, config: Path, tmp_path: Path) -> None:
        prompts = write_lines(tmp_path / "p.jsonl", [{"prompt": "뭐?"}])
        given = words(config, "grpo", Path("d"), tmp_path / "run", "--prompts", str(prompts))
        assert "1 prompts do not fill one step of 2" in self.refused(tmp_path, *given)

    def test_a_damaged_file(self, config: Path, data: Path, tmp_path: Path) -> None:
        bad = shutil.copy(data, tmp_path / "bad.jsonl")
        bad.write_text(bad.read_text() + '{"prompt": "a", "language": "ko"}\n', encoding="utf-8")
        line = self.refused(tmp_path, *words(config, "dpo", bad, tmp_path / "run"))
        assert f"{bad}, line 7: neither 'responses' nor 'chosen' and 'rejected': add them" in line


def test_help_tells_the_options_of_a_method(tmp_path: Path) -> None:
    told = {name: tlpo("train", "--method", name, "--help", streams=tmp_path / name).out for name in ("dpo", "tlpo")}
    assert "--beta [0.1]" in told["dpo"]
    assert "--num_candidates" not in told["dpo"]
    assert "--num_candidates" in told["tlpo"]
    for name, text in told.items():
        options = [line.strip() for line in text.splitlines()]
        rate = {"dpo": "--learning_rate [1e-06]", "tlpo": "--learning_rate [2e-05]"}[name]
        for option in ("--data", "--english [neutral]", "--rollout_budget", rate):
            assert options.count(option) == 1, option
