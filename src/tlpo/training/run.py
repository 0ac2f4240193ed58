"""One TLPO run from a configuration: train, or go on, and save the final model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.data import load_prompts
from tlpo.errors import UserError
from tlpo.training.checkpoints import last_complete, remove_incomplete, write_json
from tlpo.training.interrupts import patient_interrupts
from tlpo.training.run_folder import STATE_FILE, claim

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback

    from tlpo.data import PromptRecord
    from tlpo.training.config import TLPOConfig


@dataclass
class RunConfig:
    """What a run trains on: everything that is not an argument of the trainer.

    Raises:
        UserError: when LoRA options are out of range.
    """

    model: str = field(metadata={"help": "Hub id, local folder, gemma-3-270m or smollm2-135m-instruct."})
    language: list[str] | None = field(
        default=None,
        metadata={"help": "Codes of the answers' languages. Default: as the prompts say."},
    )
    prompts: str | None = field(
        default=None,
        metadata={"help": "Training prompts (JSONL, JSON, CSV, TXT, Parquet). Default: the bundled ones."},
    )
    eval_prompts: str | None = field(
        default=None,
        metadata={"help": "Held-out prompts for the audits before and after. Default: the bundled held-out ones."},
    )
    audit_prompts: int = field(
        default=60, metadata={"help": "Held-out prompts of each language in the audits; 0 leaves the audits out."}
    )
    audit_samples: int = field(default=1, metadata={"help": "Responses to each of them."})
    clean_text: list[str] | None = field(
        default=None,
        metadata={"help": "Clean sentences as LANGUAGE=FILE or LANGUAGE=bundled; their likelihood is compared."},
    )
    lora: bool = field(default=False, metadata={"help": "Train a LoRA adapter instead of the full model."})
    lora_r: int = field(default=16, metadata={"help": "Rank of the adapter."})
    lora_alpha: int = field(default=32, metadata={"help": "Scale of the adapter."})
    lora_dropout: float = field(default=0.0, metadata={"help": "Dropout of the adapter."})
    lora_target_modules: list[str] | None = field(
        default=None, metadata={"help": "Modules to adapt. Default: all linear layers."}
    )
    revision: str | None = field(default=None, metadata={"help": "Revision of a model on the hub."})
    trust_remote_code: bool = field(default=False, metadata={"help": "Run code that comes with the model."})

    def __post_init__(self) -> None:
        if self.language is not None:
            self.language = [code for given in self.language for code in given.split(",") if code]
        if self.lora_r < 1 or not 0 <= self.lora_dropout < 1:
            raise UserError(
                f"lora_r is {self.lora_r} and lora_dropout {self.lora_dropout}: give a rank of at least 1 and a "
                "dropout in [0, 1)"
            )

    def peft_config(self) -> Any:
        """The LoRA configuration, or None for full fine-tuning."""
        if not self.lora:
            return None
        from peft import LoraConfig

        return LoraConfig(
            r=self.lora_r,
            lora_alpha=self.lora_alpha,
            lora_dropout=self.lora_dropout,
            target_modules=self.lora_target_modules or "all-linear",
            task_type="CAUSAL_LM",
        )


@dataclass(frozen=True)
class TrainResult:
    """Where the model lies and what the run cost.

    ``final``: folder of the final model or adapter. ``history``: the logged metrics of every step. ``resumed``: the
    step that the run went on from, 0 for a fresh one.
    """

    final: Path
    history: list[dict[str, Any]]
    resumed: int


def train(
    run: RunConfig,
    args: TLPOConfig,
    *,
    load: Callable[[], tuple[PreTrainedModel, PreTrainedTokenizerBase]] | None = None,
    progress: TrainerCallback | None = None,
) -> TrainResult:
    """Train, or go on with a run that was interrupted, and save the final model into ``<output_dir>/final``.

    Args:
        run: model and data.
        args: the trainer's arguments; ``args.output_dir`` is claimed for this run.
        load: returns the policy, which is trained in place, and its tokenizer; called unless the run is finished.
            Default: load them by the name in ``run``.
        progress: a callback that shows the steps in place of the trainer's own bar and printed logs.

    Raises:
        UserError: when the folder holds another run, or an input cannot be used.
        KeyboardInterrupt: on Ctrl-C, after a checkpoint of the last finished step was saved.
    """
    from tlpo.modeling.load import load_model, load_tokenizer
    from tlpo.training.trainer import TLPOTrainer

    folder = Path(str(args.output_dir))
    prompts = training_prompts(run)
    if claim(folder, run, args) == "finished":
        steps = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))["steps"]
        return TrainResult(folder / "final", _history(folder), steps)
    options: Any = {"revision": run.revision, "trust_remote_code": run.trust_remote_code}
    model, tokenizer = load() if load else (load_model(run.model, **options), load_tokenizer(run.model, **options))
    trainer = TLPOTrainer(
        model,
        args,
        train_dataset=_rows(prompts),
        processing_class=tokenizer,
        peft_config=run.peft_config(),
    )
    if progress is not None:
        from transformers.trainer_callback import PrinterCallback, ProgressCallback

        for shown in (PrinterCallback, ProgressCallback):
            trainer.remove_callback(shown)
        trainer.add_callback(progress)
    remove_incomplete(folder)
    checkpoint = last_complete(folder)
    with patient_interrupts(trainer):
        try:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
            trainer.guard.check(trainer)
            final = save_final(trainer, tokenizer, folder)
        except KeyboardInterrupt:
            # Several processes would have to agree on the step; and before the first one there is nothing to keep.
            if trainer.args.world_size == 1 and not trainer.in_optimizer_step and trainer.state.global_step:
                trainer.save_now()
            raise
    if trainer.args.should_save:
        write_json(folder / STATE_FILE, {"status": "finished", "steps": trainer.state.global_step})
    return TrainResult(final, _history(folder), _step_of(checkpoint))


def training_prompts(run: RunConfig) -> list[PromptRecord]:
    """The run's training prompts."""
    return load_prompts(run.prompts, language=run.language, split="train")


def _rows(prompts: list[PromptRecord]) -> list[dict[str, Any]]:
    return [{"prompt": record.prompt, "language": record.language, "where": record.where} for record in prompts]


def check_inputs(run: RunConfig, args: TLPOConfig, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse what `train` would refuse, before anything is computed or written.

    Raises:
        UserError: when the group exceeds the vocabulary, or a prompt cannot be used or does not fit the context.
    """
    from tlpo.training.dataset import encode_dataset
    from tlpo.training.setup import check_context

    room = check_context(model, args)
    encode_dataset(
        _rows(training_prompts(run)),
        tokenizer,
        template=args.prompt_template,
        default_language=None,
        max_tokens=room,
        chat_template_kwargs=args.template_options,
    )


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


def _history(folder: Path) -> list[dict[str, Any]]:
    path = folder / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def _step_of(checkpoint: Path | None) -> int:
    return int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
