"""What the timing programs share: options, the model, one process for each way, medians, the table, the last line.

Each way runs in a process of its own, so that one's allocator settings and peak memory say nothing about the other's.
The processes take turns (a, b, a, b ...): whatever else the machine does meets both alike. With one thread, seconds are
processor seconds, which equal the wall clock's on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tlpo.data import encode_prompt, load_prompts
from tlpo.modeling.load import load_model, load_tokenizer

# A way: from the options to the function that is timed. Loading the model happens before the clock starts.
Way = Callable[[argparse.Namespace], Callable[..., Any]]


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options every program has."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--model", default="gemma-3-270m", help="short name, folder or hub id")
    made.add_argument("--language", default="ko", help="of the prompts and of the detector")
    made.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads of each process")
    made.add_argument("--repeats", type=int, default=3, help="turns; medians are reported")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--tiny", action="store_true", help="a random two-layer model and small sizes, for a quick check")
    return made


def load(options: argparse.Namespace) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The policy in fp32 and its tokenizer; with ``--tiny`` random ones."""
    if options.tiny:
        from _tiny import tiny_model, tiny_tokenizer

        return tiny_model(options.seed), tiny_tokenizer()
    return load_model(options.model), load_tokenizer(options.model)


def short_prompts(tokenizer: PreTrainedTokenizerBase, language: str, count: int) -> list[list[int]]:
    """Token ids of the first ``count`` bundled prompts, in the base model's template or the chat template."""
    records = load_prompts(language=language, split="train")[:count]
    return [encode_prompt(tokenizer, record.prompt, language=language) for record in records]


def long_prompt(tokenizer: PreTrainedTokenizerBase, language: str, tokens: int) -> list[int]:
    """One prompt of exactly ``tokens`` tokens: many bundled prompts, one after the other."""
    text = "\n".join(str(record.prompt) for record in load_prompts(language=language, split="train"))
    ids = encode_prompt(tokenizer, text, language=language)
    while len(ids) < tokens:
        ids = ids + ids[1:]
    return ids[:tokens]


def clock_of(options: argparse.Namespace) -> Callable[[], float]:
    """Processor seconds for one thread, so that other programs do not count; the wall clock for several threads."""
    return time.process_time if options.threads == 1 else time.perf_counter


@dataclass(frozen=True)
class Run:
    """One timed call: its seconds by :func:`clock_of`, growth of the peak memory in bytes, and what it returned."""

    seconds: float
    peak_bytes: int
    result: Any


@dataclass
class Worker:
    """One way in a process of its own."""

    way: Way
    options: argparse.Namespace
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.options.tiny:  # starting a process takes longer than all the rest
            self._work, self._base = self.way(self.options), _reset_peak()
            return
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self.way, self.options), daemon=True)
        self._process.start()
        theirs.close()
        self._receive()

    def run(self, *arguments: Any) -> Run:
        """Call the way once and remember what it took."""
        if self.options.tiny:
            self.runs.append(_timed(self._work, arguments, self._base, clock_of(self.options)))
        else:
            self._connection.send(arguments)
            self.runs.append(self._receive())
        return self.runs[-1]

    def close(self) -> None:
        """End the process and give its memory back."""
        if not self.options.tiny:
            with suppress(BrokenPipeError):
                self._connection.send(None)
            self._process.join()

    def median(self, name: str = "seconds") -> float:
        return statistics.median(getattr(run, name) for run in self.runs)

    def _receive(self) -> Any:
        answer = self._connection.recv()
        if isinstance(answer, str):
            sys.exit(f"a worker failed:\n{answer}")
        return answer


def _serve(connection: Connection, way: Way, options: argparse.Namespace) -> None:
    try:
        torch.set_num_threads(options.threads)
        work = way(options)
        base = _reset_peak()
        connection.send(None)
        while (arguments := connection.recv()) is not None:
            connection.send(_timed(work, arguments, base, clock_of(options)))
    except EOFError:
        return
    except BaseException:
        connection.send(traceback.format_exc())


def _timed(work: Callable[..., Any], arguments: tuple[Any, ...], base: int, clock: Callable[[], float]) -> Run:
    start = clock()
    result = work(*arguments)
    return Run(clock() - start, max(0, _peak() - base), result)


def _reset_peak() -> int:
    """Start the peak anew where the system can (Linux); returns the memory in use now, in bytes."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    """Peak resident memory in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under their heads; numbers to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(head), *cells]) for column in range(len(head))]
    for line in [list(head), ["-" * width for width in widths], *cells]:
        first, *others = (line[column] for column in range(len(widths)))
        print("  ".join([first.ljust(widths[0])] + [o.rjust(w) for o, w in zip(others, widths[1:], strict=True)]))
    print()


def _cell(value: Any) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float) and abs(value) < 1000
        else f"{value:.0f}"
        if isinstance(value, float)
        else str(value)
    )


def finish(options: argparse.Namespace, **figures: Any) -> None:
    """The last line: one JSON object."""
    rounded = {name: float(f"{v:.4g}") if isinstance(v, float) else v for name, v in figures.items()}
    print(json.dumps(rounded | {"threads": options.threads, "model": "tiny" if options.tiny else options.model}))
