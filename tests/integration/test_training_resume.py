"""A run that goes on from a checkpoint ends with the weights of the unbroken one, to the last bit."""

from __future__ import annotations

import errno
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from safetensors.torch import load_file
from tests.models import tiny_model
from tests.runs import ROWS, WeightsAfterEachStep, history, same, trainer, weights

from tlpo import TLPOTrainer, UserError
from tlpo.loop.checkpoints import MARKER, last_complete

DROPOUT_LORA = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.3, target_modules=["q_proj", "down_proj"])
SAVING = {"save_strategy": "steps", "save_steps": 1, "max_steps": 5, "rows": ROWS[:8]}
"""Two steps an epoch: the checkpoints lie in the middle and at the end of epochs."""


def comparable(run: TLPOTrainer) -> list[dict[str, float]]:
    """What was logged, times aside."""
    noise = ("seconds", "runtime", "per_second")
    return [
        {name: value for name, value in entry.items() if not any(part in name for part in noise)}
        for entry in history(run)
        if "loss" in entry
    ]


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"weight_decay": 0.1, "lr_scheduler_type": "cosine"}, (1, 2, 3)),
        ({"num_iterations": 2, "max_steps": 6}, (1, 3, 4)),
        ({"peft_config": DROPOUT_LORA, "num_iterations": 2}, (1, 3)),
        ({"architecture": "gpt2", "gradient_accumulation_steps": 2, "per_device_train_batch_size": 2}, (1, 3)),
        ({"ref_model_sync_steps": 2, "beta": 0.5}, (3,)),
        ({"min_points": 20, "prefix_beta": 0.5, "kl_estimator": "clean", "max_steps": 6}, (1, 2, 4)),
    ],
    ids=["full", "iterations", "lora", "dropout", "reference", "waiting"],
)
def test_resumed_equals_unbroken(tmp_path: Path, options: dict[str, Any], steps: Sequence[int]) -> None:
    options = SAVING | options
    architecture = options.pop("architecture", "llama")

    def fresh(folder: Path) -> TLPOTrainer:
        model = tiny_model(architecture, dropout=0.2 if architecture == "gpt2" else 0.0)
        return trainer(folder, model=model, **options)

    unbroken = fresh(tmp_path)
    unbroken.train()
    assert not same(weights(fresh(tmp_path / "x").model), weights(unbroken.model))
    for step in steps:
        torch.manual_seed(12345 + step)
        again = fresh(tmp_path / f"again-{step}")
        again.train(resume_from_checkpoint=str(tmp_path / f"checkpoint-{step}"))
        assert again.state.global_step == unbroken.state.global_step
        assert same(weights(unbroken.model), weights(again.model)), step
        assert comparable(again) == comparable(unbroken)


class BrokenOff(TLPOTrainer):
    """Ctrl-C in the middle of the first update that follows a step without one."""

    def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
        if self.finished_pending.waiting:
            assert not self.pending.waiting
            raise KeyboardInterrupt
        return super().compute_loss(*args, **kwargs)


def test_rows_that_waited_outlive_an_interrupt_in_their_update(tmp_path: Path) -> None:
    options = {**SAVING, "min_points": 20, "save_strategy": "no", "max_steps": 6}
    unbroken, broken = trainer(tmp_path / "a", **options), trainer(tmp_path / "b", kind=BrokenOff, **options)
    unbroken.train()
    with pytest.raises(KeyboardInterrupt):
        broken.train()
    folder = broken.save_now()
    again = trainer(tmp_path / "b", **options)
    again.train(resume_from_checkpoint=str(folder))
    assert same(weights(unbroken.model), weights(again.model))


def test_a_checkpoint_keeps_nothing_of_another_run(tmp_path: Path) -> None:
    stale = tmp_path / "checkpoint-1"
    stale.mkdir()
    for name in ("rows_0.json", "stale.txt"):
        (stale / name).write_text("{}")
    run = trainer(tmp_path, **SAVING | {"max_steps": 1})
    run.train()
    assert not (stale / "rows_0.json").exists()
    assert not (stale / "stale.txt").exists()
    assert last_complete(tmp_path) == stale


@pytest.mark.parametrize("saving", ["no", "steps"])
def test_a_folder_that_holds_a_run_is_not_written_over(tmp_path: Path, saving: str) -> None:
    options = SAVING | {"max_steps": 1, "save_strategy": saving}
    trainer(tmp_path, **options).train()
    kept = {path: path.read_bytes() for path in tmp_path.glob("*.jsonl")}
    assert kept
    again = trainer(tmp_path, **options)
    with pytest.raises(UserError, match=r"holds a run already \((metrics.jsonl|checkpoint-1)\): give another"):
        again.train()
    assert {path: path.read_bytes() for path in tmp_path.glob("*.jsonl")} == kept


def test_the_best_checkpoint_outlives_the_limit(tmp_path: Path) -> None:
    class Worse(TLPOTrainer):
        def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
            metrics = {"eval_confusion/rate": float(self.state.global_step)}  # lower is better: the first is best
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
            return metrics

    options = {"eval_strategy": "steps", "eval_steps": 1, "save_total_limit": 2, "load_best_model_at_end": True}
    best = {"metric_for_best_model": "eval_confusion/rate", "greater_is_better": False, "eval_dataset": ROWS[:2]}
    trainer(tmp_path, kind=Worse, **SAVING | options | best).train()
    assert (tmp_path / "checkpoint-1" / MARKER).is_file()
    assert not (tmp_path / "checkpoint-3").exists()


class Evaluated(TLPOTrainer):
    """Evaluations with given results; one of them is broken off by Ctrl-C."""

    rates: tuple[float, ...] = ()
    broken: int | None = None

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        if self.state.global_step == self.broken:
            raise KeyboardInterrupt
        metrics = {"eval_confusion/rate": self.rates[self.state.global_step - 1]}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


@pytest.mark.parametrize(
    ("rates", "broken"),
    [((0.5, 0.1, 0.3), 2), ((0.5, 0.1, 0.3), 3), ((0.5, 0.3, 0.1), 3)],
    ids=["best, then a step", "another is best", "the last is best"],
)
def test_an_evaluation_that_was_broken_off_is_made_up(tmp_path: Path, rates: tuple[float, ...], broken: int) -> None:
    """And the best checkpoint becomes the model, as in the unbroken run."""
    options = {"eval_strategy": "steps", "eval_steps": 1, "load_best_model_at_end": True, "eval_dataset": ROWS[:2]}
    options |= {"metric_for_best_model": "eval_confusion/rate", "greater_is_better": False}

    def fresh(folder: Path, broken: int | None) -> Evaluated:
        run = trainer(folder, kind=Evaluated, **SAVING | {"max_steps": 3} | options)
        assert isinstance(run, Evaluated)
        run.rates, run.broken = rates, broken
        return run

    unbroken = fresh(tmp_path / "a", None)
    unbroken.train()
    first = fresh(tmp_path / "b", broken)
    with pytest.raises(KeyboardInterrupt):
        first.train()
    assert first.save_now().name == f"checkpoint-{broken}"
    again = fresh(tmp_path / "b", None)
    again.train(resume_from_checkpoint=True)
    best = load_file(tmp_path / "a" / f"checkpoint-{1 + rates.index(min(rates))}" / "model.safetensors")
    for run in (unbroken, again):
        assert all(torch.equal(value, run.model.state_dict()[name]) for name, value in best.items())
    evaluated = [entry["step"] for entry in again.state.log_history if "eval_confusion/rate" in entry]
    assert evaluated == [1, 2, 3]


def test_a_half_written_checkpoint_is_passed_over(tmp_path: Path) -> None:
    """``resume_from_checkpoint=True`` takes the newest whole one, though a later folder exists."""
    unbroken = trainer(tmp_path, **SAVING)
    unbroken.train()
    for step in (4, 5):
        (tmp_path / f"checkpoint-{step}" / MARKER).unlink()
        (tmp_path / f"checkpoint-{step}" / "model.safetensors").write_bytes(b"half")
    assert last_complete(tmp_path) == tmp_path / "checkpoint-3"
    again = trainer(tmp_path, **SAVING)
    again.train(resume_from_checkpoint=True)
    assert same(weights(unbroken.model), weights(again.model))
    assert last_complete(tmp_path) == tmp_path / "checkpoint-5"


def test_lines_of_steps_that_run_again_are_not_doubled(tmp_path: Path) -> None:
    trainer(tmp_path, **SAVING).train()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 9, "lo')  # cut short by a kill
    before = (tmp_path / "confusion_points.jsonl").read_text()
    trainer(tmp_path, **SAVING).train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    metrics = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in metrics if "loss" in entry] == [1, 2, 3, 4, 5]
    assert (tmp_path / "confusion_points.jsonl").read_text() == before


class Unlucky(TLPOTrainer):
    """The loss of the steps in ``bad`` (counted from 0) is not finite, or its gradient is."""

    bad: Sequence[int] = ()
    in_gradient = False

    def loss(self, model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        losses = super().loss(model, batch)
        if self.state.global_step not in self.bad:
            return losses
        if self.in_gradient:
            losses.register_hook(lambda gradient: gradient * float("inf"))
            return losses
        return losses * float("nan")


@pytest.mark.parametrize("max_grad_norm", [1.0, 0.0])
@pytest.mark.parametrize("in_gradient", [False, True])
def test_a_step_that_is_not_finite_is_skipped(tmp_path: Path, in_gradient: bool, max_grad_norm: float) -> None:
    watch = WeightsAfterEachStep()
    Unlucky.bad, Unlucky.in_gradient = (1, 3), in_gradient
    run = trainer(tmp_path, kind=Unlucky, callbacks=[watch], max_steps=5, weight_decay=0.5, max_grad_norm=max_grad_norm)
    run.train()
    first, second, third, fourth, fifth = watch.steps
    assert same(first, second)
    assert not same(second, third)
    assert same(third, fourth)
    assert not same(fourth, fifth)
    assert all(value.isfinite().all() for value in fifth.values())
    assert [entry["train/skipped_steps"] for entry in history(run)[:5]] == [0, 1, 0, 1, 0]
    assert run.guard.skipped == 2

    def refuse(word: str) -> None:
        pytest.fail(f"{word} is no JSON")

    lines = (tmp_path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line, parse_constant=refuse) for line in lines]
    norms = [entry["grad_norm"] for entry in entries if "grad_norm" in entry]
    assert [norm is None for norm in norms] == [False, True, False, True, False]


def test_too_many_such_steps_end_the_run_with_the_last_good_weights(tmp_path: Path) -> None:
    Unlucky.bad, Unlucky.in_gradient = range(2, 100), False
    run = trainer(tmp_path, kind=Unlucky, max_steps=20, max_nonfinite_steps=2)
    with pytest.raises(UserError, match=r"not finite in 3 steps in a row .*checkpoint-5"):
        run.train()
    folder = last_complete(tmp_path)
    assert folder == tmp_path / "checkpoint-5"
    good = trainer(tmp_path / "good", max_steps=2)
    good.train()
    saved = type(good.model).from_pretrained(folder)
    assert same(weights(good.model), weights(saved))
    # The cause not removed, it does not come to its end by being tried again and again.
    for reached in (6, 7):
        stubborn = trainer(tmp_path, kind=Unlucky, max_steps=20, max_nonfinite_steps=2)
        with pytest.raises(UserError, match=f"in {reached - 2} steps in a row"):
            stubborn.train(resume_from_checkpoint=True)
        assert last_complete(tmp_path) == tmp_path / f"checkpoint-{reached}"
    # The cause removed, the run goes on from there.
    again = trainer(tmp_path, max_steps=9, max_nonfinite_steps=2)
    again.train(resume_from_checkpoint=True)
    assert again.state.global_step == 9
    assert not same(weights(good.model), weights(again.model))


def test_a_full_disk_leaves_the_checkpoints_before_it(tmp_path: Path) -> None:
    class Full(TLPOTrainer):
        def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
            if self.state.global_step == 3:
                Path(output_dir, "optimizer.pt").write_bytes(b"half")
                raise OSError(errno.ENOSPC, "No space left on device")
            super()._save_optimizer_and_scheduler(output_dir)

    with pytest.raises(OSError, match="no space left") as raised:
        trainer(tmp_path, kind=Full, save_total_limit=1, **SAVING).train()
    assert raised.value.errno == errno.ENOSPC
    assert not (tmp_path / "checkpoint-3").exists()
    assert last_complete(tmp_path) == tmp_path / "checkpoint-2"
    unbroken, again = trainer(tmp_path / "a", **SAVING), trainer(tmp_path, **SAVING)
    unbroken.train()
    again.train(resume_from_checkpoint=True)
    assert same(weights(unbroken.model), weights(again.model))
