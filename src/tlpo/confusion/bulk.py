"""Many texts on all cores."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import repeat
from typing import TYPE_CHECKING

from tlpo.confusion.types import Detection

if TYPE_CHECKING:
    from tlpo.confusion.detector import ConfusionDetector

# Below so many characters a new process costs more than it saves.
_WORTH_A_PROCESS = 2_000_000


def check_all(detector: ConfusionDetector, texts: Sequence[str], workers: int | None) -> list[Detection]:
    """``detector.check`` of each text, in order. workers: processes; None: all cores if there is enough to do."""
    if workers is None:
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if sum(map(len, texts)) < _WORTH_A_PROCESS:
            workers = 1
    if workers <= 1 or len(texts) < 2:
        return [detector.check(text) for text in texts]
    from concurrent.futures import ProcessPoolExecutor  # a quarter of the package's import time

    size = max(1, len(texts) // (4 * workers))
    blocks = [texts[i : i + size] for i in range(0, len(texts), size)]
    with ProcessPoolExecutor(workers) as pool:
        return [one for block in pool.map(_check_block, repeat(detector), blocks) for one in block]


def _check_block(detector: ConfusionDetector, texts: Sequence[str]) -> list[Detection]:
    return [detector.check(text) for text in texts]
