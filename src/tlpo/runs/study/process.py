"""A stage at work: a `tlpo` command in a process of its own, whose output goes into the stage's folder."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tlpo.errors import UserError
from tlpo.files import make_folder
from tlpo.runs.study.plan import EVALUATIONS, VERBS, Stage
from tlpo.runs.study.state import DONE, FAILED, STOPPED, Record, States, check_study_folder

Command = Callable[[Stage, Path], list[str]]
_PR_SET_PDEATHSIG = 1  # prctl(2)
_REASON = 300  # characters of a failure's last line that are kept


class Worker:
    """One stage at work.

    threads: for the numerical libraries; None leaves it to them. lock: a descriptor that the process inherits, so that
    it keeps the study's lock even if the study itself is killed. command: the program's words for a stage.
    """

    def __init__(
        self,
        stage: Stage,
        states: States,
        *,
        threads: int | None = None,
        lock: int | None = None,
        command: Command | None = None,
    ) -> None:
        self.stage, self._states = stage, states
        self._before = states.record(stage)
        folder = stage.folder(states.root)
        # Its result was cleared away, or what it evaluated in part has been trained anew since.
        if self._before.status == DONE or self._outdated():
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "log.txt"
        self._began = time.monotonic()
        self.save(STOPPED)
        environment = dict(os.environ)
        if threads is not None:
            environment |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                (command or tlpo_command)(stage, states.root),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,  # Ctrl-C reaches it through the study alone, once
                preexec_fn=_follow_parent,
                pass_fds=() if lock is None else (lock,),
            )

    def _outdated(self) -> bool:
        """Whether an evaluation was begun before the model that it is of was saved."""
        root = self._states.root
        begun = self.stage.result(root) / "settings.json"
        if self.stage.kind not in EVALUATIONS or not begun.is_file():
            return False
        return any(needed.result(root).stat().st_mtime > begun.stat().st_mtime for needed in self.stage.needs)

    @property
    def seconds(self) -> float:
        """At work in this attempt."""
        return time.monotonic() - self._began

    def ended(self) -> Record | None:
        """None while it works; then its record, written to its folder."""
        status = self._process.poll()
        if status is None:
            return None
        if status == 0 and not self.stage.result(self._states.root).exists():
            return self.save(FAILED, f"the command wrote no {self.stage.result(self._states.root).name}")
        if status == 0:
            return self.save(DONE)
        if status in (130, -signal.SIGINT):
            return self.save(STOPPED)
        told = f"killed by signal {-status}" if status < 0 else f"exit status {status}"
        return self.save(FAILED, f"{told}: {self._last_line()}")

    def interrupt(self) -> None:
        """Press Ctrl-C, once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it without asking. What it has saved stays."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()

    def save(self, status: str, reason: str = "") -> Record:
        """Write down how it stands; called now and then, so that the hours of a study that is killed still count."""
        before = self._before
        record = Record(status, before.seconds + self.seconds, before.attempts + 1, reason)
        self._states.save(self.stage, record)
        return record

    def _last_line(self) -> str:
        lines = [line.strip() for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line), "it said nothing")[-_REASON:]


def tlpo_command(stage: Stage, root: Path) -> list[str]:
    """The words of the command. Where it reads a file of options, they are written into the stage's folder."""
    verb, options = VERBS[stage.kind], stage.resolved(root)
    program = [sys.executable, "-m", "tlpo.cli.main", *verb]
    if verb[0] == "data":
        return [*program, *(word for name, value in options.items() for word in _as_words(name, value))]
    path = stage.folder(root) / "options.yaml"
    path.write_text(yaml.safe_dump(options, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return [*program, "--config", str(path)]


def _as_words(name: str, value: Any) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [f"--{name}"]
    return [f"--{name}", ",".join(map(str, value)) if isinstance(value, list) else str(value)]


def _follow_parent() -> None:
    """In the new process: Ctrl-C works even if the study's shell has switched it off, and comes when the study dies."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


@contextlib.contextmanager
def alone_in_study(root: Path, *, patience: float = 600.0) -> Iterator[int]:
    """Keep other studies out of the folder. Yields the lock's descriptor, for the workers to inherit.

    patience: seconds to wait for workers that a killed study has left behind; they are ending.

    Raises UserError when a study is at work there, or the folder holds something else, or cannot be made or written
    into.
    """
    descriptor = _lock_file(root)
    try:
        _acquire(descriptor, root, time.monotonic() + patience)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock_file(root: Path) -> int:
    check_study_folder(root)
    make_folder(root)
    return os.open(root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)


def _acquire(descriptor: int, root: Path, deadline: float) -> None:
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            owner = os.pread(descriptor, 20, 0).decode() or "0"
            if _alive(int(owner)) or time.monotonic() > deadline:
                raise UserError(f"another study is at work in {root} (process {owner}): wait for it") from None
        if not told:
            sys.stderr.write(f"waiting for what a study that was killed left at work in {root}\n")
            told = True
        time.sleep(0.2)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process > 0
