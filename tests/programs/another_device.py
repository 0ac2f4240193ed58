"""Everything that computes, on the CPU and on a device whose tensors do not mix with the CPU's.

``another_device.py FILE`` writes what each of the two gave, scenario by scenario.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from accelerate.state import AcceleratorState
from peft import LoraConfig

from tests.emulated_device import NAME
from tests.models import SENTENCES, tiny_model, tokenizer
from tests.runs import RECIPE, ROWS, history, trainer, weights
from tlpo.evaluation.divergence import line_divergences
from tlpo.evaluation.nll import text_nll
from tlpo.head_selection.embedding import TaskEmbedding
from tlpo.head_selection.generation import answer
from tlpo.head_selection.selector import HeadSelector, SelectorSettings
from tlpo.head_selection.tasks import Example, Task
from tlpo.head_selection.templates import Template
from tlpo.integrations import ConfusionLogitsProcessor, ConfusionStoppingCriteria

LINES = list(SENTENCES[:5])
LORA = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"])
EXAMPLES = tuple(Example(chr(97 + n % 26) * (1 + n // 26), chr(65 + n % 26)) for n in range(40))


def trained(device: str, kind: str, **options: Any) -> dict[str, Any]:
    """Three steps of TLPO."""
    AcceleratorState._reset_state(reset_partial_state=True)
    os.environ["ACCELERATE_TORCH_DEVICE"] = device
    torch.manual_seed(0)
    with TemporaryDirectory() as folder:
        given = {"optim": "sgd", "learning_rate": 0.1, "use_cpu": device == "cpu"} | RECIPE | options
        run = trainer(folder, model=tiny_model(kind), **given)
        run.train()
    return {
        "device": str(next(run.model.parameters()).device),
        "counts": [entry["confusion/points_used"] for entry in history(run)],
        "eval": [entry["eval_confusion/rate"] for entry in run.state.log_history if "eval_confusion/rate" in entry],
        "numbers": {name: weight.cpu().flatten().tolist() for name, weight in weights(run.model).items()},
    }


def measured(device: str) -> dict[str, Any]:
    """The likelihood of clean text, and how far a model has moved on it."""
    torch.manual_seed(0)
    model, base = tiny_model("gemma3").to(device), tiny_model("gemma3", seed=1).to(device)
    found = line_divergences(model, base, tokenizer(), LINES)
    sums = {"forward": [line.forward for line in found], "nll": list(text_nll(model, tokenizer(), LINES).sums)}
    return {"device": str(model.device), "numbers": sums}


def gated(device: str) -> dict[str, Any]:
    """``model.generate`` with the gate and the stop."""
    model, texts = tiny_model("llama").to(device), tokenizer()
    given = texts(LINES[:2], return_tensors="pt", padding=True, padding_side="left").to(device)
    options = {"max_new_tokens": 12, "do_sample": False, "pad_token_id": texts.pad_token_id}
    gate = ConfusionLogitsProcessor(texts, "ko", english="confusion")
    stop = ConfusionStoppingCriteria(texts, "ko", english="confusion")
    both = [
        model.generate(**given, **options, logits_processor=[gate]),
        model.generate(**given, **options, stopping_criteria=[stop]),
    ]
    return {"device": str(model.device), "numbers": {}, "texts": [texts.batch_decode(ids) for ids in both]}


def selected(device: str) -> dict[str, Any]:
    """SITE: the task's embedding, the choice of heads, an answer with it."""
    model, texts = tiny_model("llama").to(device), tokenizer()
    task = Task("letters", EXAMPLES[:24], EXAMPLES[24:32], EXAMPLES[32:])
    found = TaskEmbedding.extract(model, texts, task.train, shots=2, num_prompts=4)
    settings = SelectorSettings(steps=4, batch_size=4, validate_every=2)
    adapter = HeadSelector(model, texts, found, Template(), settings).fit(task)
    written = answer(model, texts, [Template().zero_shot(one.input) for one in task.test[:2]], adapter=adapter)
    numbers = {"embedding": found.values.flatten().tolist(), "alpha": adapter.alpha.flatten().tolist()}
    return {"device": str(model.device), "numbers": numbers, "texts": written}


SCENARIOS: dict[str, Callable[[str], dict[str, Any]]] = {
    "the default recipe": partial(trained, kind="llama", eval_strategy="steps", eval_dataset=ROWS[:4]),
    "tied weights in chunks": partial(
        trained, kind="gemma3", update_batch_size=2, gradient_accumulation_steps=2, gradient_checkpointing=True
    ),
    "an adapter": partial(trained, kind="qwen2", peft_config=LORA, kl_estimator="exact"),
    "two iterations": partial(trained, kind="qwen3", num_iterations=2, ref_model_sync_steps=1),
    "drawn candidates": partial(trained, kind="mistral", candidate_source="sample", top_p=0.9),
    "measuring": measured,
    "decoding": gated,
    "head selection": selected,
}

if __name__ == "__main__":
    results = {name: {device: run(device) for device in ("cpu", f"{NAME}:0")} for name, run in SCENARIOS.items()}
    Path(sys.argv[1]).write_text(json.dumps(results))
