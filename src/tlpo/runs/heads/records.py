"""What one method got on one task with one seed: a line of results.jsonl."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from tlpo.errors import UserError


@dataclass(frozen=True)
class Result:
    """The answers of a method to a task's test items, in the items' order.

    Attributes:
        task: its name.
        method: a name of `methods.METHODS`, or that of an analysis.
        seed: of the draws that the method depends on; None if it depends on none.
        answers: what was generated, cut at the stop.
        strict: for each item 1 where the answer equals the expected one, else 0.
        prefix: the same by the paper's prefix rule.
        seconds, cpu_seconds: time that answering all items took, from texts to texts; see `timing.Stopwatch`.
        fit_seconds, fit_cpu_seconds: of training, validation included; 0 for a method that trains nothing.
        extract_seconds, extract_cpu_seconds: of the task embedding; 0 for a method without one.
        parameters: trained parameters.
    """

    task: str
    method: str
    seed: int | None
    answers: tuple[str, ...]
    strict: tuple[int, ...]
    prefix: tuple[int, ...]
    seconds: float
    cpu_seconds: float
    fit_seconds: float = 0.0
    fit_cpu_seconds: float = 0.0
    extract_seconds: float = 0.0
    extract_cpu_seconds: float = 0.0
    parameters: int = 0

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What there is one result of."""
        return self.task, self.method, self.seed

    @property
    def score(self) -> float:
        """Share of the items answered exactly, in [0, 1]."""
        return sum(self.strict) / len(self.strict)

    def to_json(self) -> str:
        """One line, without its newline."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> Result:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError for another line."""
        values = json.loads(line)
        values = {field.name: values[field.name] for field in fields(cls)}
        for name in ("answers", "strict", "prefix"):
            values[name] = tuple(values[name])
        return cls(**values)


def read_results(path: Path) -> list[Result]:
    """The results of a file, each key once (the last one counts); none if there is no file.

    A half-written last line, which a kill may leave, is dropped.

    Raises:
        UserError: naming any other line that is not a result.
    """
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    found = {}
    for number, line in enumerate(lines[:-1], start=1):
        try:
            result = Result.from_json(line)
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}, line {number}: not a result ({error!r}); delete the file to go anew") from error
        found[result.key] = result
    return list(found.values())


def lines_of(results: Iterable[Result]) -> str:
    """The text of a results file."""
    return "".join(result.to_json() + "\n" for result in results)
