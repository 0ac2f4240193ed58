"""Ctrl-C during training: at once where that loses nothing, at the end of the step while the weights are moving."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tlpo.loop.persistence import PersistenceMixin


@contextmanager
def patient_interrupts(trainer: PersistenceMixin) -> Iterator[None]:
    """Inside, the first Ctrl-C in an optimizer step waits for the step's end; a second one does not.

    An interrupted optimizer step has moved some weights and not others. Its result could not be kept, and with it all
    steps since the last checkpoint would be lost. Several processes always wait for the step's end, where they agree to
    stop: one that left in the midst of it would leave the others waiting for it. Their launcher passes SIGINT or
    SIGTERM on, so both count there. Does nothing outside the main thread, or where a signal has another handler or is
    ignored.
    """
    several = trainer.args.world_size > 1

    def handle(signum: int, frame: Any) -> None:
        if trainer.interrupt_pending or not (several or trainer.in_optimizer_step):
            raise KeyboardInterrupt
        trainer.interrupt_pending = True
        if trainer.args.process_index == 0:
            sys.stderr.write("finishing the step; Ctrl-C again stops at once\n")

    before = {signal.SIGINT: signal.default_int_handler}
    if several:
        before[signal.SIGTERM] = signal.SIG_DFL  # type: ignore[assignment]
    is_main = threading.current_thread() is threading.main_thread()
    ours = [one for one, usual in before.items() if is_main and signal.getsignal(one) == usual]
    for one in ours:
        signal.signal(one, handle)
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, before[one])
