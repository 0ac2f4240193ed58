"""TRL's trainers, with this project's data, reference weights and files: the only module that imports TRL.

Written for TRL 1.16. What is overridden, and why:

- ``_send_telemetry``, ``create_model_card``: nothing is sent, and the run's own card is the only one.
- ``DPOTrainer._prepare_dataset``, ``ORPOTrainer.tokenize_row``: rows are token ids already.
- ``GRPOTrainer``: its reference model would be read from the disk, whatever weights were passed; here it is a frozen
  copy of the policy (for an adapter, the policy without it).
"""

from __future__ import annotations

import copy
import json
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.baselines.config import DPOArguments, GRPOArguments, ORPOArguments, SFTArguments
from tlpo.baselines.groups import GroupRollouts
from tlpo.baselines.mapping import trl_options
from tlpo.errors import missing_extra
from tlpo.files import write_json
from tlpo.loop.persistence import PersistenceMixin, RunFiles
from tlpo.loop.schedule import ScheduleMixin

_SILENCE = "TRL_EXPERIMENTAL_SILENCE"
_loud = _SILENCE not in os.environ
os.environ.setdefault(_SILENCE, "1")  # importing trl.experimental warns
try:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, SFTConfig, SFTTrainer
    from trl.experimental.orpo import ORPOConfig, ORPOTrainer
    from trl.trainer.utils import add_fused_lm_head
except ImportError:
    raise missing_extra("trl", "trl") from None
finally:
    if _loud:
        del os.environ[_SILENCE]

if TYPE_CHECKING:
    from tlpo.baselines.tokens import EncodedExample

_COUNT_FILE = "trained_tokens.json"


class _Ours(PersistenceMixin, ScheduleMixin):
    """What the four have in common."""

    _total_train_tokens: int = 0  # TRL's count for the logs, which a run that goes on would begin anew

    def _save_extras(self, folder: Path) -> None:
        super()._save_extras(folder)
        if self.args.should_save:
            write_json(folder / _COUNT_FILE, {"num_tokens": self._total_train_tokens})

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        count = Path(resume_from_checkpoint) / _COUNT_FILE
        if count.is_file():
            self._total_train_tokens = json.loads(count.read_text(encoding="utf-8"))["num_tokens"]

    def _send_telemetry(self) -> None:
        """Nothing is sent to anyone."""

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """The run writes its own."""


class SFT(_Ours, SFTTrainer):  # type: ignore[misc]
    """Supervised fine-tuning; only the response's tokens count."""

    def __init__(self, model: Any, args: SFTArguments, examples: Sequence[EncodedExample], **common: Any) -> None:
        rows = [
            {
                "input_ids": example.prompt + example.chosen,
                "labels": [-100] * len(example.prompt) + example.chosen,
            }
            for example in examples
        ]
        config = SFTConfig(**trl_options("sft", args))
        super().__init__(model, config, train_dataset=Dataset.from_list(rows), **common)
        self.start_files(RunFiles(), args.max_nonfinite_steps)


class DPO(_Ours, DPOTrainer):  # type: ignore[misc]
    """DPO against a frozen copy of the model that was passed; for an adapter, against the model without it."""

    def __init__(self, model: Any, args: DPOArguments, examples: Sequence[EncodedExample], **common: Any) -> None:
        rows = [
            {"prompt_ids": example.prompt, "chosen_ids": example.chosen, "rejected_ids": example.rejected}
            for example in examples
        ]
        config = DPOConfig(**trl_options("dpo", args))
        reference = None if common.get("peft_config") is not None else frozen_copy(model)
        super().__init__(model, reference, config, train_dataset=Dataset.from_list(rows), **common)
        self.start_files(RunFiles(), args.max_nonfinite_steps)

    def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return dataset


class ORPO(_Ours, ORPOTrainer):  # type: ignore[misc]
    """ORPO, which has no reference model."""

    def __init__(self, model: Any, args: ORPOArguments, examples: Sequence[EncodedExample], **common: Any) -> None:
        config = ORPOConfig(**trl_options("orpo", args))
        rows = [_preference_row(example) for example in examples]
        with _no_progress_bars():
            super().__init__(model, config, train_dataset=Dataset.from_list(rows), **common)
        self.start_files(RunFiles(), args.max_nonfinite_steps)

    @staticmethod
    def tokenize_row(feature: dict[str, Any], model: Any = None) -> dict[str, Any]:
        """Rows are tokenised already."""
        return feature


def _preference_row(example: EncodedExample) -> dict[str, Any]:
    row: dict[str, Any] = {"prompt": "", "chosen": "", "rejected": ""}  # looked for, and not used
    for side, ids in (("chosen", example.chosen), ("rejected", example.rejected or [])):
        row[f"{side}_input_ids"] = example.prompt + ids
        row[f"{side}_attention_mask"] = [1] * (len(example.prompt) + len(ids))
        row[f"{side}_labels"] = [-100] * len(example.prompt) + ids
    return row


class GRPO(_Ours, GRPOTrainer):  # type: ignore[misc]
    """GRPO with roll-outs by the project's engine.

    Args:
        rollouts: samples the groups.
        order: for every step, one after the other, the places of its prompts and their languages.
        reward: what TRL calls with the completions and the column ``language``.
    """

    def __init__(
        self,
        model: Any,
        args: GRPOArguments,
        rollouts: GroupRollouts,
        order: Sequence[tuple[int, str]],
        reward: Callable[..., list[float | None]],
        **common: Any,
    ) -> None:
        rows = [{"prompt": str(place), "language": language} for place, language in order]
        # Without beta TRL makes no reference model, which it would read from the disk.
        config = GRPOConfig(**(trl_options("grpo", args) | {"beta": 0.0}))
        adapted = common.get("peft_config") is not None
        reference = frozen_copy(model) if args.beta and not adapted else None
        make: Any = super().__init__
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="You are using 'rollout_func'")
            make(model, [reward], config, train_dataset=Dataset.from_list(rows), rollout_func=rollouts, **common)
        self.beta = args.beta
        if reference is not None:
            add_fused_lm_head(reference, temperature=self.temperature)
            self.ref_model = self.accelerator.prepare_model(reference.to(self.args.device), evaluation_mode=True)
        self._groups = rollouts
        self.start_files(RunFiles(), args.max_nonfinite_steps)

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add what the roll-outs tell."""
        if "loss" in logs:
            logs = logs | self._groups.drain(self._summed)
        super().log(logs, start_time)

    def _summed(self, values: Any) -> Any:
        if self.accelerator.num_processes == 1:
            return values
        return self.accelerator.reduce(values.to(self.args.device), reduction="sum").cpu()


def frozen_copy(model: Any) -> Any:
    """The reference model: the weights that were passed, whatever lies on the disk under their name."""
    reference = copy.deepcopy(model).requires_grad_(False)
    reference.train(False)
    return reference


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Rows that pass through three functions unchanged need no bars."""
    from datasets.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    hidden = are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if not hidden:
            enable_progress_bars()
