"""What an analysis says of the fitted numbers, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from tlpo.runs.heads.analyze import _selection


def test_heads_above_the_threshold_and_near_an_end() -> None:
    """Of four heads three are high with either seed; near an end are two with the one and three with the other."""
    session: Any = SimpleNamespace(fit=SimpleNamespace(max_alpha=2.0), evaluate=SimpleNamespace(threshold=0.5))
    found = _selection(session, [np.array([[0.1, 0.6], [1.9, 1.0]]), np.array([[0.1, 0.8], [1.9, 1.9]])])
    assert (found["high"], found["settled"]) == (3, 0.625)
    np.testing.assert_allclose(found["alpha"], [[0.1, 0.7], [1.9, 1.45]])
