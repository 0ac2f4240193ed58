"""One TLPO run from a configuration: the folder it writes, from the resolved config to the final model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tlpo.data import load_prompts
from tlpo.errors import UserError
from tlpo.provenance import git_commit, versions
from tlpo.training.checkpoints import last_complete, remove_incomplete, write_json

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback

    from tlpo.data import PromptRecord
    from tlpo.training.config import TLPOConfig

CONFIG_FILE = "resolved_config.yaml"
STATE_FILE = "run.json"
# Options that may differ when a run goes on: they change what is shown or kept, not what is computed.
_FREE = {"disable_tqdm", "log_level", "log_level_replica", "report_to", "save_total_limit", "dataloader_num_workers"}


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
    model: PreTrainedModel | None = None,
    tokenizer: Any = None,
    progress: TrainerCallback | None = None,
) -> TrainResult:
    """Train, or go on with a run that was interrupted, and save the final model into ``<output_dir>/final``.

    Args:
        run: model and data.
        args: the trainer's arguments; ``args.output_dir`` is claimed for this run.
        model: the loaded policy, to save loading it again; it is trained in place.
        tokenizer: its tokenizer.
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
        return TrainResult(folder / "final", _history(folder), args.max_steps)
    tokenizer = tokenizer or load_tokenizer(run.model, revision=run.revision, trust_remote_code=run.trust_remote_code)
    model = model or load_model(run.model, revision=run.revision, trust_remote_code=run.trust_remote_code)
    trainer = TLPOTrainer(
        model,
        args,
        train_dataset=[{"prompt": record.prompt, "language": record.language} for record in prompts],
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
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except KeyboardInterrupt:
        if trainer.args.world_size == 1 and not trainer.in_optimizer_step:
            trainer.save_now()
        raise
    final = save_final(trainer, tokenizer, folder)
    if trainer.args.should_save:
        write_json(folder / STATE_FILE, {"status": "finished", "steps": trainer.state.global_step})
    return TrainResult(final, _history(folder), _step_of(checkpoint))


def training_prompts(run: RunConfig) -> list[PromptRecord]:
    """The run's training prompts."""
    return load_prompts(run.prompts, language=run.language, split="train")


def save_final(trainer: Any, tokenizer: PreTrainedTokenizerBase, folder: Path) -> Path:
    """Save the model or adapter and its tokenizer; the folder appears whole or not at all."""
    final, building = folder / "final", folder / "final.part"
    trainer.save_model(str(building))
    trainer.accelerator.wait_for_everyone()
    if trainer.args.should_save and not final.exists():
        tokenizer.save_pretrained(building)
        building.rename(final)
    trainer.accelerator.wait_for_everyone()
    return final


def claim(folder: Path, run: RunConfig, args: TLPOConfig) -> str:
    """Make the folder this run's, or recognise it as such: returns ``new``, ``running`` or ``finished``.

    Raises:
        UserError: when it holds a run with other settings, or other files.
    """
    config = resolved(run, args)
    path = folder / CONFIG_FILE
    if path.is_file():
        known = yaml.safe_load(path.read_text(encoding="utf-8"))["config"]
        changed = sorted(name for name in config if known.get(name) != config[name] and name not in _FREE)
        if changed:
            told = ", ".join(f"{name} was {known.get(name)!r}, now {config[name]!r}" for name in changed[:5])
            raise UserError(f"{folder} already holds another run ({told}): give another output_dir")
        state = folder / STATE_FILE
        return str(json.loads(state.read_text())["status"]) if state.is_file() else "running"
    if args.process_index == 0:
        if folder.is_dir() and any(not entry.name.startswith(".") for entry in folder.iterdir()):
            raise UserError(f"{folder} holds other files and no run: give a new or empty output_dir")
        folder.mkdir(parents=True, exist_ok=True)
        provenance = {"versions": versions(), "git_commit": git_commit(), "processes": args.world_size}
        text = yaml.safe_dump({"config": config, **provenance}, allow_unicode=True, sort_keys=True)
        temporary = path.with_suffix(".tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    return "new"


def resolved(run: RunConfig, args: TLPOConfig) -> dict[str, Any]:
    """Every option's final value, as YAML can hold it."""
    options: dict[str, Any] = args.to_dict()  # type: ignore[no-untyped-call]
    return {name: _plain(value) for name, value in sorted((asdict(run) | options).items())}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(entry) for entry in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _history(folder: Path) -> list[dict[str, Any]]:
    path = folder / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def _step_of(checkpoint: Path | None) -> int:
    return int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
