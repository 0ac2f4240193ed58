"""Which heads a patch moves, and how far."""

from __future__ import annotations

import torch

from tlpo.head_selection.adapter import TaskAdapter
from tlpo.head_selection.embedding import TaskEmbedding
from tlpo.runs.heads.patching import Patch, _patched, all_patches

FITTED = torch.tensor([[0.0, 0.49, 0.51], [1.2, 1.8, 0.1]])
ADAPTER = TaskAdapter(TaskEmbedding(torch.zeros(2, 3, 4)), (FITTED / 2).logit(), max_alpha=2.0)


def alpha(name: str, seed: int = 0) -> torch.Tensor:
    return _patched(ADAPTER, Patch("a", name, seed), 0.5).alpha


def test_high_is_the_fitted_alpha_in_whole_numbers() -> None:
    assert alpha("high").tolist() == [[0, 0, 1], [1, 2, 0]]


def test_low_moves_the_heads_that_high_leaves_alone() -> None:
    assert alpha("low").tolist() == [[1, 1, 0], [0, 0, 1]]


def test_random_deals_the_same_numbers_anew_in_each_draw() -> None:
    draws = [alpha(f"random-{number}").flatten() for number in range(8)]
    assert all(sorted(draw.tolist()) == [0, 0, 0, 1, 1, 2] for draw in draws)
    assert len({tuple(draw.tolist()) for draw in draws}) > 4
    assert torch.equal(draws[3], alpha("random-3").flatten())
    assert any(not torch.equal(draw, alpha(f"random-{n}", 1).flatten()) for n, draw in enumerate(draws))


def test_an_analysis_patches_every_task_and_every_ordered_pair() -> None:
    found = [(patch.task, patch.name) for patch in all_patches(["a", "b", "c"], seed=0, draws=2)]
    names = ["soft", "high", "low", "random-0", "random-1"]
    pairs = [("a", "from b"), ("a", "from c"), ("b", "from a"), ("b", "from c"), ("c", "from a"), ("c", "from b")]
    assert sorted(found) == sorted([(task, name) for task in "abc" for name in names] + pairs)
    assert Patch.borrowed("a", "from b", 0).lender == "from b"
