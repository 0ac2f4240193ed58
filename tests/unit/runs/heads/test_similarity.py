"""Which tasks are alike, against numpy and scipy on known patterns."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tlpo.runs.heads.similarity import similarity

RNG = np.random.default_rng(3)
BASES = RNG.random((2, 6, 4))
# Two families: a and c share heads, and so do b and d.
ALPHAS = {
    name: [np.clip(BASES[family] + 0.05 * RNG.standard_normal((6, 4)), 0, 1) for _ in range(2)]
    for name, family in (("a", 0), ("b", 1), ("c", 0), ("d", 1))
}


def test_families_come_together() -> None:
    found = similarity(ALPHAS)
    assert found is not None
    assert {frozenset(found["tasks"][:2]), frozenset(found["tasks"][2:])} == {frozenset("ac"), frozenset("bd")}
    # The first two joins are within the families, the last one between them.
    assert {frozenset(row[:2]) for row in found["linkage"][:2]} == {frozenset((0.0, 1.0)), frozenset((2.0, 3.0))}
    assert found["linkage"][2][3] == 4


def test_correlations_are_numpys() -> None:
    found = similarity(ALPHAS)
    assert found is not None
    means = [np.mean(ALPHAS[name], axis=0).ravel() for name in found["tasks"]]
    assert found["correlation"] == pytest.approx(np.corrcoef(means))
    same = [np.corrcoef(one.ravel(), two.ravel())[0, 1] for one, two in ALPHAS.values()]
    assert found["same_task"] == pytest.approx(np.mean(same))
    pairs = [(x, y) for x in "abcd" for y in "abcd" if x < y]
    other = [np.corrcoef(s.ravel(), t.ravel())[0, 1] for x, y in pairs for s in ALPHAS[x] for t in ALPHAS[y]]
    assert found["other_tasks"] == pytest.approx(np.mean(other))


def test_one_seed_says_nothing_of_seeds() -> None:
    found = similarity({name: runs[:1] for name, runs in ALPHAS.items()})
    assert found is not None
    assert found["same_task"] is found["other_tasks"] is None


def test_transfer_is_a_rank_correlation_over_ordered_pairs() -> None:
    strict = RNG.random((4, 4))
    strict[3, 3] = 0  # task d scores nothing by itself: no share of it can be kept
    found = similarity(ALPHAS, {"tasks": list("abcd"), "strict": strict.tolist()})
    assert found is not None
    means = {name: np.mean(runs, axis=0).ravel() for name, runs in ALPHAS.items()}
    pairs = [(row, column) for row in range(4) for column in range(3) if row != column]
    alike = [round(np.corrcoef(means["abcd"[row]], means["abcd"[column]])[0, 1], 9) for row, column in pairs]
    kept = [strict[row, column] / strict[column, column] for row, column in pairs]
    assert found["spearman"] == pytest.approx(stats.spearmanr(alike, kept).statistic)


def test_constant_selections_do_not_break_it() -> None:
    found = similarity({"a": [np.full((2, 2), 0.5)], "b": [np.full((2, 2), 0.5)], "c": [RNG.random((2, 2))]})
    assert found is not None
    assert np.isfinite(found["correlation"]).all()
    places = [found["tasks"].index(name) for name in "abc"]
    assert np.array(found["correlation"])[places[0], places[1]] == 1
    assert np.array(found["correlation"])[places[0], places[2]] == 0


def test_one_task_is_like_nothing() -> None:
    assert similarity({"a": [np.zeros((2, 2))]}) is None
