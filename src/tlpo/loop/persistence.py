"""What a run writes, whatever its method: whole checkpoints and metrics as JSON lines, never a pickle of its own."""

from __future__ import annotations

import errno
import json
import math
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from transformers import Trainer, TrainerCallback
from transformers.trainer import TRAINER_STATE_NAME, TRAINING_ARGS_NAME
from transformers.trainer_callback import TrainerState
from transformers.trainer_utils import TrainOutput, rotate_checkpoints

from tlpo.errors import UserError, is_disk_full
from tlpo.files import json_text, write_text
from tlpo.loop.budget import RolloutCount
from tlpo.loop.checkpoints import MARKER, last_complete, mark_complete
from tlpo.loop.guards import StepGuard

METRICS_FILE = "metrics.jsonl"
GUARD_FILE = "skipped_steps.json"
EVALUATION_DUE_FILE = "evaluation_due"


class PersistenceMixin(Trainer):
    """A trainer's saving and loading, and what is left of a run that is interrupted. Comes before ``Trainer``.

    Attributes:
        in_optimizer_step: from the optimizer's step until the step is logged; the weights belong to no step then.
        interrupt_pending: Ctrl-C came meanwhile, and is answered when the step has ended.
        interrupt_agreed: several processes have all stopped for it after the same step.
        evaluation_due: the last finished step calls for an evaluation that has not ended.
        guard: skips steps whose gradient is not finite, and ends a run that has too many of them.
        files: the callback that writes the run's files; `start_files` makes it.
        rollouts: the responses that this process has sampled so far.
    """

    _finished_rollouts: RolloutCount

    in_optimizer_step = False
    interrupt_pending = False
    interrupt_agreed = False
    evaluation_due = False
    guard: StepGuard
    files: RunFiles
    rollouts: RolloutCount

    def start_files(self, files: RunFiles, max_nonfinite_steps: int) -> None:
        """To be called at the end of the constructor: from now on the run's files are written."""
        self.files = files
        self.guard = StepGuard(max_nonfinite_steps)
        self.rollouts, self._finished_rollouts = RolloutCount(), RolloutCount()
        self.add_callback(files)

    def train(self, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any) -> Any:
        """Train; ``resume_from_checkpoint=True`` takes the newest whole checkpoint of the output folder.

        Raises:
            UserError: if it holds none (the Trainer itself would take a half-written one); or, without resuming, if it
                holds a run already, whose files would be written over.
        """
        if not resume_from_checkpoint:
            refuse_used(Path(str(self.args.output_dir)))
        if resume_from_checkpoint is True:
            newest = last_complete(Path(str(self.args.output_dir)))
            if newest is None:
                raise UserError(f"{self.args.output_dir} holds no whole checkpoint to resume from: start a new run")
            resume_from_checkpoint = str(newest)
        if isinstance(resume_from_checkpoint, str) and self._is_last(Path(resume_from_checkpoint)):
            # The Trainer would take one more step from it, were it in the middle of an epoch.
            self._load_from_checkpoint(resume_from_checkpoint)
            self._make_up_evaluation()
            if self.args.load_best_model_at_end and self.state.best_model_checkpoint is not None:
                self._load_best_model()
            return TrainOutput(self.state.global_step, 0.0, {})
        return super().train(resume_from_checkpoint, *args, **kwargs)

    def _is_last(self, checkpoint: Path) -> bool:
        """Whether the checkpoint is of the run's last step; if so, its state becomes the trainer's."""
        path = checkpoint / TRAINER_STATE_NAME
        if not path.is_file():
            return False
        state = TrainerState.load_from_json(str(path))
        steps = self.args.max_steps
        if state.global_step < steps if steps > 0 else (state.epoch or 0) < self.args.num_train_epochs:
            return False
        self.state = state
        return True

    def get_batch_samples(self, *args: Any, **kwargs: Any) -> Any:
        """The batches of one optimizer step."""
        self.before_step()
        return super().get_batch_samples(*args, **kwargs)

    def before_step(self) -> None:
        """Called before each step: too many bad ones end the run, and an evaluation that was broken off is made up."""
        self.guard.check(self)
        self._make_up_evaluation()

    def _make_up_evaluation(self) -> None:
        """Of the checkpoint that Ctrl-C left in place of the evaluation; it may be the best one."""
        if self.evaluation_due and self._determine_best_metric(self._evaluate(None, None), None):
            self.state.best_model_checkpoint = str(self._checkpoint_folder())

    def _evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        metrics = super()._evaluate(*args, **kwargs)
        self.evaluation_due = False
        return metrics

    def skipped_step(self) -> None:
        """Called when a step is dropped because it is not finite."""

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        """Called between the backward passes and the optimizer: the place to drop a step that is not finite."""
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)  # type: ignore[no-untyped-call]
        if norm is not None and not self.guard.accept(norm):
            model.zero_grad(set_to_none=True)  # the optimizer passes over weights without a gradient
            self.skipped_step()
        self.in_optimizer_step = True  # until the step ends, the weights belong to no step
        return norm

    def _maybe_log_save_evaluate(self, *args: Any, **kwargs: Any) -> None:
        """The step's log first, which belongs to the step. Evaluating and saving may be interrupted again."""
        self._finished_rollouts = replace(self.rollouts)
        evaluate, save = self.control.should_evaluate, self.control.should_save
        self.control.should_evaluate = self.control.should_save = False
        self.evaluation_due = evaluate
        super()._maybe_log_save_evaluate(*args, **kwargs)
        self.in_optimizer_step = False
        if self._interrupted():
            raise KeyboardInterrupt
        self.control.should_evaluate, self.control.should_save = evaluate, save
        super()._maybe_log_save_evaluate(*args, **kwargs)

    def _interrupted(self) -> bool:
        """Whether Ctrl-C has come, to any process: they stop together or not at all."""
        if self.args.world_size == 1:
            return self.interrupt_pending
        told = torch.tensor([float(self.interrupt_pending)], device=self.args.device)
        self.interrupt_agreed = bool(self.accelerator.reduce(told, reduction="sum") > 0)
        return self.interrupt_agreed

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        folder = self._checkpoint_folder()
        if self.args.should_save:  # what another run left there must not pass for a part of this one
            shutil.rmtree(folder, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        # The oldest checkpoint may go only after the newest is known to be whole.
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        try:
            super()._save_checkpoint(model, trial)
            self._save_extras(folder)
        except (OSError, SafetensorError, RuntimeError) as error:
            if not is_disk_full(error):
                raise
            shutil.rmtree(folder, ignore_errors=True)  # leave its room to others
            raise OSError(errno.ENOSPC, "no space left on the device", str(folder)) from error
        finally:
            self.args.save_total_limit = limit
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            mark_complete(folder, self.state.global_step)
            rotate_checkpoints(
                output_dir=str(self.args.output_dir),
                save_total_limit=limit,
                best_model_checkpoint=self.state.best_model_checkpoint,
                use_mtime=False,
            )

    def _save_extras(self, folder: Path) -> None:
        """What a checkpoint holds besides: each process's own. A step that is broken off will sample again."""
        self._finished_rollouts.save(folder / f"rollouts_{self.args.process_index}.json")
        if self.args.should_save:
            self.guard.save(folder / GUARD_FILE)
            if self.evaluation_due:
                (folder / EVALUATION_DUE_FILE).touch()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.rollouts = RolloutCount.load(Path(resume_from_checkpoint) / f"rollouts_{self.args.process_index}.json")
        self._finished_rollouts = replace(self.rollouts)
        self.guard.load(Path(resume_from_checkpoint) / GUARD_FILE)
        self.evaluation_due = (Path(resume_from_checkpoint) / EVALUATION_DUE_FILE).is_file()

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        super()._save(output_dir, state_dict)
        # The Trainer pickles its arguments beside the weights; the resolved config says the same in plain text.
        (Path(str(output_dir or self.args.output_dir)) / TRAINING_ARGS_NAME).unlink(missing_ok=True)

    def save_now(self) -> Path:
        """Save a checkpoint of the last finished step, unless it exists; return its folder."""
        folder = self._checkpoint_folder()
        if not (folder / MARKER).is_file():
            self.files.restore_rng()
            self._save_checkpoint(self.model, None)
        return folder

    def _checkpoint_folder(self) -> Path:
        return Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"


class RunFiles(TrainerCallback):
    """Appends metrics as they come, and remembers the random state at the end of each step.

    On resume, lines of steps after the checkpoint are dropped first: those steps run again.
    """

    FILES: tuple[str, ...] = (METRICS_FILE,)

    def __init__(self) -> None:
        self._rng = _rng_state()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if not state.is_world_process_zero:
            return
        Path(args.output_dir).mkdir(parents=True, exist_ok=True)
        self.drop_later_steps(Path(args.output_dir), state.global_step)

    def drop_later_steps(self, folder: Path, step: int) -> None:
        """Drop the lines of later steps: those steps run again."""
        for name in self.FILES:
            _drop_later_steps(folder / name, step)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._rng = _rng_state()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            append_lines(Path(args.output_dir) / METRICS_FILE, [{"step": state.global_step, **(logs or {})}])

    def restore_rng(self) -> None:
        """Put the random states back to the end of the last finished step."""
        python, numbers, cpu, gpu = self._rng
        random.setstate(python)
        np.random.set_state(numbers)
        torch.set_rng_state(cpu)
        if gpu is not None:
            torch.cuda.set_rng_state(gpu)


def _rng_state() -> tuple[Any, Any, torch.Tensor, torch.Tensor | None]:
    gpu = torch.cuda.get_rng_state() if torch.cuda.is_available() else None
    return random.getstate(), np.random.get_state(), torch.get_rng_state(), gpu


def refuse_used(folder: Path) -> None:
    """Raises UserError for a folder that holds what a run has written."""
    metrics = folder / METRICS_FILE
    found = last_complete(folder) or (metrics if metrics.is_file() and metrics.stat().st_size else None)
    if found is not None:
        raise UserError(
            f"{folder} holds a run already ({found.name}): give another output_dir, or go on with it by "
            "train(resume_from_checkpoint=True)"
        )


def append_lines(path: Path, records: list[dict[str, Any]]) -> None:
    """Add records to a JSON-lines file. What is no number, such as a skipped step's gradient norm, becomes null."""
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json_text(_finite(record)) + "\n" for record in records)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _drop_later_steps(path: Path, step: int) -> None:
    if not path.is_file():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line)
        except (ValueError, KeyError):
            continue  # a line cut short by a kill
    write_text(path, "".join(f"{line}\n" for line in kept))
