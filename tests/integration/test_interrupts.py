"""Ctrl-C in every phase of ``tlpo train``: the same command goes on and ends with the same weights, to the last bit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.commands import Command, Pause, save_tiny_model, tlpo

from tlpo.loop.checkpoints import last_complete

STEPS = 3


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def unbroken(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that nothing interrupts."""
    folder = tmp_path_factory.mktemp("unbroken")
    done = tlpo("train", *options(model, folder / "run"), streams=folder)
    assert done.status == 0, done.err
    return folder / "run"


def options(model: Path, output: Path, **more: Any) -> list[str]:
    values = {
        "model": model,
        "output_dir": output,
        "language": "ko",
        "english": "confusion",
        "max_new_tokens": 8,
        "max_steps": STEPS,
        "per_device_train_batch_size": 4,
        "num_generations": 2,
        "temperature": 1.0,
        "points_per_prompt": 0,
        "num_candidates": 8,
        "neutral_reward": "zero",
        "end_reward": "zero",
        "update_batch_size": 2,
        "learning_rate": 1e-3,
        "rollout_batch_size": 4,
        "audit_prompts": 12,
        "clean_text": "ko=bundled",
        "save_strategy": "no",
        "use_cpu": True,
        "seed": 3,
    } | more
    return [word for name, value in values.items() for word in (f"--{name}", str(value))]


@dataclass(frozen=True)
class Phase:
    """Where Ctrl-C comes, and the last step whose checkpoint is there afterwards; None: no checkpoint."""

    target: str
    kept: int | None = None
    step: int = 0
    call: int = 1
    after: bool = False


TRAINER = "tlpo.training.trainer"
PHASES = {
    "loading": Phase("tlpo.modeling.load:_check_folder"),
    "audit before": Phase("tlpo.evaluation.audit:_generate", call=2),
    "clean text": Phase("tlpo.runs.train:text_nll"),
    "first roll-out": Phase(f"{TRAINER}:TLPOTrainer.rollout", after=True),
    "second roll-out": Phase("tlpo.modeling.generation:sample", step=2, call=4, kept=1),
    "detection": Phase(f"{TRAINER}:TLPOTrainer.detect", step=2, after=True, kept=1),
    "the token that decided": Phase(f"{TRAINER}:move_points", step=2, kept=1),
    "exploration": Phase(f"{TRAINER}:judge", step=2, call=3, kept=1),
    "update": Phase(f"{TRAINER}:TLPOTrainer.compute_loss", step=2, after=True, kept=1),
    "optimizer": Phase("torch.optim:AdamW.step", step=2, after=True, kept=2),
    "log": Phase("tlpo.loop.persistence:append_lines", step=2, kept=2),
    "final saving": Phase("tlpo.loop.run:shutil.rmtree", after=True, kept=STEPS),
    "audit after": Phase("tlpo.evaluation.audit:_generate", step=STEPS, call=2),
    "model card": Phase("tlpo.runs.train:write_model_card"),
}


@pytest.mark.parametrize("name", PHASES)
def test_the_same_command_goes_on(name: str, model: Path, unbroken: Path, tmp_path: Path) -> None:
    phase, run = PHASES[name], tmp_path / "run"
    pause = Pause(phase.target, tmp_path / "pause", call=phase.call, step=phase.step, after=phase.after)
    interrupt([pause], options(model, run), tmp_path / "broken")
    assert newest(run) == phase.kept

    done = tlpo("train", *options(model, run), streams=tmp_path / "again")
    assert done.status == 0, done.err
    compare(run, unbroken)


def test_while_a_checkpoint_is_saved(model: Path, unbroken: Path, tmp_path: Path) -> None:
    """The first Ctrl-C ends the run with the checkpoint saved after all; the second one breaks that off, too."""
    run, words = tmp_path / "run", options(model, tmp_path / "run", save_strategy="steps", save_steps=1)
    saved = "tlpo.loop.persistence:mark_complete"
    once, twice = Pause(saved, tmp_path / "once", call=2), Pause(saved, tmp_path / "twice", call=3)

    interrupt([once, twice], words, tmp_path / "broken")
    assert newest(run) == 1
    assert (run / "checkpoint-2").is_dir()  # half-written

    interrupt([Pause(saved, tmp_path / "again")], words, tmp_path / "broken again")
    assert newest(run) == 2

    done = tlpo("train", *words, streams=tmp_path / "at last")
    assert done.status == 0, done.err
    compare(run, unbroken)
    assert (run / "checkpoint-3/model.safetensors").read_bytes() == (unbroken / "final/model.safetensors").read_bytes()


def test_a_second_interrupt_breaks_the_optimizer_step_off(model: Path, unbroken: Path, tmp_path: Path) -> None:
    """Weights that are half moved are not kept."""
    run, words = tmp_path / "run", options(model, tmp_path / "run", save_strategy="steps", save_steps=1)
    moving = Pause("torch.optim:AdamW.step", tmp_path / "moving", step=2, after=True)
    logging = Pause("tlpo.loop.persistence:append_lines", tmp_path / "logging", step=2)
    said = interrupt([moving, logging], words, tmp_path / "broken")
    assert "finishing the step; Ctrl-C again stops at once" in said
    assert f"{run / 'checkpoint-1'} is kept: the same command goes on from there" in said
    assert newest(run) == 1

    done = tlpo("train", *words, streams=tmp_path / "again")
    assert done.status == 0, done.err
    compare(run, unbroken)


def interrupt(pauses: list[Pause], words: list[str], streams: Path) -> str:
    """Press Ctrl-C at each pause in turn; returns what was said."""
    command = Command("train", *words, streams=streams, prepare=partial(put_in, pauses))
    for pause in pauses:
        pause.interrupt(command)
    done = command.wait()
    assert done.status == 130, done.err
    assert "Traceback" not in done.err, done.err
    assert done.err.rstrip().endswith("interrupted")
    return done.err


def put_in(pauses: list[Pause]) -> None:
    for pause in pauses:
        pause()


def newest(run: Path) -> int | None:
    """The step of the newest whole checkpoint."""
    folder = last_complete(run)
    return None if folder is None else int(folder.name.rpartition("-")[2])


def compare(run: Path, unbroken: Path) -> None:
    """Same weights, same responses, same figures, and each step logged once."""
    for name in ("final/model.safetensors", "before/responses.jsonl", "after/responses.jsonl", "comparison.json"):
        assert (run / name).read_bytes() == (unbroken / name).read_bytes(), name
    assert metrics(run) == metrics(unbroken)
    assert [step for step, _ in metrics(run)] == list(range(1, STEPS + 1))
    assert not list(run.glob("*.part"))


def metrics(run: Path) -> list[tuple[int, dict[str, float]]]:
    """The steps' metrics, without the times."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [
        (line["step"], {name: value for name, value in line.items() if not name.endswith("/seconds")})
        for line in lines
        if "confusion/points" in line
    ]
