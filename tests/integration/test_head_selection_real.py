"""The first real model: a window of 512 tokens, four query heads on one key head, and a quarter of a million tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tlpo.head_selection.embedding import TaskEmbedding
from tlpo.head_selection.forward import AnswerLogits
from tlpo.head_selection.injection import Injection
from tlpo.head_selection.items import Suffixes, encode_items
from tlpo.head_selection.structure import attention_outputs
from tlpo.head_selection.tasks import Example, load_task
from tlpo.head_selection.templates import Template

pytestmark = [pytest.mark.real_model, pytest.mark.slow]


def test_cached_logits_past_the_window(real_model: Callable[[str], tuple[Any, Any]]) -> None:
    model, tokenizer = real_model("gemma-3-270m")
    outputs = attention_outputs(model)
    assert {(out.num_heads, out.head_dim) for out in outputs} == {(4, 256)}
    assert len(outputs) == 18
    task = load_task("choose_first_of_3")
    embedding = TaskEmbedding.extract(model, tokenizer, task.train, num_prompts=2, shots=3).values[None]
    long = Example(", ".join(example.input for example in task.train[:100]), "window")
    items = encode_items(tokenizer, Template(), [*task.valid[:3], long])
    assert len(items[-1].prompt) > 550
    answers = AnswerLogits(model, outputs, items, pad_id=0)
    assert answers.cached
    alpha = torch.linspace(0, 2, 72).view(1, 18, 4)
    with torch.no_grad():
        found = answers(Suffixes.of(items, whole_answer=True, pad_id=0), range(4), embedding, alpha)
        expected = []
        for item in items:
            end = len(item.prompt) - 1
            with Injection(model, outputs, embedding, alpha, torch.tensor([end])):
                ids = torch.tensor([[*item.prompt, *item.answer]])
                keep = torch.arange(end, ids.shape[1])
                expected.append(model(ids, use_cache=False, logits_to_keep=keep).logits[0])
    gap = (found - torch.cat(expected)).abs().max()
    print(f"largest difference of logits {gap:.2g}")
    assert gap < 1e-4
