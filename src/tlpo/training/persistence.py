"""What a TLPO run writes besides: responses and confusion points as JSON lines, rows to be used again, a reference."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load_model as load_weights
from safetensors.torch import save_model as save_weights

from tlpo.loop.persistence import METRICS_FILE, PersistenceMixin, RunFiles, append_lines
from tlpo.training.points import ConfusionPoint, Pending, PointRow, Rollout

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tlpo.training.trainer import TLPOTrainer

COMPLETIONS_FILE = "completions.jsonl"
POINTS_FILE = "confusion_points.jsonl"
_REFERENCE_FILE = "reference.safetensors"


class TLPOPersistence(PersistenceMixin):
    """The trainer's saving and loading, with the rows of the last roll-out and a refreshed reference model."""

    def _save_extras(self: TLPOTrainer, folder: Path) -> None:  # type: ignore[misc]
        super()._save_extras(folder)
        pending = self.finished_pending  # a step that is broken off has its own already, and will make them again
        if self.args.num_iterations > 1 or pending.waiting:
            kept = {"waiting": pending.waiting, "rows": [asdict(row) for row in pending.rows]}
            (folder / f"rows_{self.args.process_index}.json").write_text(json.dumps(kept))
        if self.args.ref_model_sync_steps and self.args.should_save:
            assert self.reference is not None
            assert self.reference.copy is not None
            save_weights(self.accelerator.unwrap_model(self.reference.copy), str(folder / _REFERENCE_FILE))

    def _load_from_checkpoint(self: TLPOTrainer, resume_from_checkpoint: str, model: Any = None) -> None:  # type: ignore[misc]
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        folder = Path(resume_from_checkpoint)
        rows = folder / f"rows_{self.args.process_index}.json"
        if rows.is_file():
            kept = json.loads(rows.read_text())
            self.pending = Pending([PointRow(**row) for row in kept["rows"]], kept["waiting"])
            self.finished_pending = self.pending
        if (folder / _REFERENCE_FILE).is_file():
            assert self.reference is not None
            assert self.reference.copy is not None
            load_weights(self.accelerator.unwrap_model(self.reference.copy), folder / _REFERENCE_FILE)


class TLPOFiles(RunFiles):
    """Appends responses and confusion points beside the metrics, and refreshes the reference model when it is due."""

    FILES = (METRICS_FILE, COMPLETIONS_FILE, POINTS_FILE)

    def __init__(self, trainer: TLPOTrainer) -> None:
        super().__init__()
        self._trainer = trainer

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        super().on_step_end(args, state, control, **kwargs)
        self._trainer.finished_pending = self._trainer.pending
        every = args.ref_model_sync_steps
        if every and state.global_step % every == 0 and self._trainer.reference is not None:
            self._trainer.reference.refresh()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        super().on_log(args, state, control, logs, **kwargs)
        rollout, self._trainer.last_rollout = self._trainer.last_rollout, None
        if rollout is None or not state.is_world_process_zero:
            return
        step, folder, most = state.global_step, Path(args.output_dir), args.log_completions
        append_lines(folder / COMPLETIONS_FILE, _completion_records(step, rollout, self._trainer.tokenizer_, most))
        append_lines(folder / POINTS_FILE, [_point_record(step, point) for point in rollout.explored[:most]])


def _completion_records(
    step: int, rollout: Rollout, tokenizer: PreTrainedTokenizerBase, most: int
) -> list[dict[str, Any]]:
    """The first response to each of the first ``most`` prompts, whatever became of it."""
    offsets = {(point.prompt_index, point.sample): point.char_offset for point in rollout.found}
    return [
        {
            "step": step,
            "prompt_index": prompt.index,
            "sample": 0,
            "language": prompt.language,
            "prompt": tokenizer.decode(prompt.ids, skip_special_tokens=True),
            "response": group[0].text,
            "finished": group[0].finished,
            "confusion_point": offsets.get((prompt.index, 0)),
        }
        for prompt, group in list(zip(rollout.prompts, rollout.completions, strict=True))[:most]
    ]


def _point_record(step: int, point: ConfusionPoint) -> dict[str, Any]:
    return {
        "step": step,
        "prompt_index": point.prompt_index,
        "sample": point.sample,
        "language": point.language,
        "response": point.response,
        "confusion_point": point.char_offset,
        "shift": point.shift,
        "sampled_token": point.sampled_id,
        "candidates": [
            {"token": c.token, "prob": c.prob, "outcome": j.outcome, "reward": j.reward, "advantage": advantage}
            for c, j, advantage in zip(point.candidates, point.judged, point.advantages, strict=True)
        ],
    }
