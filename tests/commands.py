"""The ``tlpo`` command in processes of their own, for tests that need exit statuses and signals.

To import torch takes seconds, so the processes are forked from one that has imported everything and run nothing. Each
is a process of its own all the same: real signals, real exit statuses, real standard streams.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import runpy
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.models import tiny_model, tokenizer

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.preloaded"])
_TIMEOUT = 300


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    def complaint(self) -> str:
        """The one ``error:`` line of a command that refused its input; anything else fails the test."""
        assert self.status == 2, self.err
        assert "Traceback" not in self.err, self.err
        lines = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, self.err
        assert self.err.rstrip().splitlines()[-1] == lines[0], self.err
        return lines[0]


class Command:
    """A running ``tlpo`` command.

    Args:
        args: what follows ``tlpo``.
        streams: a folder for what it prints.
        prepare: called in the process before the command, to put a pause or a fault into it.
        program: a Python program to run instead of ``tlpo``.
    """

    def __init__(
        self,
        *args: str | Path,
        streams: Path,
        prepare: Callable[[], None] | None = None,
        program: Path | None = None,
    ) -> None:
        streams.mkdir(exist_ok=True, parents=True)
        self._files = streams / "stdout", streams / "stderr"
        target = partial(_run, [str(arg) for arg in args], self._files, prepare, program)
        self._process = _CONTEXT.Process(target=target)
        self._process.start()

    def interrupt(self) -> None:
        """What Ctrl-C does."""
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGINT)

    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.is_alive()

    def wait(self) -> Done:
        """Until it ends."""
        self._process.join(_TIMEOUT)
        status = self._process.exitcode
        if status is None:
            self._process.kill()
            self._process.join()
        self._process.close()
        out, err = (path.read_text(encoding="utf-8") for path in self._files)
        assert status is not None, f"the command hangs: {err}"
        return Done(status, out, err)


def tlpo(*args: str | Path, streams: Path, prepare: Callable[[], None] | None = None) -> Done:
    """Run a command to its end."""
    return Command(*args, streams=streams, prepare=prepare).wait()


def save_tiny_model(folder: Path, **options: Any) -> Path:
    """A tiny Llama and its tokenizer as a model folder."""
    tiny_model(**options).save_pretrained(folder)
    tokenizer("byte_fallback").save_pretrained(folder)
    return folder


@dataclass(frozen=True)
class Pause:
    """Stops a function of the command at one of its calls, until the signal has been sent.

    Attributes:
        target: ``module:name`` or ``module:Class.method``.
        folder: for the two marks by which the processes wait for each other.
        call: which call, from 1.
        step: calls are counted from the roll-out of this training step on; 0 counts all.
        after: stop when the function has done its work, not before it.
    """

    target: str
    folder: Path
    call: int = 1
    step: int = 0
    after: bool = False

    def __call__(self) -> None:
        """Put the pause into this process."""
        self.folder.mkdir(exist_ok=True)
        step = calls = 0

        def new_step(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            nonlocal step
            step += 1
            return function(*args, **kwargs)

        def paused(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += step >= self.step
            stops = calls == self.call and step >= self.step
            if stops and not self.after:
                self._stop()
            result = function(*args, **kwargs)
            if stops and self.after:
                self._stop()
            return result

        replace(self.target, paused)
        replace("tlpo.training.trainer:TLPOTrainer.rollout", new_step)

    def _stop(self) -> None:
        (self.folder / "reached").touch()
        _wait_for(self.folder / "sent")

    def wait(self, command: Command) -> None:
        """Until the command stands at the pause."""
        _wait_for(self.folder / "reached", meanwhile=command)

    def interrupt(self, command: Command) -> None:
        """Press Ctrl-C while the command stands at the pause."""
        self.wait(command)
        command.interrupt()
        (self.folder / "sent").touch()


def forbid(targets: Sequence[str]) -> None:
    """Let the process fail if it calls any of these."""

    def fail(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        raise AssertionError(f"{function.__qualname__} was called")

    for target in targets:
        replace(target, fail)


def replace(target: str, wrapper: Callable[..., Any]) -> None:
    """Let ``wrapper(function, ...)`` answer the calls of a function or method of this process."""
    module, _, path = target.partition(":")
    holder: Any = importlib.import_module(module)
    *owners, name = path.split(".")
    for owner in owners:
        holder = getattr(holder, owner)
    function = getattr(holder, name)

    def answered(*args: Any, **kwargs: Any) -> Any:
        return wrapper(function, *args, **kwargs)

    setattr(holder, name, answered)


def _wait_for(path: Path, meanwhile: Command | None = None) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while not path.exists():
        assert meanwhile is None or meanwhile.runs(), f"it ended before: {meanwhile.wait()}"
        assert time.monotonic() < deadline, f"{path.name} never came"
        time.sleep(0.01)


def _run(
    args: list[str], files: tuple[Path, Path], prepare: Callable[[], None] | None, program: Path | None = None
) -> None:
    for number, path in enumerate(files, start=1):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    if prepare is not None:
        prepare()
    if program is None:
        from tlpo.cli.main import main

        status = main(args)
    else:
        sys.argv = [str(program), *args]
        sys.path.insert(0, str(program.parent))
        runpy.run_path(str(program), run_name="__main__")
        status = 0
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(status)
