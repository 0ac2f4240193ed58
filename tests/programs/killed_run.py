"""Runs that die while they save a checkpoint: ``killed_run.py FOLDER`` makes one run for each place to die.

Each run is a process of its own that gets a real SIGKILL, with which no ``finally`` and no exit handler runs.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tests.runs import ROWS, trainer
from tlpo import TLPOTrainer
from tlpo.loop import persistence

DEADLY_STEP = 3
SAVING: dict[str, Any] = {"save_strategy": "steps", "save_steps": 1, "max_steps": 5, "rows": ROWS[:8]}
PLACES = ("before the optimizer", "half the optimizer", "before the marker", "from outside")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Doomed(TLPOTrainer):
    place = ""

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if self.state.global_step == DEADLY_STEP and self.place == "before the optimizer":
            die()
        super()._save_optimizer_and_scheduler(output_dir)
        if self.state.global_step == DEADLY_STEP and self.place == "half the optimizer":
            path = Path(output_dir, "optimizer.pt")
            path.write_bytes(path.read_bytes()[:1000])
            die()


def run(place: str, folder: Path) -> None:
    Doomed.place = place
    if place == "before the marker":
        mark = persistence.mark_complete
        persistence.mark_complete = lambda path, step: die() if step == DEADLY_STEP else mark(path, step)
    trainer(folder, kind=Doomed, **SAVING).train()


def main(base: Path) -> None:
    for place in PLACES:
        folder = base / place.replace(" ", "-")
        child = os.fork()
        if child == 0:
            run(place, folder)
            os._exit(0)  # it should have died
        if place == "from outside":
            deadline = time.monotonic() + 60
            while not (folder / f"checkpoint-{DEADLY_STEP}").exists() and time.monotonic() < deadline:
                time.sleep(0.0005)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print(place, os.WIFSIGNALED(status) and os.WTERMSIG(status), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
