"""Sampling against softmax frequencies and against a naive inverse distribution function in double precision."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tlpo.modeling.sampling import sample, uniform_draws

LARGEST = 1 - 2.0**-53  # the largest draw below 1
SIZES = [1, 2, 3, 5, 10, 17, 50, 1030]


def logits_of(vocabulary: int, rows: int = 1, seed: int = 0, scale: float = 2.0) -> torch.Tensor:
    return scale * torch.randn(rows, vocabulary, generator=torch.Generator().manual_seed(seed))


def probabilities(logits: torch.Tensor, temperature: float) -> np.ndarray:
    scaled = logits.double().numpy() / temperature
    weights = np.exp(scaled - scaled.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.7])
def test_frequencies_follow_softmax(temperature: float) -> None:
    draws, logits = uniform_draws(7, 0, (0,), 40_000), logits_of(50, scale=1.0)
    tokens = sample(logits.expand(len(draws), -1), draws, temperature)
    observed = np.bincount(tokens.numpy(), minlength=50)
    expected = probabilities(logits, temperature)[0] * len(draws)
    common = expected >= 5
    chi_square = float(((observed - expected) ** 2 / expected)[common].sum())
    # scipy.stats.chi2.ppf(0.999, 49) = 85.35; fewer cells only make it smaller.
    assert common.sum() > 30
    assert chi_square < 85.35


@pytest.mark.parametrize("vocabulary", SIZES)
@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_equals_the_naive_inverse_distribution(vocabulary: int, temperature: float) -> None:
    logits, draws = logits_of(vocabulary, rows=300, seed=vocabulary), uniform_draws(1, 2, (3,), 300)
    found = sample(logits, draws, temperature)
    cumulative = probabilities(logits, temperature).cumsum(-1)
    for row, (token, draw) in enumerate(zip(found.tolist(), draws.tolist(), strict=True)):
        expected = int(np.searchsorted(cumulative[row], draw, side="right"))
        # Weights are float32: a draw this close to the border between two tokens may fall on either side.
        on_the_border = np.abs(cumulative[row] - draw).min() < 1e-6
        assert token == expected or on_the_border


def naive_nucleus(probs: np.ndarray, top_p: float) -> list[int]:
    order = np.argsort(-probs, kind="stable")
    kept, mass = [], 0.0
    for token in order:
        kept.append(int(token))
        mass += probs[token]
        if mass >= top_p:
            break
    return kept


@pytest.mark.parametrize("top_p", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize(("vocabulary", "scale"), [(20, 1.0), (50, 3.0), (1500, 0.1)])
def test_top_p_draws_from_exactly_the_naive_nucleus(vocabulary: int, scale: float, top_p: float) -> None:
    """The last case needs more tokens than the first guess sorts."""
    logits = logits_of(vocabulary, seed=3, scale=scale)
    probs = probabilities(logits, 1.0)[0]
    nucleus = naive_nucleus(probs, top_p)
    count = 3000
    even = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    tokens = sample(logits.expand(count, -1), even, 1.0, top_p).numpy()
    assert set(tokens) <= set(nucleus)
    shares = probs[nucleus] / probs[nucleus].sum()
    observed = np.bincount(tokens, minlength=vocabulary)[nucleus] / count
    # Evenly spaced draws hit every token in proportion, up to one draw at either end.
    assert np.abs(observed - shares).max() <= 1.01 / count
    assert set(nucleus) - set(tokens) <= {token for token in nucleus if probs[token] < 1.01 / count}


def test_top_p_keeps_the_token_that_crosses_the_line() -> None:
    logits = torch.tensor([[0.5, 0.3, 0.2]]).log().repeat(3, 1)
    draws = torch.tensor([0.0, 0.624, 0.626], dtype=torch.float64)
    # Nucleus of 0.6 is {0, 1}, renormalised to 0.625 and 0.375.
    assert sample(logits, draws, 1.0, 0.6).tolist() == [0, 0, 1]
    assert sample(logits, draws, 1.0, 0.4).tolist() == [0, 0, 0]


@pytest.mark.parametrize("top_p", [1.0, 0.95])
@pytest.mark.parametrize("vocabulary", SIZES)
def test_impossible_tokens_are_never_drawn(vocabulary: int, top_p: float) -> None:
    generator = torch.Generator().manual_seed(vocabulary)
    logits = torch.randn(400, vocabulary, generator=generator)
    possible = torch.rand(400, vocabulary, generator=generator) < 0.2
    possible[torch.arange(400), torch.randint(vocabulary, (400,), generator=generator)] = True
    draws = torch.rand(400, dtype=torch.float64, generator=generator)
    draws[:100], draws[100:200] = 0.0, LARGEST
    tokens = sample(logits.masked_fill(~possible, -torch.inf), draws, 1.0, top_p)
    assert bool((tokens < vocabulary).all())
    assert bool(possible[torch.arange(400), tokens].all())


def test_underflowed_tokens_are_never_drawn() -> None:
    """exp(-200) is 0 in float32: a tail of such tokens at the end of the vocabulary must stay out."""
    logits = torch.full((3, 100), -200.0)
    logits[:, :5] = 0.0
    draws = torch.tensor([0.0, 0.5, LARGEST], dtype=torch.float64)
    for top_p in (1.0, 0.9999999):
        assert bool((sample(logits, draws, 1.0, top_p) < 5).all())


@pytest.mark.parametrize("top_p", [1.0, 0.8])
def test_a_row_does_not_depend_on_its_batch(top_p: float) -> None:
    logits, draws = logits_of(1030, rows=64, seed=9), uniform_draws(0, 0, (1,), 64)
    together = sample(logits, draws, 0.8, top_p)
    alone = torch.cat([sample(logits[i : i + 1], draws[i : i + 1], 0.8, top_p) for i in range(64)])
    flipped = sample(logits.flip(0), draws.flip(0), 0.8, top_p).flip(0)
    assert torch.equal(together, alone)
    assert torch.equal(together, flipped)


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_low_precision_logits_sample_like_the_same_numbers_in_float32(temperature: float) -> None:
    logits, draws = logits_of(1030, rows=2000, seed=2, scale=6.0).bfloat16(), uniform_draws(0, 0, (5,), 2000)
    assert torch.equal(sample(logits, draws, temperature), sample(logits.float(), draws, temperature))
    before = logits.clone()
    sample(logits, draws, temperature)
    assert torch.equal(logits, before)


def test_temperature_zero_is_greedy() -> None:
    logits = logits_of(50, rows=20)
    assert torch.equal(sample(logits, torch.full((20,), 0.99), 0.0), logits.argmax(-1))


def test_draws_are_a_pure_function_of_their_key() -> None:
    draws = uniform_draws(3, 5, (7, 1), 10)
    assert draws.dtype == torch.float64
    assert bool(((draws >= 0) & (draws < 1)).all())
    assert torch.equal(draws, uniform_draws(3, 5, (7, 1), 10))
    assert torch.equal(draws[:4], uniform_draws(3, 5, (7, 1), 4))
    others = [(4, 5, (7, 1)), (3, 6, (7, 1)), (3, 5, (8, 1)), (3, 5, (7, 2)), (3, 5, (7, 1, 1))]
    for key in others:
        assert not bool((draws == uniform_draws(*key, 10)).any())
    # The same on every machine and with every version: numpy keeps the streams of its bit generators.
    expected = np.random.Generator(np.random.Philox(np.random.SeedSequence([3, 5, 7, 1]))).random(10)
    assert draws.tolist() == expected.tolist()
