"""Small training runs on tiny random models, for the trainer's tests and the processes they start.

The random model writes a mixture of Hangul, Latin, Cyrillic and other pieces, so that nearly every response leaves
Korean at once, and its likeliest tokens hold clean and confused ones alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import TrainerCallback

from tests.models import SENTENCES, tiny_model, tokenizer
from tlpo import ConfusionDetector, TLPOConfig, TLPOTrainer
from tlpo.data.encoded import EncodedPrompt
from tlpo.modeling.generation import Completion
from tlpo.training.points import ConfusionPoint

ROWS = [{"prompt": sentence[:start], "language": "ko"} for sentence in SENTENCES for start in (6, 9, 14, 20)]

RECIPE: dict[str, Any] = {"confused_share": 0.25, "max_point_shift": 2, "kl_estimator": "clean", "prefix_beta": 1.0}
"""What the default recipe has beyond the paper's: wrong tokens in each group, points that move to the token that
decided, and a divergence that leaves wrong tokens out."""


def arguments(folder: Path | str, **options: Any) -> TLPOConfig:
    """Three steps of four prompts with two samples each and the paper's objective, quiet, without a last checkpoint."""
    defaults = {
        "use_cpu": True,
        "disable_tqdm": True,
        "english": "confusion",
        "max_steps": 3,
        "per_device_train_batch_size": 4,
        "num_generations": 2,
        "temperature": 1.0,
        "max_new_tokens": 10,
        "num_candidates": 8,
        "confused_share": 0.0,
        "advantage": "probability",
        "kl_estimator": "k3",
        "beta": 0.04,
        "prefix_beta": 0.0,
        "min_points": 1,
        "points_per_prompt": 0,
        "max_point_shift": 0,
        "learning_rate": 1e-3,
        "lr_scheduler_type": "constant",
        "save_strategy": "no",
        "seed": 3,
    }
    return TLPOConfig(output_dir=str(folder), **(defaults | options))


def trainer(
    folder: Path | str,
    *,
    model: nn.Module | None = None,
    rows: list[dict[str, Any]] | None = None,
    kind: type[TLPOTrainer] = TLPOTrainer,
    detector: Any = None,
    peft_config: Any = None,
    processing_class: Any = None,
    eval_dataset: Any = None,
    callbacks: Any = None,
    **options: Any,
) -> TLPOTrainer:
    """A trainer of the tiny Llama; ``options`` go into the arguments."""
    return kind(
        model if model is not None else tiny_model(),  # type: ignore[arg-type]
        arguments(folder, **options),
        train_dataset=ROWS if rows is None else rows,
        eval_dataset=eval_dataset,
        processing_class=processing_class or tokenizer("byte_fallback"),
        peft_config=peft_config,
        detector=detector,
        callbacks=callbacks,
    )


def weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of every parameter."""
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Equal to the last bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def largest_difference(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    """Over all weights, absolute."""
    assert one.keys() == other.keys()
    return max(float((one[name].double() - other[name].double()).abs().max()) for name in one)


def history(run: TLPOTrainer) -> list[dict[str, float]]:
    """The metrics logged at each step."""
    return [entry for entry in run.state.log_history if "confusion/points" in entry]


class WeightsAfterEachStep(TrainerCallback):
    """Keeps a copy of them."""

    def __init__(self) -> None:
        self.steps: list[dict[str, torch.Tensor]] = []

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        self.steps.append(weights(model))


class Remembering(TLPOTrainer):
    """Keeps what each step saw."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.rounds: list[tuple[list[EncodedPrompt], list[list[Completion]], list[ConfusionPoint]]] = []
        super().__init__(*args, **kwargs)

    def detect(self, prompts: Any, completions: Any) -> list[ConfusionPoint]:
        points = super().detect(prompts, completions)
        self.rounds.append((list(prompts), completions, points))
        return points


def verdicts(detector: ConfusionDetector, text: str) -> set[int | None]:
    """The confusion point of a text as it stands, and of one that goes on: a stopped response's is either."""
    return {detector.check(text, truncated=truncated).confusion_point for truncated in (False, True)}
