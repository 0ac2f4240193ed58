"""What two processes train, scenario by scenario; without torchrun the same scenarios in one process.

``two_processes.py FOLDER`` writes what each rank saw (``<scenario>-<rank>.json``) and the weights
(``<scenario>.safetensors``).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from safetensors.torch import save_file
from torch.nn.parallel import DistributedDataParallel

from tests.models import tiny_model
from tests.runs import RECIPE, ROWS, history, trainer, weights
from tlpo import TLPOTrainer
from tlpo.training.points import ConfusionPoint

WORLD = int(os.environ.get("WORLD_SIZE", "1"))
RANK = int(os.environ.get("RANK", "0"))


class Counting(TLPOTrainer):
    """Keeps how many points with signal this process had at each step."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.counts: list[int] = []
        super().__init__(*args, **kwargs)

    def collect(self, prompts: Any) -> Any:
        rows = super().collect(prompts)
        self.counts.append(len(rows))
        return rows


class OneSided(Counting):
    """The second process never finds anything; alone: nothing in the second half of each batch."""

    def detect(self, prompts: Any, completions: Any) -> list[ConfusionPoint]:
        points = super().detect(prompts, completions)
        half = prompts if RANK == 1 else [] if WORLD == 2 else prompts[len(prompts) // 2 :]
        silent = {prompt.index for prompt in half}
        return [point for point in points if point.prompt_index not in silent]


class Silent(Counting):
    def detect(self, prompts: Any, completions: Any) -> list[ConfusionPoint]:
        super().detect(prompts, completions)
        return []


class OneBad(Counting):
    """At the second step one process alone has a loss that is not finite."""

    def loss(self, model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        losses = super().loss(model, batch)
        return losses * float("nan") if self.state.global_step == 1 and RANK == WORLD - 1 else losses


LORA = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"])
SCENARIOS: dict[str, dict[str, Any]] = {
    "plain": {},
    "small chunks": {"update_batch_size": 2, "gradient_accumulation_steps": 2, "kl_estimator": "clean"},
    "waiting": {"min_points": 20, "prefix_beta": 0.5, "max_steps": 4},
    "iterations": {"num_iterations": 2, "max_steps": 4},
    # Fewer wrong candidates than RECIPE has, which with half of the prompts leaves a step without any signal.
    "one-sided": {"kind": OneSided} | RECIPE | {"confused_share": 0.125},
    "silent": {"kind": Silent, "optim": "adamw_torch", "weight_decay": 0.5} | RECIPE,
    "one bad": {"kind": OneBad},
    "lora": {"peft_config": LORA},
    "rows left": {"rows": ROWS[:19], "max_steps": 6},
    "a row left": {"rows": ROWS[:17], "gradient_accumulation_steps": 2, "max_steps": 6},
    "resumed": {"save_strategy": "steps", "save_steps": 1, "num_iterations": 2, "max_steps": 4},
}


def run(name: str, folder: Path) -> None:
    options = {"kind": Counting, "optim": "sgd", "learning_rate": 0.1, "rows": ROWS[:24]} | SCENARIOS[name]
    accumulation = options.get("gradient_accumulation_steps", 1)
    options["per_device_train_batch_size"] = 8 // WORLD // accumulation
    torch.manual_seed(0)
    made = trainer(folder / name, model=tiny_model(), **options)
    made.train()
    if name == "resumed":
        torch.manual_seed(1)
        made = trainer(folder / name, model=tiny_model(), **options)
        made.train(resume_from_checkpoint=str(folder / name / "checkpoint-1"))
    found = {
        "rank": RANK,
        "world_size": made.args.world_size,
        "processes": made.accelerator.num_processes,
        "wrapped": isinstance(made.model_wrapped, DistributedDataParallel),
        "counts": made.counts,
        "history": [entry for entry in history(made) if "loss" in entry],
    }
    (folder / f"{name}-{RANK}.json").write_text(json.dumps(found))
    if RANK == 0:
        save_file(weights(made.model), folder / f"{name}.safetensors")


if __name__ == "__main__":
    for scenario in SCENARIOS:
        run(scenario, Path(sys.argv[1]))
