"""Training a selection on tiny models: it learns, keeps the best, and leaves the model as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.models import tiny_model, tokenizer

from tlpo.errors import UserError
from tlpo.head_selection.adapter import TaskAdapter
from tlpo.head_selection.embedding import TaskEmbedding
from tlpo.head_selection.encoding import encode_answer, stop_token_ids
from tlpo.head_selection.fingerprint import fingerprint
from tlpo.head_selection.generation import answer
from tlpo.head_selection.scoring import strict_match
from tlpo.head_selection.selector import HeadSelector, SelectorSettings
from tlpo.head_selection.tasks import Example, Task
from tlpo.head_selection.templates import Template

FAST = SelectorSettings(steps=6, batch_size=4, validate_every=2, max_alpha=1.0)


def task(name: str = "letters", offset: int = 0) -> Task:
    examples = tuple(Example(chr(97 + n % 26) * (1 + n // 26), chr(65 + (n + offset) % 26)) for n in range(60))
    return Task(name, examples[:36], examples[36:48], examples[48:])


def embedding(seed: int = 0, scale: float = 3.0) -> TaskEmbedding:
    return TaskEmbedding(scale * torch.randn(2, 2, 8, generator=torch.Generator().manual_seed(seed)), {"seed": seed})


def full_loss(model: Any, adapter: TaskAdapter, examples: tuple[Example, ...]) -> tuple[float, float]:
    """Mean loss of the answers with their stops, and share of strict matches: one unpadded row after the other."""
    texts, template = tokenizer(), Template()
    stops, losses = stop_token_ids(model, texts, "\n"), []
    for example in examples:
        prompt = template.zero_shot(example.input)
        head, tail = texts(prompt).input_ids, encode_answer(texts, prompt, template.answer(example.output))
        with torch.no_grad(), adapter.applied(model, torch.tensor([len(head) - 1])):
            logs = model(torch.tensor([head + tail])).logits[0].log_softmax(-1)
        loss = -sum(float(logs[len(head) - 1 + at, token]) for at, token in enumerate(tail))
        losses.append(loss - float(logs[-1, stops].logsumexp(0)))
    written = answer(model, texts, [template.zero_shot(example.input) for example in examples], adapter=adapter)
    hits = [strict_match(text, example.output) for text, example in zip(written, examples, strict=True)]
    return sum(losses) / len(losses), sum(hits) / len(hits)


def test_training_lowers_the_loss_and_reports_it() -> None:
    model, calls = tiny_model("llama"), list[tuple[int, int]]()
    settings = replace(FAST, steps=30, validate_every=10)
    selector = HeadSelector(model, tokenizer(), embedding(), Template(), settings)
    adapter = selector.fit(task(), on_progress=lambda *call: calls.append(call))
    assert calls == [(step, 30) for step in range(1, 31)]
    start, _ = full_loss(model, TaskAdapter.untrained(embedding()), task().valid)
    loss, match = full_loss(model, adapter, task().valid)
    assert loss < start - 0.3
    metrics = adapter.meta["metrics"]
    assert metrics["valid_loss"] == pytest.approx(loss, abs=1e-3)
    assert metrics["valid_match"] == pytest.approx(match)
    assert [entry["step"] for entry in metrics["validations"]] == [0, 10, 20, 30]
    assert metrics["cached"]
    meta = adapter.meta
    assert (meta["task"], meta["tasks"], meta["seed"], meta["fingerprint"]) == (
        "letters",
        ["letters"],
        0,
        fingerprint(model),
    )
    assert (meta["template"]["separator"], meta["settings"]["steps"]) == ("\n\n", 30)


def test_the_seed_decides_and_the_model_stays_as_it_was() -> None:
    model = tiny_model("llama").train()
    model.lm_head.weight.requires_grad_(False)
    wanted = {name: weight.requires_grad for name, weight in model.named_parameters()}
    weights = {name: weight.clone() for name, weight in model.named_parameters()}
    one, two, other = (
        HeadSelector(model, tokenizer(), embedding(), settings=replace(FAST, seed=seed)).fit(task())
        for seed in (0, 0, 1)
    )
    assert torch.equal(one.logits, two.logits)
    assert not torch.equal(one.logits, other.logits)
    assert model.training
    assert {name: weight.requires_grad for name, weight in model.named_parameters()} == wanted
    assert all(torch.equal(weight, weights[name]) for name, weight in model.named_parameters())
    assert all(weight.grad is None for weight in model.parameters())


def test_the_best_validation_is_kept_and_ends_the_run() -> None:
    """A learning rate far too large: the first validations are better than the later ones."""
    settings = replace(FAST, steps=60, learning_rate=30.0, validate_every=1, patience=3)
    adapter = HeadSelector(tiny_model("llama"), tokenizer(), embedding(), settings=settings).fit(task())
    metrics = adapter.meta["metrics"]
    ranks = [(entry["match"], -entry["loss"]) for entry in metrics["validations"]]
    best = ranks.index(max(ranks))
    assert metrics["best_step"] == best
    assert len(ranks) == best + 1 + 3 < 60
    loss, _ = full_loss(tiny_model("llama"), adapter, task().valid)
    assert loss == pytest.approx(-ranks[best][1], abs=1e-3)


def test_the_loss_on_the_first_token() -> None:
    model = tiny_model("llama")
    settings = replace(FAST, steps=1, loss="first_token", batch_size=36)
    adapter = HeadSelector(model, tokenizer(), embedding(), settings=settings).fit(task())
    # one step of Adam is the learning rate against the sign of the gradient, worked out here with whole prompts
    logits = torch.zeros(2, 2, requires_grad=True)
    model.requires_grad_(False)
    total = torch.zeros(())
    for example in task().train:
        prompt = Template().zero_shot(example.input)
        [first, *_] = encode_answer(tokenizer(), prompt, " " + example.output)
        with TaskAdapter(embedding(), logits).applied(model):
            total = total - model(torch.tensor([tokenizer()(prompt).input_ids])).logits[0, -1].log_softmax(-1)[first]
    total.backward()
    assert logits.grad is not None
    torch.testing.assert_close(adapter.logits, logits.detach() - 0.2 * logits.grad.sign(), rtol=0, atol=1e-3)


def test_a_shortlist_of_the_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of all tokens trains as the whole vocabulary does; a short one ends nearby, validated by the whole."""
    monkeypatch.setattr("tlpo.head_selection.output_layer._SMALLEST", 100)
    model, settings = tiny_model("gemma3"), replace(FAST, steps=20, validate_every=5)
    fits = {
        size: HeadSelector(model, tokenizer(), embedding(), settings=replace(settings, shortlist=size)).fit(task())
        for size in (0, 3, 480)
    }
    torch.testing.assert_close(fits[480].logits, fits[0].logits, rtol=0, atol=1e-3)
    assert not torch.allclose(fits[3].logits, fits[0].logits, rtol=0, atol=1e-3)
    for fitted in fits.values():
        loss, _ = full_loss(model, fitted, task().valid)
        assert fitted.meta["metrics"]["valid_loss"] == pytest.approx(loss, abs=1e-3)
    assert "forward" not in vars(model.lm_head)


def test_one_selection_for_several_tasks() -> None:
    model = tiny_model("llama")
    tasks, embeddings = {"a": task("a"), "b": task("b", 5)}, {"a": embedding(0), "b": embedding(1)}
    found = HeadSelector(model, tokenizer(), embeddings, settings=FAST).fit(tasks)
    assert list(found) == ["a", "b"]
    assert torch.equal(found["a"].logits, found["b"].logits)
    assert found["b"].embedding is embeddings["b"]
    assert found["b"].meta["tasks"] == ["a", "b"]
    losses = [full_loss(model, found[name], tasks[name].valid)[0] for name in tasks]
    assert found["a"].meta["metrics"]["valid_loss"] == pytest.approx(sum(losses) / 2, abs=1e-3)


def test_examples_longer_than_the_context() -> None:
    model, long = tiny_model("gpt2", context=24), Example("The weather is nice today, so we walked to the park", "b")
    tasks = replace(task(), train=(*task().train, long))
    with pytest.raises(UserError, match=r"tokens does not fit the model's context of 24: give shorter examples"):
        HeadSelector(model, tokenizer(), embedding(), settings=FAST).fit(tasks)


@pytest.mark.parametrize(
    ("embeddings", "tasks", "told"),
    [
        ({"a": embedding()}, task(), "give the tasks by name"),
        (embedding(), {"a": task()}, "give the embeddings by name"),
        ({"a": embedding()}, {"a": task(), "b": task()}, "no embedding for the task 'b'"),
        ({"a": embedding()}, {}, "there is no task"),
        (TaskEmbedding(torch.zeros(3, 2, 8)), task(), r"has the shape \(3, 2, 8\), but this model's heads give"),
    ],
)
def test_what_does_not_fit_together(embeddings: Any, tasks: Any, told: str) -> None:
    with pytest.raises(UserError, match=told):
        HeadSelector(tiny_model("llama"), tokenizer(), embeddings, settings=FAST).fit(tasks)
