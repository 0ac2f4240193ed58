"""Which tokens are tried at a confusion point, on distributions small enough to see through."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from tlpo.training.candidates import SEARCHED, ConfusedAlone, ExplorationSettings, choose_candidates


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

    def choose(self, wrong: ConfusedAlone, sampled: int = 0, size: int = 5, confused: int = 2) -> list[int]:
        settings = ExplorationSettings(num_candidates=size, confused=confused)
        (tokens,) = choose_candidates(self.probs, torch.tensor([sampled]), settings, confused_alone=[wrong]).tolist()
        return [int(token) for token in tokens]

    def test_the_likeliest_wrong_tokens_join_the_likeliest(self) -> None:
        assert self.choose({1, 4, 6, 7}.__contains__) == [0, 1, 4, 6, 2]

    def test_the_sampled_token_keeps_its_place_at_the_end(self) -> None:
        assert self.choose({4, 6, 7}.__contains__, sampled=7) == [0, 1, 4, 6, 7]
        assert self.choose({4, 6, 7}.__contains__, sampled=2) == [0, 1, 4, 6, 2]

    def test_where_there_are_too_few_the_likeliest_others_stand_in(self) -> None:
        assert self.choose({6}.__contains__) == [0, 1, 6, 3, 2]
        assert sorted(self.choose(lambda token: False)) == [0, 1, 2, 3, 4]

    def test_the_whole_vocabulary_may_be_the_group(self) -> None:
        assert sorted(self.choose({3}.__contains__, size=8, confused=4)) == list(range(8))

    def test_what_is_hardly_ever_sampled_is_not_searched(self) -> None:
        probs = torch.linspace(1, 0.1, SEARCHED + 10)[None]
        asked: list[int] = []
        settings = ExplorationSettings(num_candidates=4, confused=1, include_sampled=False)
        choose_candidates(probs, torch.tensor([0]), settings, confused_alone=[lambda token: bool(asked.append(token))])
        assert asked == list(range(3, SEARCHED))

    def test_drawn_groups_have_them_too(self) -> None:
        settings = ExplorationSettings(num_candidates=4, source="sample", include_sampled=False, confused=2)
        chosen = choose_candidates(
            self.probs.expand(50, -1),
            torch.zeros(50, dtype=torch.long),
            settings,
            [(0, 0, place) for place in range(50)],
            [{6, 7}.__contains__] * 50,
        )
        assert all({6, 7} <= set(row) and len(set(row)) == 4 for row in chosen.tolist())
        assert len({tuple(row) for row in chosen.tolist()}) > 1

    def test_the_predicates_are_needed(self) -> None:
        with pytest.raises(ValueError, match="needs confused_alone"):
            choose_candidates(self.probs, torch.tensor([0]), ExplorationSettings(num_candidates=4, confused=1))
