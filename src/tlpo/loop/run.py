"""One training run, whatever its method: train, or go on, and save the final model."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from tlpo.data import load_prompts
from tlpo.data.evaluation_prompts import held_out_records
from tlpo.files import write_json
from tlpo.loop.budget import RolloutCount
from tlpo.loop.checkpoints import last_complete, remove_incomplete
from tlpo.loop.interrupts import patient_interrupts
from tlpo.loop.run_folder import STATE_FILE, claim

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback

    from tlpo.data import PromptRecord
    from tlpo.loop.config import MethodConfig, RunConfig
    from tlpo.loop.persistence import PersistenceMixin

    Loader = Callable[[], tuple[PreTrainedModel, PreTrainedTokenizerBase]]
    Maker = Callable[[PreTrainedModel, PreTrainedTokenizerBase], PersistenceMixin]


@dataclass(frozen=True)
class TrainResult:
    """Where the model lies and what the run cost.

    ``final``: folder of the final model or adapter. ``history``: the logged metrics of every step. ``resumed``: the
    step that the run went on from, 0 for a fresh one. ``rollouts``: the sampled responses that it used.
    """

    final: Path
    history: list[dict[str, Any]]
    resumed: int
    rollouts: RolloutCount


def train(
    run: RunConfig,
    args: MethodConfig,
    make_trainer: Maker,
    *,
    load: Loader | None = None,
    progress: TrainerCallback | None = None,
) -> TrainResult:
    """Train, or go on with a run that was interrupted, and save the final model into ``<output_dir>/final``.

    Args:
        run: model and data.
        args: the trainer's arguments; ``args.output_dir`` is claimed for this run.
        make_trainer: makes the method's trainer of a model, which it trains in place, and its tokenizer.
        load: returns the policy and its tokenizer; called unless the run is finished. Default: load them by the name
            in ``run``.
        progress: a callback that shows the steps in place of the trainer's own bar and printed logs.

    Raises:
        UserError: when the folder holds another run, or an input cannot be used.
        KeyboardInterrupt: on Ctrl-C, after a checkpoint of the last finished step was saved.
    """
    from tlpo.modeling.load import load_model, load_tokenizer

    folder = Path(str(args.output_dir))
    if claim(folder, run, args) == "finished":
        state = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
        return TrainResult(
            folder / "final", _history(folder), state["steps"], RolloutCount(**state.get("rollouts", {}))
        )
    options: Any = {"revision": run.revision, "trust_remote_code": run.trust_remote_code}
    model, tokenizer = load() if load else (load_model(run.model, **options), load_tokenizer(run.model, **options))
    trainer = make_trainer(model, tokenizer)
    if progress is not None:
        from transformers.trainer_callback import PrinterCallback, ProgressCallback

        for shown in (PrinterCallback, ProgressCallback):
            trainer.remove_callback(shown)
        trainer.add_callback(progress)
    if trainer.args.should_save:  # the main process alone knows that the folder is this run's
        remove_incomplete(folder)
        if last_complete(folder) is None:  # the run begins anew
            trainer.files.drop_later_steps(folder, -1)  # of step 0 as well, an evaluation before the first
    trainer.accelerator.wait_for_everyone()
    checkpoint = last_complete(folder)
    with patient_interrupts(trainer):
        try:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
            trainer.guard.check(trainer, at_end=True)
            final = save_final(trainer, tokenizer, folder)
        except KeyboardInterrupt:
            # Before the first step there is nothing to keep.
            together = trainer.args.world_size == 1 or trainer.interrupt_agreed
            if together and not trainer.in_optimizer_step and trainer.state.global_step:
                trainer.save_now()
            raise
    rollouts = _of_all_processes(trainer)
    if trainer.args.should_save:
        state = {
            "status": "finished", "steps": trainer.state.global_step, "skipped_steps": trainer.guard.skipped,
            "rollouts": asdict(rollouts),
        }  # fmt: skip
        write_json(folder / STATE_FILE, state)
    return TrainResult(final, _history(folder), _step_of(checkpoint), rollouts)


def training_prompts(path: str | None, languages: Sequence[str] | None) -> list[PromptRecord]:
    """The prompts of a file, or the bundled ones, that are for training."""
    return load_prompts(path, language=languages, split="train")


def prompts_of(run: RunConfig) -> list[PromptRecord]:
    """The run's training prompts."""
    return training_prompts(run.prompts, run.language)


def languages_of(run: RunConfig) -> list[str]:
    """The languages of the answers to the training prompts, in the order of their first."""
    return list(dict.fromkeys(record.language for record in prompts_of(run)))


def held_out_prompts(run: RunConfig, languages: Sequence[str]) -> list[PromptRecord]:
    """The first ``audit_prompts`` held-out prompts of each language: for the audits, and for evaluations on the way."""
    taken: Counter[str] = Counter()
    chosen = []
    for record in held_out_records(run.eval_prompts, languages) if run.audit_prompts else ():
        taken[record.language] += 1
        if taken[record.language] <= run.audit_prompts:
            chosen.append(record)
    return chosen


def prompt_rows(prompts: list[PromptRecord]) -> list[dict[str, Any]]:
    """The prompts as trainers take them."""
    return [{"prompt": record.prompt, "language": record.language, "where": record.where} for record in prompts]


def save_final(trainer: Any, tokenizer: PreTrainedTokenizerBase, folder: Path) -> Path:
    """Save the model or adapter and its tokenizer; the folder appears whole or not at all."""
    final, building = folder / "final", folder / "final.part"
    done = final.exists()
    trainer.accelerator.wait_for_everyone()
    if done:
        return final
    if trainer.args.should_save:
        shutil.rmtree(building, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    try:
        trainer.save_model(str(building))
        trainer.accelerator.wait_for_everyone()
        if trainer.args.should_save:
            tokenizer.save_pretrained(building)
            building.rename(final)
    except Exception:  # a full disk, above all: leave its room to others
        shutil.rmtree(building, ignore_errors=True)
        raise
    trainer.accelerator.wait_for_everyone()
    return final


def _of_all_processes(trainer: Any) -> RolloutCount:
    """What all processes have sampled; a method that learns from a file counts it on the main process alone."""
    counts = asdict(trainer.rollouts)
    if trainer.accelerator.num_processes > 1:
        local = torch.tensor(list(counts.values()), dtype=torch.int64, device=trainer.args.device)
        counts = dict(zip(counts, trainer.accelerator.reduce(local, reduction="sum").tolist(), strict=True))
    return RolloutCount(**counts)


def _history(folder: Path) -> list[dict[str, Any]]:
    """The metrics of every step, but for a last line that a full disk cut short."""
    path = folder / "metrics.jsonl"
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        with contextlib.suppress(ValueError):
            entries.append(json.loads(line))
    return entries


def _step_of(checkpoint: Path | None) -> int:
    return int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
