"""Exploration against brute force: every candidate of every point alone, recomputed from its whole sequence."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tests.models import ARCHITECTURES, MIXED, SLIDING_WINDOW, ragged_prompts, tiny_model
from transformers import PreTrainedModel

from tlpo.errors import UserError
from tlpo.training.candidates import ExplorationSettings
from tlpo.training.exploration import explore

ENDS = frozenset([2, *range(100, 140)])


def brute_force(
    model: PreTrainedModel, prefix: list[int], sampled: int, settings: ExplorationSettings
) -> list[tuple[int, float, list[int]]]:
    def logits_after(sequence: list[int]) -> torch.Tensor:
        with torch.no_grad():
            logits: torch.Tensor = model(torch.tensor([sequence]), use_cache=False).logits[0, -1]
        return logits

    probs = torch.softmax(logits_after(prefix).double(), -1).tolist()
    tokens = sorted(range(len(probs)), key=lambda token: -probs[token])[: settings.num_candidates]
    if settings.include_sampled and sampled not in tokens:
        tokens[-1] = sampled
    found = []
    for token in tokens:
        continuation = [token]
        while continuation[-1] not in ENDS and len(continuation) <= settings.look_ahead:
            continuation.append(int(logits_after(prefix + continuation).argmax()))
        found.append((token, probs[token], continuation))
    return found


@pytest.mark.parametrize("batch_size", [1, 3, 10, 1000])
@pytest.mark.parametrize("architecture", [*ARCHITECTURES, *MIXED])
def test_equals_brute_force(architecture: str, batch_size: int) -> None:
    """Prefixes of mixed lengths, some past Gemma's sliding window; a part of one point, two or all points at a time."""
    model = tiny_model(architecture, dtype=torch.float64)
    prefixes = [list(range(10 * n, 10 * n + n)) for n in (3, 3 * SLIDING_WINDOW, 7, 2 * SLIDING_WINDOW + 1, 2)]
    sampled = [17, 450, 33, 470, 8]
    settings = ExplorationSettings(num_candidates=5, look_ahead=3, include_sampled=True, batch_size=batch_size)
    found = explore(model, prefixes, sampled, settings, eos_ids=ENDS, pad_id=0)
    lengths = set()
    for prefix, token, group in zip(prefixes, sampled, found, strict=True):
        expected = brute_force(model, prefix, token, settings)
        assert [(c.token, c.continuation) for c in group] == [(t, continuation) for t, _, continuation in expected]
        assert [c.prob for c in group] == pytest.approx([prob for _, prob, _ in expected], rel=1e-5)
        lengths |= {len(c.continuation) for c in group}
    assert 4 in lengths
    assert len(lengths) > 1, "some continuations should end early, or the test shows too little"


@pytest.mark.parametrize(("batch_size", "most"), [(1, 1), (3, 3), (10, 10), (14, 10)])
def test_no_more_rows_than_allowed_are_forwarded(batch_size: int, most: int) -> None:
    model = tiny_model()
    rows = []
    model.register_forward_pre_hook(lambda _, __, given: rows.append(len(given["input_ids"])), with_kwargs=True)
    settings = ExplorationSettings(num_candidates=5, look_ahead=2, batch_size=batch_size)
    explore(model, [[1, 2], [3], [4, 5, 6]], [7, 8, 9], settings, eos_ids=ENDS, pad_id=0)
    assert max(rows) == most


def test_the_sampled_token_replaces_the_last_candidate_only_if_it_is_missing() -> None:
    model, prefix = tiny_model(), [9, 8, 7]

    def tokens(sampled: int, include: bool) -> list[int]:
        settings = ExplorationSettings(num_candidates=4, look_ahead=0, include_sampled=include)
        return [c.token for c in explore(model, [prefix], [sampled], settings, eos_ids=ENDS, pad_id=0)[0]]

    with torch.no_grad():
        order = model(torch.tensor([prefix])).logits[0, -1].argsort(descending=True).tolist()
    assert tokens(order[30], include=False) == order[:4]
    assert tokens(order[30], include=True) == [*order[:3], order[30]]
    for place in range(4):
        assert tokens(order[place], include=True) == order[:4]


def test_probabilities_are_those_at_temperature_one() -> None:
    model, prefix = tiny_model(), [9, 8, 7]
    settings = ExplorationSettings(num_candidates=480, look_ahead=0)
    (group,) = explore(model, [prefix], [5], settings, eos_ids=ENDS, pad_id=0)
    assert sum(candidate.prob for candidate in group) == pytest.approx(1, abs=1e-5)
    with torch.no_grad():
        expected = torch.softmax(model(torch.tensor([prefix])).logits[0, -1], -1)
    assert {c.token: c.prob for c in group} == pytest.approx(dict(enumerate(expected.tolist())), rel=1e-4)


def test_without_look_ahead_a_continuation_is_its_candidate() -> None:
    settings = ExplorationSettings(num_candidates=6, look_ahead=0)
    for group in explore(tiny_model(), ragged_prompts(3), [5, 6, 7], settings, eos_ids=ENDS, pad_id=0):
        assert all(candidate.continuation == [candidate.token] for candidate in group)


def test_a_continuation_ends_with_its_end_of_sequence() -> None:
    everything = frozenset(range(480))
    settings = ExplorationSettings(num_candidates=6, look_ahead=3)
    for group in explore(tiny_model(), ragged_prompts(3), [5, 6, 7], settings, eos_ids=everything, pad_id=0):
        assert all(candidate.continuation == [candidate.token] for candidate in group)


def test_no_points() -> None:
    assert explore(tiny_model(), [], [], ExplorationSettings(), eos_ids=ENDS, pad_id=0) == []


@pytest.mark.parametrize("training", [True, False])
def test_dropout_is_off_and_the_mode_restored(training: bool) -> None:
    model = tiny_model("gpt2", dropout=0.5)
    settings = ExplorationSettings(num_candidates=4)
    expected = explore(model, [[9, 8]], [5], settings, eos_ids=ENDS, pad_id=0)
    model.train(training)
    assert explore(model, [[9, 8]], [5], settings, eos_ids=ENDS, pad_id=0) == expected
    assert model.training is training


def test_more_candidates_than_tokens_is_an_error() -> None:
    settings = ExplorationSettings(num_candidates=481)
    with pytest.raises(UserError, match=r"num_candidates is 481, but .* 480 tokens: choose a smaller number") as raised:
        explore(tiny_model(), [[9, 8]], [5], settings, eos_ids=ENDS, pad_id=0)
    assert "\n" not in str(raised.value)


def test_a_point_draws_the_same_in_every_batch() -> None:
    model, prefixes = tiny_model(dtype=torch.float64), ragged_prompts(5)
    keys = [(0, 3, place, 0) for place in range(5)]

    def run(batch_size: int) -> object:
        settings = ExplorationSettings(num_candidates=4, source="sample", batch_size=batch_size)
        return explore(model, prefixes, [5] * 5, settings, eos_ids=ENDS, pad_id=0, draw_keys=keys)

    assert run(4) == run(1000)


def test_each_point_has_its_own_wrong_tokens_in_every_batch() -> None:
    """The masks stay with their points though chunks take the points by length."""
    model, prefixes = tiny_model(dtype=torch.float64), ragged_prompts(5)
    settings = ExplorationSettings(num_candidates=4, confused=1, include_sampled=False)
    with torch.no_grad():
        last = [int(model(torch.tensor([prefix])).logits[0, -1].argmin()) for prefix in prefixes]
    assert len(set(last)) > 1, "the points should differ, or the test shows too little"

    def run(batch_size: int) -> list[list[int]]:
        groups = explore(
            model,
            prefixes,
            [5] * 5,
            replace(settings, batch_size=batch_size),
            eos_ids=ENDS,
            pad_id=0,
            draw_keys=[(0, 3, place) for place in range(5)],
            confused=torch.nn.functional.one_hot(torch.tensor(last), model.config.vocab_size).bool(),
        )
        return [[candidate.token for candidate in group] for group in groups]

    assert [group[2] for group in run(4)] == last
    assert run(4) == run(1000)
