"""How alike the heads are that different tasks select: correlations, their tree, and what they say about transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlpo.errors import missing_extra

Array = NDArray[np.float64]


def similarity(alphas: Mapping[str, Sequence[Array]], inter: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """Correlations between tasks and their average-linkage tree; None for fewer than two tasks.

    Args:
        alphas: for each task the alpha of each seed, (layers, heads) in [0, 1].
        inter: the inter-task matrix, with `tasks` and `strict` (row: selection of, column: embedding and items of).

    Returns:
        ``tasks`` in the tree's order, ``correlation`` (Pearson, over heads, of the means over seeds) in that order,
        ``linkage`` as scipy's, over the tasks in that order; ``same_task`` and ``other_tasks``, the mean correlation
        between two seeds of one task and of different tasks (None for one seed); ``spearman``, the rank correlation,
        over ordered pairs of tasks, between their correlation and the share of its score that a task keeps with the
        other's selection (None where that cannot be had).
    """
    try:
        from scipy.cluster import hierarchy
        from scipy.spatial.distance import squareform
    except ImportError:
        raise missing_extra("scipy", "plot") from None

    names = list(alphas)
    if len(names) < 2:
        return None
    means = {name: np.mean([np.asarray(alpha) for alpha in alphas[name]], axis=0) for name in names}
    found = np.array([[_correlation(means[a], means[b]) for b in names] for a in names])
    order = hierarchy.leaves_list(_tree(found, squareform, hierarchy)).tolist()
    ordered = found[np.ix_(order, order)]
    same, other = _by_seed(alphas)
    return {
        "tasks": [names[place] for place in order],
        "correlation": ordered.tolist(),
        "linkage": _tree(ordered, squareform, hierarchy).tolist(),
        "same_task": same,
        "other_tasks": other,
        "spearman": _with_transfer(names, found, inter) if inter else None,
    }


def _tree(correlation: Array, squareform: Any, hierarchy: Any) -> Array:
    distances = squareform(1 - (correlation + correlation.T) / 2, checks=False)
    tree: Array = hierarchy.linkage(np.clip(distances, 0, None), method="average", optimal_ordering=True)
    return tree


def _correlation(first: Array, second: Array) -> float:
    """Pearson's over all heads; where one side is constant, 1 if both are alike, else 0."""
    a, b = np.ravel(first) - np.mean(first), np.ravel(second) - np.mean(second)
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / scale if scale > 1e-12 else float(np.allclose(first, second))


def _by_seed(alphas: Mapping[str, Sequence[Array]]) -> tuple[float | None, float | None]:
    """Mean correlation between seeds of the same task, and between single seeds of different tasks."""
    same = [_correlation(a, b) for runs in alphas.values() for a, b in combinations(runs, 2)]
    if not same:
        return None, None
    other = [
        _correlation(a, b)
        for first, second in combinations(alphas, 2)
        for a, b in product(alphas[first], alphas[second])
    ]
    return float(np.mean(same)), float(np.mean(other))


def _with_transfer(names: Sequence[str], correlation: Array, inter: Mapping[str, Any]) -> float | None:
    """Spearman's rank correlation of the tasks' correlation with the kept share of the score."""
    from scipy.stats import spearmanr

    kept: list[float] = []
    alike: list[float] = []
    for row, column in product(range(len(inter["tasks"])), repeat=2):
        own = inter["strict"][column][column]
        if row != column and own > 0:
            kept.append(inter["strict"][row][column] / own)
            first, second = (names.index(inter["tasks"][place]) for place in (row, column))
            alike.append(float(correlation[first, second]))
    if len(kept) < 3 or len(set(kept)) < 2 or len(set(alike)) < 2:
        return None
    return float(spearmanr(alike, kept).statistic)
