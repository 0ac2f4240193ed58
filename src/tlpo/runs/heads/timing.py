"""How long something took, on the wall's clock and on the processor's."""

from __future__ import annotations

import time
from types import TracebackType


class Stopwatch:
    """``with Stopwatch() as took: ...``: afterwards ``took.wall`` and ``took.cpu`` in seconds.

    cpu: of all threads of this process. It leaves out the time that other programs had the processor for; it says
    nothing of an accelerator.
    """

    wall = cpu = 0.0

    def __enter__(self) -> Stopwatch:
        self._begun = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.wall, self.cpu = time.perf_counter() - self._begun[0], time.process_time() - self._begun[1]
