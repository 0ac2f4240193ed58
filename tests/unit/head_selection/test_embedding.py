"""Task embeddings against a plain loop over the prompts."""

from __future__ import annotations

import random

import pytest
import torch
from tests.models import ARCHITECTURES, tiny_model, tokenizer

from tlpo.errors import UserError
from tlpo.head_selection.embedding import TaskEmbedding
from tlpo.head_selection.encoding import encode_answer, encode_text, stop_token_ids
from tlpo.head_selection.generation import answer
from tlpo.head_selection.tasks import Example
from tlpo.head_selection.templates import Template

EXAMPLES = [Example(f"w{n}" * (1 + n % 4), f"out {n}") for n in range(12)]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_mean_of_the_last_heads(architecture: str) -> None:
    """Each prompt alone, unpadded; the heads read off the projections' inputs."""
    model, texts = tiny_model(architecture), tokenizer()
    found = TaskEmbedding.extract(model, texts, EXAMPLES, num_prompts=7, shots=3, seed=5, batch_size=3)
    rng, total = random.Random(5), torch.zeros(2, 2, 8)
    layers = model.transformer.h if architecture == "gpt2" else model.model.layers
    projections = [x.attn.c_proj if architecture == "gpt2" else x.self_attn.o_proj for x in layers]
    for _ in range(7):
        *demos, query = rng.sample(EXAMPLES, 4)
        text = "\n\n".join(f"Q: {demo.input}\nA: {demo.output}" for demo in demos) + f"\n\nQ: {query.input}\nA:"
        seen: list[torch.Tensor] = []
        handles = [
            p.register_forward_pre_hook(lambda _, args, seen=seen: seen.append(args[0][0, -1])) for p in projections
        ]
        with torch.no_grad():
            model(torch.tensor([texts(text).input_ids]))
        [handle.remove() for handle in handles]
        total += torch.stack(seen).view(2, 2, 8) / 7
    torch.testing.assert_close(found.values, total, rtol=0, atol=1e-5)
    assert found.meta == {"num_prompts": 7, "shots": 3, "seed": 5}


def test_progress_mode_and_seed() -> None:
    model, texts, calls = tiny_model("llama").train(), tokenizer(), list[tuple[int, int]]()
    options = {"num_prompts": 5, "shots": 2, "batch_size": 2}
    one = TaskEmbedding.extract(model, texts, EXAMPLES, **options, on_progress=lambda *call: calls.append(call))
    assert calls == [(2, 5), (4, 5), (5, 5)]
    assert model.training
    assert torch.equal(one.values, TaskEmbedding.extract(model, texts, EXAMPLES, **options).values)
    assert not torch.equal(one.values, TaskEmbedding.extract(model, texts, EXAMPLES, **options, seed=1).values)
    assert not any(module._forward_pre_hooks for module in model.modules())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"shots": 12}, "12 training examples are too few for prompts of 12 shots"),
        ({"shots": 0}, "shots is 0"),
        ({"num_prompts": 0}, "num_prompts is 0"),
    ],
)
def test_numbers_that_cannot_be(options: dict[str, int], told: str) -> None:
    with pytest.raises(UserError, match=told):
        TaskEmbedding.extract(tiny_model("llama"), tokenizer(), EXAMPLES, **options)


def test_prompts_longer_than_the_context() -> None:
    """GPT-2 has no position beyond its context: an index error on the CPU, and the end of the process on a GPU."""
    model, texts = tiny_model("gpt2", context=64), tokenizer()
    with pytest.raises(
        UserError, match=r"a prompt of \d+ tokens does not fit the model's context of 64: give fewer than 10"
    ):
        TaskEmbedding.extract(model, texts, EXAMPLES, num_prompts=2, shots=10)
    prompt = "Q: a\nA:"
    used = len(encode_text(texts, prompt))
    assert len(answer(model, texts, [prompt], max_new_tokens=64 - used)) == 1
    with pytest.raises(UserError, match=f"a prompt of {used} tokens with up to {65 - used} new ones does not fit"):
        answer(model, texts, [prompt], max_new_tokens=65 - used)


@pytest.mark.parametrize("kind", ["byte_level", "byte_fallback"])
def test_an_answer_continues_its_prompt(kind: str) -> None:
    texts, template = tokenizer(kind), Template()
    prompt = template.zero_shot("weather")
    answer = encode_answer(texts, prompt, template.answer("nice"))
    assert encode_text(texts, prompt) + answer == encode_text(texts, "Q: weather\nA: nice")
    assert texts.decode(answer) == " nice"


@pytest.mark.parametrize("kind", ["byte_level", "byte_fallback"])
def test_stop_tokens(kind: str) -> None:
    """Every id after which the text has a line break and nothing before it, and EOS."""
    texts, model = tokenizer(kind), tiny_model("llama")
    found = stop_token_ids(model, texts, "\n")
    written = {token for token in range(480) if texts.decode([token]).lstrip(" ").startswith("\n")}
    assert set(found) == written | {2}
    assert len(written) >= 1
