"""``tlpo train`` from the command line on a tiny model: what it writes, how it goes on, what it refuses to mix."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file
from tests.commands import Command, Pause, forbid, save_tiny_model, tlpo

from tlpo.data import load_prompts
from tlpo.modeling.load import load_model, load_tokenizer

STEPS = 2
OPTIONS: dict[str, Any] = {
    "language": ["ko"],
    "english": "confusion",
    "max_new_tokens": 8,
    "max_steps": STEPS,
    "per_device_train_batch_size": 4,
    "num_generations": 2,
    "num_candidates": 8,
    "neutral_reward": "zero",
    "learning_rate": "1e-3",
    "audit_prompts": 6,
    "audit_samples": 2,
    "audit_temperature": 0.9,
    "temperature": 1.2,
    "clean_text": ["ko=bundled"],
    "use_cpu": True,
    "seed": 3,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def config(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "run.yaml"
    path.write_text(yaml.safe_dump({"model": str(model), **OPTIONS}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(config: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A run by the program itself, started as users start it."""
    run = tmp_path_factory.mktemp("finished") / "run"
    words = ["train", "--config", str(config), "--output_dir", str(run), "--epsilon", "0.1"]
    done = subprocess.run(
        [sys.executable, "-m", "tlpo.cli.main", *words], capture_output=True, text=True, timeout=500, check=False
    )
    return run, done


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestAFinishedRun:
    def test_what_is_shown(self, finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
        run, done = finished
        assert done.returncode == 0, done.stderr
        assert "confusion rate" in done.stdout
        for name in ("final", "comparison.json", "before/report.html", "after/report.html", "metrics.jsonl"):
            assert str(run / name) in done.stdout
        steps = [line for line in done.stderr.splitlines() if line.startswith("step ")]
        assert [line.split(":")[0].split()[1] for line in steps] == ["1", "2"]
        assert "samples confused" in steps[0]
        assert "Traceback" not in done.stderr
        assert "Warning" not in done.stderr, done.stderr
        assert "{'" not in done.stdout + done.stderr  # the trainer's own printing of its metrics

    def test_the_folder(self, finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
        run, _ = finished
        audit = {"settings.json", "responses.jsonl", "audit.json", "report.html"}
        assert {path.name for path in run.iterdir() if not path.name.startswith(".")} == {
            "resolved_config.yaml", "run.json", "contamination.json", "before", "after", "nll_before.json",
            "nll_after.json", f"checkpoint-{STEPS}", "metrics.jsonl", "completions.jsonl",
            "confusion_points.jsonl", "final", "comparison.json",
        }  # fmt: skip
        assert {path.name for path in (run / "before").iterdir()} == audit
        assert {path.name for path in (run / "after").iterdir()} == audit
        assert {path.name for path in (run / "final").iterdir()} == {
            "README.md", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
            "tokenizer_config.json",
        }  # fmt: skip
        assert {"checkpoint_complete.json", "trainer_state.json"} <= {
            path.name for path in (run / f"checkpoint-{STEPS}").iterdir()
        }
        state = read(run / "run.json")
        assert (state["status"], state["steps"]) == ("finished", STEPS)
        steps = [line for line in lines(run / "metrics.jsonl") if "loss" in line]
        assert state["rollouts"] == {
            "responses": STEPS * OPTIONS["per_device_train_batch_size"] * OPTIONS["num_generations"],
            "tokens": sum(line["rollout/tokens"] for line in steps),
            "explored_tokens": sum(line["explore/tokens"] for line in steps),
        }

    def test_the_resolved_config(self, finished: tuple[Path, subprocess.CompletedProcess[str]], model: Path) -> None:
        found = yaml.safe_load((finished[0] / "resolved_config.yaml").read_text(encoding="utf-8"))
        options = found["config"]
        assert (options["model"], options["language"], options["learning_rate"]) == (str(model), ["ko"], 1e-3)
        assert options["epsilon"] == 0.1  # from the command line
        assert (options["recipe"], options["look_ahead"], options["adam_beta1"]) == ("default", 3, 0.9)  # defaults
        assert {"tlpo", "python", "torch", "transformers"} <= set(found["versions"])
        assert found["versions"]["torch"] == version("torch")
        assert set(found) == {"config", "inputs", "versions", "git_commit", "processes"}
        assert found["inputs"] == {}  # the bundled prompts are no file of the user
        assert found["processes"] == 1

    def test_the_metrics_and_the_completions(self, finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
        run, _ = finished
        steps = [line for line in lines(run / "metrics.jsonl") if "loss" in line]
        assert [line["step"] for line in steps] == [1, 2]
        for line in steps:
            assert {"confusion/rate", "confusion/points", "kl", "entropy", "rollout/seconds", "update/seconds",
                    "learning_rate", "grad_norm", "train/skipped_steps"} <= set(line)  # fmt: skip
        points = lines(run / "confusion_points.jsonl")
        assert {point["step"] for point in points} == {1, 2}
        for point in points:
            assert point["response"][point["confusion_point"] :]
            assert {"token", "prob", "outcome", "reward", "advantage"} == set(point["candidates"][0])
        shown = lines(run / "completions.jsonl")
        assert [line["step"] for line in shown] == [1] * 4 + [2] * 4  # log_completions
        told = {(point["step"], point["prompt_index"], point["sample"]): point for point in points}
        prompts = {record.prompt for record in load_prompts(language="ko", split="train")}
        for line in shown:
            assert any(str(prompt) in line["prompt"] for prompt in prompts)
            assert line["finished"] in ("eos", "length", "confusion")
            point = told.get((line["step"], line["prompt_index"], line["sample"]))
            if point is not None:
                assert (line["response"], line["confusion_point"]) == (point["response"], point["confusion_point"])

    def test_the_audits_are_of_the_same_prompts_and_of_two_models(
        self, finished: tuple[Path, subprocess.CompletedProcess[str]], model: Path
    ) -> None:
        run, _ = finished
        before, after = read(run / "before/audit.json"), read(run / "after/audit.json")
        assert (before["n"], before["prompts"], before["model"]) == (12, 6, str(model))
        assert (after["n"], after["model"]) == (12, str(run / "final"))
        assert [audit["settings"]["temperature"] for audit in (before, after)] == [0.9, 0.9]  # not the roll-out's
        asked = [[line["prompt"] for line in lines(run / name / "responses.jsonl")] for name in ("before", "after")]
        assert asked[0] == asked[1]

    def test_the_card_holds_the_figures_of_the_comparison(
        self, finished: tuple[Path, subprocess.CompletedProcess[str]]
    ) -> None:
        run, _ = finished
        compared = read(run / "comparison.json")
        rate = compared["audits"]["languages"]["ko"]["rate"]
        for name in ("before", "after"):
            assert rate[name] == read(run / name / "audit.json")["rate"]
        card = (run / "final/README.md").read_text(encoding="utf-8")
        row = next(line for line in card.splitlines() if line.startswith("| Confusion rate"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1:3] == [f"{100 * rate['before']:.1f} %", f"{100 * rate['after']:.1f} %"]
        nll = compared["nll"]["ko"]
        row = next(line for line in card.splitlines() if line.startswith("| NLL of clean text"))
        assert f"| {nll['before']:.3f} | {nll['after']:.3f} |" in row
        assert f"--output_dir {run}" in card
        front = yaml.safe_load(card.split("---")[1])
        assert (front["language"], front["library_name"]) == (["ko"], "transformers")

    def test_the_model_is_trained_and_loads(
        self, finished: tuple[Path, subprocess.CompletedProcess[str]], model: Path
    ) -> None:
        run, _ = finished
        base, trained = load_model(model).state_dict(), load_model(run / "final").state_dict()
        assert base.keys() == trained.keys()
        assert any(not torch.equal(base[name], trained[name]) for name in base)
        text = "한국어 text"
        assert load_tokenizer(run / "final")(text).input_ids == load_tokenizer(model)(text).input_ids

    def test_the_same_command_again_does_nothing_but_show(
        self, finished: tuple[Path, subprocess.CompletedProcess[str]], config: Path, tmp_path: Path
    ) -> None:
        run, first = finished
        before = contents(run)
        no_work = partial(forbid, ["tlpo.modeling.load:load_model", "tlpo.evaluation.audit:_generate"])
        again = tlpo(
            "train", "--config", config, "--output_dir", run, "--epsilon=0.1", streams=tmp_path, prepare=no_work
        )
        assert again.status == 0, again.err
        assert again.out == first.stdout
        changed = {name for name, text in contents(run).items() if before.get(name) != text}
        assert changed <= {"final/README.md"}  # whose command is the one given last

    def test_other_options_are_refused(
        self, finished: tuple[Path, subprocess.CompletedProcess[str]], config: Path, tmp_path: Path
    ) -> None:
        run, _ = finished
        before = contents(run)
        done = tlpo("train", "--config", config, "--output_dir", run, "--seed", "4", streams=tmp_path)
        line = done.complaint()
        assert f"{run} already holds another run (epsilon was 0.1, now 0.2, seed was 3, now 4)" in line
        assert "give another output folder" in line
        assert contents(run) == before

    def test_a_copy_of_the_folder_is_the_same_run(
        self, finished: tuple[Path, subprocess.CompletedProcess[str]], config: Path, tmp_path: Path
    ) -> None:
        run, first = finished
        copy = tmp_path / "copy"
        shutil.copytree(run, copy, copy_function=shutil.copyfile)  # the files' times are new
        no_work = partial(forbid, ["tlpo.modeling.load:load_model", "tlpo.evaluation.audit:_generate"])
        words = ["train", "--config", config, "--output_dir", copy, "--epsilon=0.1"]
        again = tlpo(*words, streams=tmp_path / "streams", prepare=no_work)
        assert again.status == 0, again.err
        assert again.out == first.stdout.replace(str(run), str(copy))

    def test_a_model_that_was_deleted_is_saved_again(
        self, finished: tuple[Path, subprocess.CompletedProcess[str]], config: Path, tmp_path: Path
    ) -> None:
        run, copy = finished[0], tmp_path / "copy"
        shutil.copytree(run, copy)
        shutil.rmtree(copy / "final")
        words = ["train", "--config", config, "--output_dir", copy, "--epsilon=0.1"]
        # From the last checkpoint, and without another audit: it is the model that was audited.
        no_audit = partial(forbid, ["tlpo.evaluation.audit:_generate"])
        again = tlpo(*words, streams=tmp_path / "again", prepare=no_audit)
        assert again.status == 0, again.err
        for name in ("final/model.safetensors", "run.json", "comparison.json", "completions.jsonl"):
            assert (copy / name).read_bytes() == (run / name).read_bytes(), name
        assert (copy / "final/README.md").is_file()

        for name in ("final", f"checkpoint-{STEPS}"):
            shutil.rmtree(copy / name)
        line = tlpo(*words, streams=tmp_path / "lost").complaint()
        assert f"{copy} holds a finished run, but neither its model (final) nor a checkpoint" in line


def test_options_that_decide_nothing_may_change(config: Path, tmp_path: Path) -> None:
    words = ["train", "--config", config, "--output_dir", tmp_path / "run", "--audit_prompts", "0", "--max_steps", "1"]
    words += ["--save_strategy", "no"]
    first = tlpo(*words, streams=tmp_path / "first")
    assert first.status == 0, first.err
    assert read(tmp_path / "run/comparison.json")["audits"] is None
    assert not (tmp_path / "run/before").exists()
    again = tlpo(*words, "--save_total_limit", "2", "--resume_from_checkpoint", "True", streams=tmp_path / "again")
    assert again.status == 0, again.err


def test_prompts_that_were_changed_before_there_was_a_result_are_compared_anew(config: Path, tmp_path: Path) -> None:
    run, prompts = tmp_path / "run", tmp_path / "prompts.txt"
    words = ["train", "--config", config, "--output_dir", run, "--prompts", prompts, "--audit_prompts", "0"]
    words += ["--max_steps", "1", "--save_strategy", "no", "--clean_text", "en=bundled"]
    texts = [record.prompt for record in load_prompts(language="ko", split="train")[:4]]
    held_out = load_prompts(language="ko", split="eval")[0].prompt
    prompts.write_text("".join(f"{text}\n" for text in [*texts[:3], held_out]), encoding="utf-8")
    fails = partial(forbid, ["tlpo.runs.train:text_nll"])  # after the comparison, before any result
    assert tlpo(*words, streams=tmp_path / "first", prepare=fails).status != 0
    assert read(run / "contamination.json")["exact"] == 1
    prompts.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    done = tlpo(*words, streams=tmp_path / "second")
    assert done.status == 0, done.err
    assert "no contamination: of 4 training" in done.err
    assert read(run / "contamination.json")["exact"] == 0
    assert "of 4 training prompts 0 are among the 60 held-out ones" in (run / "final/README.md").read_text("utf-8")


def test_lora(config: Path, model: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["train", "--config", config, "--output_dir", run, "--lora", "--lora_r", "2", "--learning_rate", "0.05"]
    # Interrupted and gone on with: adapters are saved and loaded in another way than whole models.
    pause = Pause("tlpo.training.trainer:judge", tmp_path / "pause", step=2)
    command = Command(*words, streams=tmp_path / "broken", prepare=pause)
    pause.interrupt(command)
    assert command.wait().status == 130
    done = tlpo(*words, streams=tmp_path / "again")
    assert done.status == 0, done.err
    unbroken = tlpo(*words[:4], tmp_path / "unbroken", *words[5:], streams=tmp_path / "whole")
    assert unbroken.status == 0, unbroken.err

    weights = [folder / "final/adapter_model.safetensors" for folder in (run, tmp_path / "unbroken")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    assert not (run / "final/model.safetensors").exists()
    base, trained = load_model(model), load_model(run / "final")
    ids = load_tokenizer(run / "final")("한국어", return_tensors="pt").input_ids
    with torch.no_grad():
        assert not torch.equal(base(ids).logits, trained(ids).logits)
    card = (run / "final/README.md").read_text(encoding="utf-8")
    assert card.count("base_model:") == 1
    assert "library_name: peft" in card
    before, after = (lines(run / name / "responses.jsonl") for name in ("before", "after"))
    assert [line["ids"] for line in before] != [line["ids"] for line in after]


def test_two_languages_in_one_run(config: Path, tmp_path: Path) -> None:
    words = ["--config", config, "--output_dir", tmp_path / "run", "--language", "ko,ja", "--clean_text", "en=bundled"]
    done = tlpo("train", *words, "--max_steps", "1", streams=tmp_path)
    assert done.status == 0, done.err
    compared = read(tmp_path / "run/comparison.json")
    assert set(compared["audits"]["languages"]) == {"ko", "ja"}
    assert set(compared["nll"]) == {"en"}
    card = (tmp_path / "run/final/README.md").read_text(encoding="utf-8")
    assert "trained to stay in Korean and Japanese" in card
    assert "NLL of clean text, English" in card
    assert {line["language"] for line in lines(tmp_path / "run/before/responses.jsonl")} == {"ko", "ja"}


def test_evaluations_on_the_way(config: Path, tmp_path: Path) -> None:
    """On the held-out prompts, with the same draws each time; the best checkpoint becomes the final model."""
    words = ["--config", config, "--output_dir", tmp_path / "run", "--eval_strategy", "steps", "--eval_steps", "1"]
    words += ["--load_best_model_at_end", "True", "--save_strategy", "steps", "--save_steps", "1"]
    done = tlpo("train", *words, streams=tmp_path)
    assert done.status == 0, done.err
    rates = [line for line in lines(tmp_path / "run/metrics.jsonl") if "eval_confusion/rate" in line]
    assert [line["step"] for line in rates] == [1, 2]
    best = read(tmp_path / "run/checkpoint-2/trainer_state.json")
    assert best["best_metric"] == min(line["eval_confusion/rate"] for line in rates)
    chosen, final = Path(best["best_model_checkpoint"]), load_model(tmp_path / "run/final").state_dict()
    expected = load_file(chosen / "model.safetensors")
    assert all(torch.equal(final[name], value) for name, value in expected.items())


def test_two_processes_train_as_one(config: Path, model: Path, tmp_path: Path) -> None:
    """The program under torchrun, with half the prompts on each process."""
    alone, together = tmp_path / "alone", tmp_path / "together"
    # (Adam would make whole steps of gradients that are zero but for rounding.)
    shared = ["train", "--config", str(config), "--optim", "sgd", "--learning_rate", "0.5"]
    assert tlpo(*shared, "--output_dir", alone, streams=tmp_path).status == 0
    launch = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "tlpo"]
    words = [*launch, *shared, "--output_dir", str(together), "--per_device_train_batch_size", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *words], env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = yaml.safe_load((together / "resolved_config.yaml").read_text(encoding="utf-8"))
    assert found["processes"] == 2
    assert read(together / "run.json")["rollouts"] == read(alone / "run.json")["rollouts"]
    one, two, start = (
        load_file(folder / "model.safetensors") for folder in (alone / "final", together / "final", model)
    )
    moved = torch.cat([(one[name] - start[name]).flatten() for name in one]).norm()
    apart = torch.cat([(one[name] - two[name]).flatten() for name in one]).norm()
    assert moved > 0.01
    assert apart < 1e-3 * moved
    assert read(together / "before/audit.json")["n"] == 12


def test_one_command_at_a_time(config: Path, tmp_path: Path) -> None:
    words = ["train", "--config", config, "--output_dir", tmp_path / "run"]
    pause = Pause("tlpo.evaluation.audit:_generate", tmp_path / "pause")
    first = Command(*words, streams=tmp_path / "first", prepare=pause)
    pause.wait(first)
    second = tlpo(*words, streams=tmp_path / "second")
    assert f"another command is at work in {tmp_path / 'run'}" in second.complaint()
    pause.interrupt(first)
    assert first.wait().status == 130


def test_help(tmp_path: Path) -> None:
    short, long = (tlpo("train", word, streams=tmp_path / word) for word in ("--help", "--help_all"))
    assert (short.status, long.status) == (0, 0)
    for name in ("--config", "--model", "--num_candidates", "--neutral_reward", "--lora", "--output_dir"):
        assert name in short.out
    assert "--gradient_checkpointing" not in short.out
    assert "--gradient_checkpointing" in long.out
    assert set(_names(short.out)) < set(_names(long.out))
    assert (short.err, long.err) == ("", "")


def _names(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.startswith("  --")]
