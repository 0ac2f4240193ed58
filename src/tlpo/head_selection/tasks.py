"""Tasks: pairs of input and output in three splits, from files or generated here.

Inputs of one split never stand in another when a single file is split, so that the test measures the task.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tlpo.data.rows import Row, read_rows
from tlpo.errors import UserError, did_you_mean
from tlpo.head_selection.words import ADJECTIVES, NOUNS, VERBS

SPLITS = ("train", "valid", "test")
_SHARES = (0.7, 0.1)  # of train and valid; the rest is the test split
_SUFFIXES = (".json", ".jsonl", ".csv", ".tsv")
_SYNTHETIC_ITEMS = 300


@dataclass(frozen=True)
class Example:
    """One item of a task: text in, text out. The output is one line."""

    input: str
    output: str


@dataclass(frozen=True)
class Task:
    """A named task. train: examples to learn from; valid: to choose by; test: to report. None of them is empty."""

    name: str
    train: tuple[Example, ...]
    valid: tuple[Example, ...]
    test: tuple[Example, ...]


def load_task(path_or_name: str | Path, *, seed: int = 0) -> Task:
    """A task from a folder, a file, or the name of a bundled synthetic task.

    A folder holds ``train``, ``valid`` and ``test``, each as .json, .jsonl, .csv or .tsv; a single such file is split
    7:1:2. Every record has the fields ``input`` and ``output``.

    Args:
        path_or_name: the folder, the file, or one of ``synthetic_tasks()``.
        seed: decides how a single file is split; a folder and a bundled task are split already.

    Raises:
        UserError: there is no such task or file, a split is missing or empty, or a record lacks a field; the message
            names file, record and field.
    """
    path = Path(path_or_name).expanduser()
    if path.is_dir():
        # "." and ".." are no names: results are kept in folders of the task's name.
        return Task(Path(os.path.abspath(path)).name, *(_read(_split_file(path, split)) for split in SPLITS))
    if path.is_file():
        return _split(path.name.split(".")[0], _read(path), seed, str(path))
    bundled = synthetic_tasks()
    if str(path_or_name) in bundled:
        return bundled[str(path_or_name)]
    hint = did_you_mean(str(path_or_name), bundled)
    raise UserError(
        f"there is no task '{path_or_name}'{hint}: give a folder with train, valid and test, a file of records with "
        f"input and output, or one of {', '.join(bundled)}"
    )


def _split_file(folder: Path, split: str) -> Path:
    found = [folder / f"{split}{suffix}" for suffix in _SUFFIXES if (folder / f"{split}{suffix}").is_file()]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or f"no {split}.json, .jsonl, .csv or .tsv"
        raise UserError(f"the task folder '{folder}' has {names}: give it one file for the split '{split}'")
    return found[0]


def _read(path: Path) -> tuple[Example, ...]:
    examples = tuple(Example(_field(row, "input"), _field(row, "output")) for row in read_rows(path))
    if not examples:
        raise UserError(f"{path}: no example in it: give at least one record with input and output")
    return examples


def _field(row: Row, name: str) -> str:
    value = row.fields.get(name)
    if value is None:
        have = ", ".join(map(str, row.fields)) or "nothing"
        raise UserError(f"{row.where}: no '{name}'; the record has {have}")
    if not isinstance(value, str):
        raise UserError(f"{row.where}: the '{name}' is {value!r:.40}, which is not text: put it in quotes")
    if not value.strip():
        raise UserError(f"{row.where}: the '{name}' is empty")
    if name == "output" and "\n" in value.strip():
        raise UserError(f"{row.where}: the 'output' {value!r:.40} has several lines: an answer ends with its line")
    return value.strip()


def _split(name: str, examples: Sequence[Example], seed: int, where: str) -> Task:
    """Cut into the three splits by input: all examples with one input fall into the same split."""
    inputs = sorted({example.input for example in examples})
    if len(inputs) < len(SPLITS):
        raise UserError(f"{where}: {len(inputs)} different inputs cannot fill the splits train, valid and test")
    random.Random(seed).shuffle(inputs)
    valid = max(1, round(_SHARES[1] * len(inputs)))
    train = min(max(1, round(_SHARES[0] * len(inputs))), len(inputs) - valid - 1)
    place = {x: 0 if number < train else 1 if number < train + valid else 2 for number, x in enumerate(inputs)}
    order = sorted(dict.fromkeys(examples), key=lambda example: (inputs.index(example.input), example.output))
    return Task(name, *(tuple(example for example in order if place[example.input] == split) for split in range(3)))


@lru_cache(maxsize=1)
def synthetic_tasks() -> dict[str, Task]:
    """The bundled tasks by name, always the same: small, solvable by rule, made from word lists written here."""
    made: dict[str, Iterable[tuple[str, str]]] = {
        "capitalize": ((word, word.capitalize()) for word in NOUNS),
        "first_letter": ((word, word[0]) for word in NOUNS),
        "last_letter": ((word, word[-1]) for word in NOUNS),
        "next_letter": (
            (letter, chr(ord(letter) + 1)) for letter in "abcdefghijklmnopqrstuvwxyABCDEFGHIJKLMNOPQRSTUVWXY"
        ),
        "next_number": ((str(number), str(number + 1)) for number in range(1, 200)),
        "plural": ((word, _plural(word)) for word in NOUNS),
        "past_tense": ((word, _past(word)) for word in VERBS),
        "swap_words": _draw(lambda rng: _swapped(rng.choice(ADJECTIVES), rng.choice(NOUNS))),
        "choose_first_of_3": _draw(lambda rng: _choice(rng, 0)),
        "choose_last_of_3": _draw(lambda rng: _choice(rng, -1)),
    }
    return {name: _split(name, [Example(x, y) for x, y in pairs], seed=0, where=name) for name, pairs in made.items()}


def _draw(make: Callable[[random.Random], tuple[str, str]]) -> list[tuple[str, str]]:
    rng = random.Random(0)
    return list(dict.fromkeys(make(rng) for _ in range(_SYNTHETIC_ITEMS)))


def _swapped(first: str, second: str) -> tuple[str, str]:
    return f"{first} {second}", f"{second} {first}"


def _choice(rng: random.Random, place: int) -> tuple[str, str]:
    words = rng.sample(sorted({*NOUNS, *VERBS, *ADJECTIVES}), 3)
    return ", ".join(words), words[place]


def _plural(noun: str) -> str:
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh", "o")) else f"{noun}s"


def _past(verb: str) -> str:
    return f"{verb}d" if verb.endswith("e") else f"{verb}ed"
