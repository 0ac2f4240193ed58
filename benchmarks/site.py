"""Time an item: a task embedding in the heads against examples in the prompt.

    python benchmarks/site.py [--task capitalize] [--items 32] [--shots 10] [--batch_size 32] [--threads 2] [--tiny]

The same test items of a bundled task (or a folder or file) are answered without examples, with the embedding
injected, and with examples in the prompt, greedily, up to the first line break or 20 tokens. The ways take turns in
processes of their own. alpha is 0.5 everywhere: a fitted selection costs the same. Answers differ between the ways, and
with them the number of tokens, so in the second table every way goes on for `--tokens` tokens whatever it writes. The
last line is one JSON object.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from _common import Worker, finish, load, parser, table
from tlpo.head_selection.adapter import TaskAdapter
from tlpo.head_selection.embedding import TaskEmbedding
from tlpo.head_selection.generation import answer
from tlpo.head_selection.tasks import load_task
from tlpo.head_selection.templates import Template

NEVER = "\0"  # a stop that no answer holds
WAYS = ("0-shot", "injected", "few-shot")


def answering(name: str, options: argparse.Namespace) -> Callable[[str, int], list[str]]:
    """The function that is timed: answers all items up to a stop, with at most so many tokens."""
    model, tokenizer = load(options)
    task, template = load_task(options.task), Template()
    demos = task.train[: options.shots] if name == "few-shot" else ()
    prompts = [template.few_shot(demos, item.input) for item in task.test[: options.items]]
    adapter = None
    if name == "injected":
        embedding = TaskEmbedding.extract(model, tokenizer, task.train, num_prompts=2, shots=options.shots)
        adapter = TaskAdapter.untrained(embedding)
    common: dict[str, Any] = {"batch_size": options.batch_size, "adapter": adapter}
    answer(model, tokenizer, prompts[:2], max_new_tokens=2, **common)  # the first passes are slower than all later ones

    def work(stop: str, tokens: int) -> list[str]:
        return answer(model, tokenizer, prompts, stop=stop, max_new_tokens=tokens, **common)

    return work


def measured(workers: dict[str, Worker], options: argparse.Namespace, stop: str, tokens: int) -> dict[str, float]:
    """Median seconds an item of each way; the ways take turns."""
    for worker in workers.values():
        worker.runs.clear()
    for _ in range(options.repeats):
        for worker in workers.values():
            worker.run(stop, tokens)
    seconds = {name: worker.median() / options.items for name, worker in workers.items()}
    rows = [[name, 1000 * took, seconds["few-shot"] / took] for name, took in seconds.items()]
    table(["way", "ms an item", "times faster than few-shot"], rows)
    return seconds


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--task", default="capitalize", help="a bundled task, a folder or a file")
    made.add_argument("--items", type=int, default=32, help="test items")
    made.add_argument("--shots", type=int, default=10, help="examples in the prompt")
    made.add_argument("--batch_size", type=int, default=32, help="prompts answered together")
    made.add_argument("--tokens", type=int, default=4, help="of every answer in the second table")
    options = made.parse_args()
    options.items = min(options.items, len(load_task(options.task).test))
    workers = {name: Worker(partial(answering, name), options) for name in WAYS}
    print(f"{options.items} items of {options.task}, {options.shots} shots, up to the stop:\n")
    natural = measured(workers, options, "\n", 20)
    print(f"the same with exactly {options.tokens} tokens an answer:\n")
    equal = measured(workers, options, NEVER, options.tokens)
    for worker in workers.values():
        worker.close()
    finish(
        options,
        speedup=natural["few-shot"] / natural["injected"],
        speedup_equal_length=equal["few-shot"] / equal["injected"],
        seconds=natural["injected"],
        zero_shot_seconds=natural["0-shot"],
        few_shot_seconds=natural["few-shot"],
    )


if __name__ == "__main__":
    main()
