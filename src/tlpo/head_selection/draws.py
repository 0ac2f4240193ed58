"""Which items each training step uses: decided by the seed, before the first step."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice

from tlpo.head_selection.items import Item
from tlpo.head_selection.tasks import Example


def some_of(examples: Sequence[Example], limit: int, seed: int) -> list[Example]:
    """At most ``limit`` of the examples, drawn by the seed, in their own order."""
    if len(examples) <= limit:
        return list(examples)
    return [examples[index] for index in sorted(random.Random(seed).sample(range(len(examples)), limit))]


def batches(items: Sequence[Item], steps: int, batch_size: int, seed: int) -> list[list[int]]:
    """For every step the numbers of its items.

    The tasks take turns. Each task's items come in a random order, all of them before any comes again.
    """
    rng = random.Random(seed)
    tasks = sorted({item.task for item in items})
    streams = [_endless([i for i, item in enumerate(items) if item.task == task], rng) for task in tasks]
    turns = (next(streams[turn % len(tasks)]) for turn in range(steps * batch_size))
    return [list(islice(turns, batch_size)) for _ in range(steps)]


def _endless(numbers: list[int], rng: random.Random) -> Iterator[int]:
    while True:
        yield from rng.sample(numbers, len(numbers))


def windows(plan: Sequence[Sequence[int]], items: Sequence[Item], room: int) -> Iterator[Sequence[Sequence[int]]]:
    """Cut a plan into runs of steps whose different items' prompts have at most ``room`` tokens, one step at least."""
    begin, tokens, seen = 0, 0, set[int]()
    for step, numbers in enumerate(plan):
        fresh = sum(len(items[number].prompt) for number in set(numbers) - seen)
        if fresh and step > begin and tokens + fresh > room:
            yield plan[begin:step]
            begin, tokens, seen = step, 0, set()
            fresh = sum(len(items[number].prompt) for number in set(numbers))
        tokens += fresh
        seen.update(numbers)
    yield plan[begin:]
