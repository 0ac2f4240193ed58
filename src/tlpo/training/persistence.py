"""What a TLPO run writes: whole checkpoints, metrics and confusion points as JSON lines, never a pickle of its own."""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_model as load_weights
from safetensors.torch import save_model as save_weights
from torch import Tensor
from transformers import Trainer, TrainerCallback
from transformers.trainer import TRAINER_STATE_NAME, TRAINING_ARGS_NAME
from transformers.trainer_callback import TrainerState
from transformers.trainer_utils import TrainOutput, rotate_checkpoints

from tlpo.errors import UserError, is_disk_full
from tlpo.training.checkpoints import MARKER, last_complete, mark_complete
from tlpo.training.points import ConfusionPoint, PointRow

if TYPE_CHECKING:
    from tlpo.training.trainer import TLPOTrainer

METRICS_FILE = "metrics.jsonl"
POINTS_FILE = "confusion_points.jsonl"
_REFERENCE_FILE = "reference.safetensors"


class PersistenceMixin(Trainer):
    """The trainer's saving and loading, and what is left of a run that is interrupted.

    Attributes:
        in_optimizer_step: from the optimizer's step until the step is logged; the weights belong to no step then.
        interrupt_pending: Ctrl-C came meanwhile, and is answered when the step has ended.
    """

    in_optimizer_step = False
    interrupt_pending = False

    def train(  # type: ignore[misc]
        self: TLPOTrainer, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Train; ``resume_from_checkpoint=True`` takes the newest whole checkpoint of the output folder.

        Raises:
            UserError: if it holds none. (The Trainer itself would take a half-written one.)
        """
        if resume_from_checkpoint is True:
            newest = last_complete(Path(str(self.args.output_dir)))
            if newest is None:
                raise UserError(f"{self.args.output_dir} holds no whole checkpoint to resume from: start a new run")
            resume_from_checkpoint = str(newest)
        if isinstance(resume_from_checkpoint, str) and self._is_last(Path(resume_from_checkpoint)):
            # The Trainer would take one more step from it, were it in the middle of an epoch.
            self._load_from_checkpoint(resume_from_checkpoint)
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

    def _maybe_log_save_evaluate(self, *args: Any, **kwargs: Any) -> None:
        """The step's log first, which belongs to the step. Evaluating and saving may be interrupted again."""
        evaluate, save = self.control.should_evaluate, self.control.should_save
        self.control.should_evaluate = self.control.should_save = False
        super()._maybe_log_save_evaluate(*args, **kwargs)
        self.in_optimizer_step = False
        if self.interrupt_pending:
            raise KeyboardInterrupt
        self.control.should_evaluate, self.control.should_save = evaluate, save
        super()._maybe_log_save_evaluate(*args, **kwargs)

    def _save_checkpoint(self: TLPOTrainer, model: Any, trial: Any) -> None:  # type: ignore[misc]
        folder = self._checkpoint_folder()
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
            rotate_checkpoints(output_dir=str(self.args.output_dir), save_total_limit=limit, use_mtime=False)

    def _save_extras(self: TLPOTrainer, folder: Path) -> None:  # type: ignore[misc]
        if self.args.num_iterations > 1:
            rows = [asdict(row) for row in self._rows]
            (folder / f"rows_{self.args.process_index}.json").write_text(json.dumps(rows))
        if self.args.ref_model_sync_steps and self.args.should_save:
            assert self.reference is not None
            assert self.reference.copy is not None
            save_weights(self.accelerator.unwrap_model(self.reference.copy), str(folder / _REFERENCE_FILE))

    def _load_from_checkpoint(self: TLPOTrainer, resume_from_checkpoint: str, model: Any = None) -> None:  # type: ignore[misc]
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        folder = Path(resume_from_checkpoint)
        rows = folder / f"rows_{self.args.process_index}.json"
        if self.args.num_iterations > 1 and rows.is_file():
            self._rows = [PointRow(**row) for row in json.loads(rows.read_text())]
        if (folder / _REFERENCE_FILE).is_file():
            assert self.reference is not None
            assert self.reference.copy is not None
            load_weights(self.accelerator.unwrap_model(self.reference.copy), folder / _REFERENCE_FILE)

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        super()._save(output_dir, state_dict)
        # The Trainer pickles its arguments beside the weights; the resolved config says the same in plain text.
        (Path(str(output_dir or self.args.output_dir)) / TRAINING_ARGS_NAME).unlink(missing_ok=True)

    def save_now(self: TLPOTrainer) -> Path:  # type: ignore[misc]
        """Save a checkpoint of the last finished step, unless it exists; return its folder."""
        folder = self._checkpoint_folder()
        if not (folder / MARKER).is_file():
            self._files.restore_rng()
            self._save_checkpoint(self.model, None)
        return folder

    def _checkpoint_folder(self) -> Path:
        return Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"


class RunFiles(TrainerCallback):
    """Appends metrics and confusion points as they come, and refreshes the reference model when it is due.

    On resume, lines of steps after the checkpoint are dropped first: those steps run again.
    """

    def __init__(self, trainer: TLPOTrainer) -> None:
        self._trainer = trainer
        self._rng = _rng_state()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if not state.is_world_process_zero:
            return
        Path(args.output_dir).mkdir(parents=True, exist_ok=True)
        for name in (METRICS_FILE, POINTS_FILE):
            _drop_later_steps(Path(args.output_dir) / name, state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._rng = _rng_state()
        every = args.ref_model_sync_steps
        if every and state.global_step % every == 0 and self._trainer.reference is not None:
            self._trainer.reference.refresh()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if not state.is_world_process_zero:
            return
        _append(Path(args.output_dir) / METRICS_FILE, [{"step": state.global_step, **(logs or {})}])
        shown = self._trainer._logged_points[: args.log_completions]
        _append(Path(args.output_dir) / POINTS_FILE, [_point_record(state.global_step, point) for point in shown])
        self._trainer._logged_points = []

    def restore_rng(self) -> None:
        """Put the random state back to the end of the last finished step."""
        cpu, gpu = self._rng
        torch.set_rng_state(cpu)
        if gpu is not None:
            torch.cuda.set_rng_state(gpu)


def _rng_state() -> tuple[Tensor, Tensor | None]:
    return torch.get_rng_state(), torch.cuda.get_rng_state() if torch.cuda.is_available() else None


def _append(path: Path, records: list[dict[str, Any]]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


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
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    temporary.replace(path)


def _point_record(step: int, point: ConfusionPoint) -> dict[str, Any]:
    return {
        "step": step,
        "prompt_index": point.prompt_index,
        "language": point.language,
        "response": point.response,
        "confusion_point": point.char_offset,
        "sampled_token": point.sampled_id,
        "candidates": [
            {"token": c.token, "prob": c.prob, "outcome": j.outcome, "reward": j.reward, "advantage": advantage}
            for c, j, advantage in zip(point.candidates, point.judged, point.advantages, strict=True)
        ],
    }
