"""Scoring many responses: streamed in, counted by one process or several, and turned into rows.

Only the counts of a response are kept, never its text, so a file of any length fits in memory.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor

from tlpo.metrics.profile import Profile, Tally
from tlpo.metrics.records import Response
from tlpo.metrics.rows import Group

_CHUNK = 200  # responses a task: about a second of work
_ALONE = 1000  # fewer responses are done sooner by one process than by starting others
Tallies = dict[Group, list[Tally | None]]


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def tally_responses(responses: Iterable[Response], profile: Profile, *, workers: int | None = None) -> Tallies:
    """The tallies of all responses, by group, in the order read.

    A response in a language that the profile does not cover has the tally None. workers: processes; None takes the
    cores at hand for 1,000 responses or more. Processes are spawned: a script that asks for more than one keeps its
    work under ``if __name__ == "__main__":``.
    """
    stream = iter(responses)
    head = list(itertools.islice(stream, _ALONE))
    if workers is None:
        workers = available_cores() if len(head) == _ALONE else 1
    chunks = _chunks(itertools.chain(head, stream))
    tallied: Tallies = {}
    for chunk, results in _parallel(chunks, profile, workers) if workers > 1 else _serial(chunks, profile):
        for response, result in zip(chunk, results, strict=True):
            group = Group(response.model, response.setting, response.source, response.language)
            tallied.setdefault(group, []).append(result)
    return tallied


Chunk = Sequence[Response]


def _serial(chunks: Iterable[Chunk], profile: Profile) -> Iterator[tuple[Chunk, list[Tally | None]]]:
    return ((chunk, _tally_chunk(profile, chunk)) for chunk in chunks)


def _parallel(chunks: Iterable[Chunk], profile: Profile, workers: int) -> Iterator[tuple[Chunk, list[Tally | None]]]:
    """Like `_serial`, in the same order, with at most four chunks a worker read ahead."""
    context = multiprocessing.get_context("spawn")  # forking a process that has threads may hang it
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting: deque[tuple[Chunk, Future[list[Tally | None]]]] = deque()
        for chunk in chunks:
            waiting.append((chunk, pool.submit(_tally_chunk, profile, chunk)))
            if len(waiting) >= 4 * workers:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()


def _tally_chunk(profile: Profile, chunk: Chunk) -> list[Tally | None]:
    return [
        profile.tally(response.text, response.language) if profile.rates_of(response.language) else None
        for response in chunk
    ]


def _chunks(responses: Iterable[Response]) -> Iterator[Chunk]:
    iterator = iter(responses)
    while chunk := list(itertools.islice(iterator, _CHUNK)):
        yield chunk
