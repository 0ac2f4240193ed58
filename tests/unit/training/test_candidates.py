"""Which tokens are tried at a confusion point, on distributions small enough to see through."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from tlpo.training.candidates import ExplorationSettings, choose_candidates


class TestSampledCandidates:
    """``source="sample"``: N different tokens drawn."""

    probs = torch.tensor([0.4, 0.3, 0.15, 0.1, 0.05])

    def draw(self, count: int, size: int, temperature: float = 1.0) -> torch.Tensor:
        settings = ExplorationSettings(
            num_candidates=size, source="sample", include_sampled=False, temperature=temperature
        )
        keys = [(1, 2, place) for place in range(count)]
        return choose_candidates(self.probs.expand(count, -1), torch.zeros(count, dtype=torch.long), settings, keys)

    @pytest.mark.parametrize("temperature", [1.0, 2.0])
    def test_pairs_have_the_frequencies_of_draws_without_replacement(self, temperature: float) -> None:
        """At temperature 2 as if every probability were its square root."""
        count, weights = 6000, [value ** (1 / temperature) for value in self.probs.tolist()]
        p = [weight / sum(weights) for weight in weights]
        observed = Counter(frozenset(pair) for pair in self.draw(count, 2, temperature).tolist())
        chi_square = 0.0
        for a in range(5):
            for b in range(a + 1, 5):
                expected = count * (p[a] * p[b] / (1 - p[a]) + p[b] * p[a] / (1 - p[b]))
                chi_square += (observed[frozenset((a, b))] - expected) ** 2 / expected
        # scipy.stats.chi2.ppf(0.999, 9) = 27.88
        assert chi_square < 27.88

    def test_candidates_differ_and_cover_the_vocabulary_when_asked_to(self) -> None:
        drawn = self.draw(200, 5).numpy()
        assert (np.sort(drawn, axis=1) == np.arange(5)).all()

    def test_impossible_tokens_come_last(self) -> None:
        probs = torch.tensor([[0.0, 0.5, 0.0, 0.5]]).expand(100, -1)
        settings = ExplorationSettings(num_candidates=2, source="sample", include_sampled=False)
        keys = [(0, 0, place) for place in range(100)]
        chosen = choose_candidates(probs, torch.zeros(100, dtype=torch.long), settings, keys)
        assert {tuple(sorted(pair)) for pair in chosen.tolist()} == {(1, 3)}

    def test_keys_are_needed(self) -> None:
        settings = ExplorationSettings(num_candidates=2, source="sample")
        with pytest.raises(ValueError, match="needs keys"):
            choose_candidates(self.probs[None], torch.tensor([0]), settings)


class TestConfusedCandidates:
    """Places of the group that go to tokens which are wrong by themselves. Token i is the i-th likeliest."""

    probs = torch.tensor([[0.3, 0.2, 0.15, 0.12, 0.1, 0.06, 0.04, 0.03]])

    def choose(
        self, wrong: set[int], sampled: int = 0, size: int = 5, confused: int = 2, count: int = 1, **options: Any
    ) -> list[list[int]]:
        settings = ExplorationSettings(num_candidates=size, confused=confused, **options)
        keys = [(3, 4, place) for place in range(count)]
        probs, tokens = self.probs.expand(count, -1), torch.full((count,), sampled)
        confused = torch.tensor([[token in wrong for token in range(self.probs.shape[-1])]]).expand(count, -1)
        chosen: list[list[int]] = choose_candidates(probs, tokens, settings, keys, confused).tolist()
        return chosen

    def test_the_likeliest_tokens_and_wrong_ones(self) -> None:
        (group,) = self.choose({4, 6})
        assert (group[:2], set(group[2:4]), group[4]) == ([0, 1], {4, 6}, 2)

    def test_the_sampled_token_keeps_its_place_at_the_end(self) -> None:
        (group,) = self.choose({4, 6, 7}, sampled=7)
        assert (group[:2], set(group[2:4]), group[4]) == ([0, 1], {4, 6}, 7)

    def test_what_is_among_the_likeliest_is_not_drawn_again(self) -> None:
        for (group,) in (self.choose({1, 4, 6}), self.choose({1, 2, 4, 6})):
            assert sorted(group) == [0, 1, 2, 4, 6]

    def test_where_there_are_too_few_the_likeliest_others_stand_in(self) -> None:
        assert self.choose({6}) == [[0, 1, 6, 3, 2]]
        assert self.choose(set()) == [[0, 1, 3, 4, 2]]

    def test_the_whole_vocabulary_may_be_the_group(self) -> None:
        (group,) = self.choose({3}, size=8, confused=4)
        assert sorted(group) == list(range(8))

    def test_wrong_tokens_are_drawn_by_their_probability(self) -> None:
        """One of tokens 4 (0.1), 6 (0.04) and 7 (0.03), which count as confused."""
        count = 4000
        drawn = Counter(group[3] for group in self.choose({4, 6, 7}, confused=1, count=count))
        expected = {token: count * share / 0.17 for token, share in ((4, 0.10), (6, 0.04), (7, 0.03))}
        assert drawn.keys() == expected.keys()
        # scipy.stats.chi2.ppf(0.999, 2) = 13.82
        assert sum((drawn[token] - value) ** 2 / value for token, value in expected.items()) < 13.82

    def test_drawn_groups_have_them_too(self) -> None:
        groups = self.choose({6, 7}, size=4, count=50, source="sample", include_sampled=False)
        assert all({6, 7} <= set(group) and len(set(group)) == 4 for group in groups)
        assert len({tuple(sorted(group)) for group in groups}) > 1

    def test_impossible_tokens_are_not_drawn(self) -> None:
        probs = torch.tensor([[0.6, 0.4, 0.0, 0.0]])
        settings = ExplorationSettings(num_candidates=3, confused=1, include_sampled=False)
        confused = torch.tensor([[False, True, True, True]])
        assert choose_candidates(probs, torch.tensor([0]), settings, [(0, 0, 0)], confused)[0, 0] == 0
        both = ExplorationSettings(num_candidates=2, confused=1, include_sampled=False)
        assert choose_candidates(probs, torch.tensor([0]), both, [(0, 0, 0)], confused).tolist() == [[1, 0]]

    def test_keys_and_the_confused_tokens_are_needed(self) -> None:
        settings = ExplorationSettings(num_candidates=4, confused=1)
        with pytest.raises(ValueError, match="needs keys and the confused tokens"):
            choose_candidates(self.probs, torch.tensor([0]), settings, [(0, 0, 0)])
        with pytest.raises(ValueError, match="needs keys and the confused tokens"):
            choose_candidates(self.probs, torch.tensor([0]), settings, confused=self.probs > 0)
