"""One real TLPO step on SmolLM2-135M-Instruct, through its chat template."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.runs import arguments, history

from tlpo import TLPOTrainer
from tlpo.data import load_prompts
from tlpo.training.points import ConfusionPoint

pytestmark = [pytest.mark.slow, pytest.mark.real_model]


class Remembering(TLPOTrainer):
    points: list[ConfusionPoint]

    def detect(self, prompts: Any, completions: Any) -> list[ConfusionPoint]:
        self.points = super().detect(prompts, completions)
        return self.points


def mass_of_clean_candidates(model: torch.nn.Module, points: list[ConfusionPoint]) -> torch.Tensor:
    """At each point the probability of its clean candidates among all its candidates, from a plain forward pass."""
    shares = []
    with torch.no_grad():
        for point in points:
            probs = torch.softmax(model(torch.tensor([point.prefix_ids])).logits[0, -1].float(), -1)
            group = [float(probs[candidate.token]) for candidate in point.candidates]
            clean = [p for p, judged in zip(group, point.judged, strict=True) if judged.outcome == "clean"]
            shares.append(sum(clean) / sum(group))
    return torch.tensor(shares)


def test_one_step_raises_the_clean_candidates(real_model: Callable[[str], tuple[Any, Any]], tmp_path: Path) -> None:
    """SmolLM2, asked in Korean, soon writes English and other scripts."""
    from tlpo.modeling.load import load_model

    tokenizer = real_model("smollm2-135m-instruct")[1]
    rows = [{"prompt": record.prompt, "language": "ko"} for record in load_prompts(None, language="ko", split="train")]
    args = arguments(
        tmp_path,
        max_steps=1,
        max_new_tokens=24,
        num_candidates=16,
        learning_rate=2e-6,
    )
    model = load_model("smollm2-135m-instruct")
    run = Remembering(model, args, train_dataset=rows[:4], processing_class=tokenizer)
    run.train()
    points = [point for point in run.points if point.has_signal]
    assert len(points) >= 3
    before = torch.tensor([point.mass_correct for point in points])
    # The policy before the step, from a fresh copy, agrees with what exploration saw.
    fresh = real_model("smollm2-135m-instruct")[0]
    torch.testing.assert_close(mass_of_clean_candidates(fresh, points), before, rtol=1e-3, atol=1e-5)
    after = mass_of_clean_candidates(run.model.train(False), points)
    assert float(after.mean()) > float(before.mean())
    assert float((after > before).float().mean()) > 0.7
    entry = history(run)[0]
    assert entry["explore/mass_correct"] > 0
    assert entry["grad_norm"] > 0
    for point in points:
        text = tokenizer.decode(point.prefix_ids)
        assert text.startswith("<|im_start|>system")
        assert "<|im_start|>assistant\n" in text
