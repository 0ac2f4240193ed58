"""One step after the other on tiny random models: what is found, what the update does with it, what it leaves alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import ARCHITECTURES, MIXED, tiny_model, tokenizer
from tests.runs import (
    RECIPE,
    ROWS,
    Remembering,
    WeightsAfterEachStep,
    history,
    largest_difference,
    same,
    trainer,
    verdicts,
    weights,
)
from torch import nn

from tlpo import ConfusionDetector, TLPOTrainer
from tlpo.data.encoded import EncodedPrompt
from tlpo.modeling.alignment import TokenText
from tlpo.modeling.generation import Completion
from tlpo.training.points import ConfusionPoint


class Quiet(TLPOTrainer):
    """Finds nothing at the steps named in ``silent``, counted from 0."""

    silent: Sequence[int] = ()

    def detect(self, prompts: Any, completions: Any) -> list[ConfusionPoint]:
        points = super().detect(prompts, completions)
        return [] if self.state.global_step in self.silent else points


@pytest.mark.parametrize("options", [{}, RECIPE], ids=["paper", "default"])
@pytest.mark.parametrize("architecture", [*ARCHITECTURES, *MIXED])
def test_every_architecture_trains(tmp_path: Path, architecture: str, options: dict[str, Any]) -> None:
    run = trainer(tmp_path, model=tiny_model(architecture), max_steps=2, num_candidates=32, **options)
    before = weights(run.model)
    run.train()
    assert not same(before, weights(run.model))
    assert all(parameter.isfinite().all() for parameter in run.model.parameters())
    for entry in history(run)[:2]:
        assert entry["confusion/points"] >= entry["confusion/points_used"] > 0
        assert entry["ratio/mean"] == 1
        assert 0 < entry["explore/mass_correct"] < 1
        assert 0 < entry["confusion/rate"] <= 1
        assert entry["grad_norm"] > 0


def test_training_raises_the_mass_of_the_clean_candidates(tmp_path: Path) -> None:
    run = trainer(tmp_path, rows=ROWS[:4], max_steps=12, num_generations=8, learning_rate=1e-2)
    run.train()
    mass = [entry["explore/mass_correct"] for entry in history(run)[:12]]
    rate = [entry["confusion/rate"] for entry in history(run)[:12]]
    assert sum(mass[-3:]) / 3 > 0.6 > 0.3 > mass[0]
    assert sum(rate[-3:]) < sum(rate[:3])


def test_a_share_of_each_group_is_wrong_by_itself(tmp_path: Path) -> None:
    """In the language of its own point, though both languages are in one step."""
    rows = [{**row, "language": language} for row in ROWS[:2] for language in ("ko", "ru")]
    run = trainer(tmp_path, kind=Remembering, rows=rows, num_candidates=16, confused_share=0.25, max_steps=1)
    run.train()
    assert isinstance(run, Remembering)
    ((_, _, points),) = run.rounds
    assert {point.language for point in points} == {"ko", "ru"}
    script = {"ko": "HANGUL", "ru": "CYRILLIC"}
    for point in points:
        tokens = [candidate.token for candidate in point.candidates]
        assert len(set(tokens)) == 16
        for token in tokens[11:15]:
            letters = [c for c in TokenText(run.token_table, [token]).text if c.isalpha()]
            assert letters
            assert not any(unicodedata.name(letter).startswith(script[point.language]) for letter in letters)
    drawn = {tuple(candidate.token for candidate in point.candidates[11:15]) for point in points}
    assert len(drawn) == len(points) > 1


@pytest.mark.parametrize("options", [{}, RECIPE], ids=["paper", "default"])
def test_a_step_without_points_leaves_the_weights_as_they_are(tmp_path: Path, options: dict[str, Any]) -> None:
    """Weight decay and the momentum of earlier steps must not move them either."""
    watch = WeightsAfterEachStep()
    Quiet.silent = (0, 2)
    run = trainer(tmp_path, kind=Quiet, callbacks=[watch], max_steps=4, weight_decay=0.5, **options)
    start = weights(run.model)
    run.train()
    first, second, third, fourth = watch.steps
    assert same(start, first)
    assert not same(first, second)
    assert same(second, third)
    assert not same(third, fourth)
    assert [entry["confusion/points"] > 0 for entry in history(run)[:4]] == [False, True, False, True]


def test_groups_without_signal_are_dropped_and_counted(tmp_path: Path) -> None:
    class Flat(TLPOTrainer):
        def explore(self, points: Sequence[ConfusionPoint]) -> None:
            super().explore(points)
            for point in points:
                point.judged = [point.judged[0]] * len(point.judged)

    run = trainer(tmp_path, kind=Flat, weight_decay=0.5, max_steps=2)
    before = weights(run.model)
    run.train()
    assert same(before, weights(run.model))
    entry = history(run)[0]
    assert entry["confusion/points"] > 0
    assert (entry["confusion/points_used"], entry["explore/frac_no_signal"]) == (0, 1)


@pytest.mark.parametrize(
    ("estimator", "prefix_beta"), [("k3", 0.0), ("exact", 0.0), ("exact", 2.0), ("k3", 2.0), ("clean", 2.0)]
)
def test_two_iterations_equal_plain_gradient_descent(tmp_path: Path, estimator: str, prefix_beta: float) -> None:
    """The weights after two steps on one roll-out against brute force: one row for every candidate, plain PyTorch."""
    model, rate, beta = tiny_model(), 0.5, 0.3
    rows, reference = tiny_model(), tiny_model()
    run = trainer(
        tmp_path,
        model=model,
        kind=Remembering,
        num_generations=6,
        optim="sgd",
        learning_rate=rate,
        beta=beta,
        kl_estimator=estimator,
        prefix_beta=prefix_beta,
        prefix_positions=5,
        num_iterations=2,
        max_steps=2,
        max_grad_norm=0,
    )
    run.train()
    assert len(run.rounds) == 1
    points = [point for point in run.rounds[0][2] if point.has_signal]
    assert len(points) > 2
    old = [_logps(rows, point).detach() for point in points]
    for _ in range(2):
        losses = [
            _brute_loss(rows, reference, point, o, beta, estimator)
            + prefix_beta * _brute_drift(rows, reference, point, estimator)
            for point, o in zip(points, old, strict=True)
        ]
        _descend(rows, sum(losses) / len(losses), rate)
    moved = largest_difference(weights(reference), weights(rows))
    assert moved > 1e-3
    assert largest_difference(weights(model), weights(rows)) < 1e-4 * moved
    second = history(run)[1]
    assert second["rollout/tokens"] == 0
    assert second["kl"] > 0
    assert second["ratio/mean"] != 1
    assert (second["kl_prefix"] > 1e-6) if prefix_beta else ("kl_prefix" not in second)


def test_an_update_waits_for_enough_points_and_takes_all_of_them(tmp_path: Path) -> None:
    """Two steps leave the weights alone; the last one is a plain gradient step on the points of all three."""
    watch, rate, beta = WeightsAfterEachStep(), 0.5, 0.3
    rows, reference = tiny_model(), tiny_model()
    run = trainer(
        tmp_path,
        kind=Remembering,
        callbacks=[watch],
        optim="sgd",
        learning_rate=rate,
        beta=beta,
        min_points=1000,
        max_grad_norm=0,
    )
    run.train()
    assert same(weights(reference), watch.steps[0])
    assert same(weights(reference), watch.steps[1])
    points = [point for _, _, found in run.rounds for point in found if point.has_signal]
    losses = [_brute_loss(rows, reference, point, _logps(rows, point).detach(), beta, "k3") for point in points]
    _descend(rows, sum(losses) / len(losses), rate)
    moved = largest_difference(weights(reference), weights(rows))
    assert moved > 1e-3
    assert largest_difference(watch.steps[2], weights(rows)) < 1e-4 * moved
    used = [(entry["confusion/points_used"], entry["update/points"]) for entry in history(run)[:3]]
    assert [update for _, update in used] == [0, 0, len(points)]
    assert sum(found for found, _ in used) == len(points)


def _descend(model: nn.Module, loss: torch.Tensor, rate: float) -> None:
    """One plain gradient step."""
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= rate * parameter.grad


def _logps(model: Any, point: ConfusionPoint) -> torch.Tensor:
    sequences = torch.tensor([[*point.prefix_ids, candidate.token] for candidate in point.candidates])
    logps = torch.log_softmax(model(sequences, use_cache=False).logits[:, -2], dim=-1)
    return logps.gather(-1, sequences[:, -1:])[:, 0]


def _brute_loss(
    model: Any, reference: Any, point: ConfusionPoint, old: torch.Tensor, beta: float, estimator: str
) -> torch.Tensor:
    members = torch.tensor([judged.member for judged in point.judged])
    p = torch.tensor([candidate.prob for candidate in point.candidates])[members]
    rewards = torch.tensor([judged.reward for judged in point.judged])[members]
    weight = p * (rewards - (p * rewards).sum() / p.sum())
    advantages = weight / weight.abs().sum()
    logps = _logps(model, point)
    ratio = torch.exp(logps - old)[members]
    surrogate = torch.min(ratio * advantages, torch.clamp(ratio, 0.8, 1.2) * advantages)
    with torch.no_grad():
        ref_logps = _logps(reference, point)
        ref_all = torch.log_softmax(reference(torch.tensor([point.prefix_ids])).logits[0, -1], -1)
    delta = (ref_logps - logps)[members]
    kl = torch.exp(delta) - delta - 1
    if estimator != "k3":
        everything = torch.log_softmax(model(torch.tensor([point.prefix_ids])).logits[0, -1], -1)
        kl = _brute_divergence(everything, ref_all, estimator).expand_as(surrogate)
    return -(surrogate - beta * kl).mean()


def _brute_divergence(logps: torch.Tensor, ref_logps: torch.Tensor, estimator: str) -> torch.Tensor:
    """KL(policy, reference), or KL(reference, policy) given that the token is Hangul or has no letter."""
    if estimator != "clean":
        return (logps.exp() * (logps - ref_logps)).sum()
    detector = ConfusionDetector("ko", english="confusion")
    kept = [
        token
        for token, text in enumerate(
            tokenizer("byte_fallback").batch_decode([[t] for t in range(len(logps))], skip_special_tokens=True)
        )
        if any("HANGUL" in unicodedata.name(c, "") for c in text) or detector.check(text).verdict != "confused"
    ]
    assert 10 < len(kept) < len(logps) - 10
    logps, ref_logps = (values[kept] - torch.logsumexp(values[kept], 0) for values in (logps, ref_logps))
    return (ref_logps.exp() * (ref_logps - logps)).sum()


def _brute_drift(model: Any, reference: Any, point: ConfusionPoint, estimator: str) -> torch.Tensor:
    """Mean KL to the reference at the five positions before the confusion point's own, one forward pass for each."""
    drift = []
    for length in range(max(1, len(point.prefix_ids) - 5), len(point.prefix_ids)):
        prefix = torch.tensor([point.prefix_ids[:length]])
        logps = torch.log_softmax(model(prefix, use_cache=False).logits[0, -1], -1)
        with torch.no_grad():
            ref_logps = torch.log_softmax(reference(prefix, use_cache=False).logits[0, -1], -1)
        drift.append(_brute_divergence(logps, ref_logps, estimator))
    return torch.stack(drift).mean()


def test_points_are_where_the_responses_go_wrong(tmp_path: Path) -> None:
    """The prefix ends right before the first token that carries part of the confused character."""
    run = trainer(tmp_path, kind=Remembering, max_steps=3, num_generations=6)
    run.train()
    detector, table, points = ConfusionDetector("ko", english="confusion"), run.token_table, 0
    for prompts, completions, found in run.rounds:
        by_place = {(point.prompt_index, point.sample): point for point in found}
        for prompt, group in zip(prompts, completions, strict=True):
            for sample, completion in enumerate(group):
                point = by_place.get((prompt.index, sample))
                if point is None:
                    assert completion.finished != "confusion"
                    continue
                points += 1
                assert point.response == completion.text
                assert point.char_offset in verdicts(detector, completion.text)
                before = len(completion.text[: point.char_offset].encode())
                place = len(point.prefix_ids) - len(prompt.ids)
                assert point.prefix_ids == prompt.ids + completion.ids[:place]
                assert point.sampled_id == completion.ids[place]
                sizes = [len(table[token]) for token in completion.ids]
                if "\ufffd" not in completion.text:  # then text and bytes have the same places
                    assert sum(sizes[:place]) <= before < sum(sizes[: place + 1])
                prefix = TokenText(table, completion.ids[:place])
                assert (prefix.text, prefix.pending) == (point.prefix_text, point.prefix_pending)
    assert points > 40


def test_a_token_that_ends_a_character_and_begins_the_wrong_one(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    # 나는 가ж: the third token ends 가 and begins ж.
    run.token_table = [b"", "나는 ".encode(), "가".encode()[:2], "가".encode()[2:] + "ж".encode()[:1], "ж".encode()[1:]]
    text = TokenText(run.token_table, [1, 2, 3, 4])
    completion = Completion([1, 2, 3, 4], text.text, text.token_of_char, "length")
    (point,) = run.detect([EncodedPrompt(0, [9, 9], "ko")], [[completion]])
    assert (point.char_offset, point.prefix_ids, point.sampled_id) == (4, [9, 9, 1, 2], 3)
    assert (point.prefix_text, point.prefix_pending) == ("나는 ", "가".encode()[:2])


def test_the_sampled_token_is_judged_confused(tmp_path: Path) -> None:
    """It lies in every group, and in context it is what the detector objected to."""
    run = trainer(tmp_path, kind=Remembering, max_steps=2, num_generations=4)
    run.train()
    outcomes = [
        judged.outcome
        for _, _, points in run.rounds
        for point in points
        for candidate, judged in zip(point.candidates, point.judged, strict=True)
        if candidate.token == point.sampled_id
    ]
    assert len(outcomes) == sum(len(points) for _, _, points in run.rounds)
    assert outcomes.count("confused") / len(outcomes) > 0.8
