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
    steps since the last checkpoint would be lost. Does nothing outside the main thread, or where SIGINT has another
    handler or is ignored.
    """

    def handle(signum: int, frame: Any) -> None:
        if not trainer.in_optimizer_step or trainer.interrupt_pending:
            raise KeyboardInterrupt
        trainer.interrupt_pending = True
        sys.stderr.write("finishing the step; Ctrl-C again stops at once\n")

    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
