"""``tlpo data filter``: a stream of prompts through the checks, in pieces that survive an interruption.

What is kept (and, if asked for, what is dropped) goes into hidden files beside the outputs, and every few seconds a
third one notes how far both have come. The same command goes on from there: it reads the kept prompts back, which later
ones are compared with, and skips the rows that were judged. At the end the files take their names, and the same
command finds the report and leaves it at that.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from tlpo.data.fields import ANSWERS, INPUTS, PROMPTS, FieldNames, names_prompt, prompt_in
from tlpo.data.filters import REASONS, Objection, PromptFilter
from tlpo.data.finished import difference, finished_report, report_path
from tlpo.data.lines import check_output, to_line
from tlpo.data.prompts import Split, chosen_rows, nothing_left, prompt_record
from tlpo.data.records import PromptRecord
from tlpo.data.rows import Row, read_json_lines, read_rows
from tlpo.errors import UserError, at
from tlpo.files import write_json
from tlpo.languages import get_language
from tlpo.provenance import versions

# Seconds between two notes of how far the files have come.
_EVERY = 5.0
_OWN = ("id", *PROMPTS, "language", *ANSWERS)


@dataclass(frozen=True)
class Source:
    """What is filtered.

    path: a file, a folder with a data set, or a hub id (see `tlpo.data.rows.read_rows`). language: codes; one of them
    stands for records that name none. split, subset: of a data set that has several; "train" and "eval" also choose
    among records that have a field ``split``. fields: what the data set calls prompts and answers.
    """

    path: str
    language: tuple[str, ...] = ()
    split: str | None = None
    subset: str | None = None
    fields: FieldNames = field(default_factory=FieldNames)

    @property
    def part(self) -> Split:
        """Which records count."""
        return "train" if self.split == "train" else "eval" if self.split == "eval" else "all"

    def identity(self) -> dict[str, Any]:
        """What tells this source from another or an older one."""
        path = Path(self.path)
        stamp = [path.stat().st_size, path.stat().st_mtime_ns] if path.is_file() else None
        return {**asdict(self), "language": list(self.language), "size_and_time": stamp}


@dataclass
class Counts:
    """Rows read, and by language what became of the prompts: "kept" or one of `REASONS`."""

    rows: int = 0
    languages: dict[str, dict[str, int]] = field(default_factory=dict)

    def count(self, language: str, outcome: str) -> None:
        """One more prompt."""
        outcomes = self.languages.setdefault(language, {})
        outcomes[outcome] = outcomes.get(outcome, 0) + 1

    def total(self, outcome: str) -> int:
        """Over all languages."""
        return sum(outcomes.get(outcome, 0) for outcomes in self.languages.values())


def filter_prompts(
    source: Source,
    output: Path,
    prompt_filter: PromptFilter,
    *,
    dropped: Path | None = None,
    identity: Mapping[str, Any] | None = None,
    on_progress: Callable[[Counts], None] | None = None,
    opened: Callable[[BinaryIO], None] | None = None,
) -> dict[str, Any]:
    """Write the prompts that pass to ``output`` and a report beside it; return the report.

    If that was done before, with the same settings, the report says so (``done_before``) and nothing is read again.

    A record comes back with id, prompt, language, answer (if it has a reference answer) and its other fields.

    Args:
        source: what to read.
        output: JSON lines; the report goes to ``<name>.report.json``.
        prompt_filter: fresh.
        dropped: JSON lines for what does not pass, each record with ``reason`` and ``evidence``.
        identity: what else decides the outcome (an evaluation file's digest, say), for going on.
        on_progress: called every few hundred rows.
        opened: called with the open file, whose position tells how far the reading is.

    Raises:
        UserError: a record cannot be used, a data set's connection broke (what is done was noted), or an output cannot
            be written or is that of another run.
        KeyboardInterrupt: after what is done was noted.
    """
    check_output(output, source.path, dropped)
    if dropped is not None:
        check_output(dropped, source.path)
    beside = None if dropped is None else os.path.relpath(dropped.resolve(), output.parent.resolve())
    settings = asdict(prompt_filter.settings)
    decided_by = {"source": source.identity(), "settings": settings, "dropped_file": beside, **(identity or {})}
    job = _Job(output, dropped, json.loads(json.dumps(decided_by, default=str)))  # as it is read back
    if (before := job.finished()) is not None:
        return {**before, "done_before": True}
    begun = time.perf_counter()
    done = job.go_on(prompt_filter)
    resumed = number = done.rows
    seen: dict[str, int] = {}
    report = on_progress or (lambda counts: None)
    try:
        for record, row, number in _unread(source, done.rows, opened, seen):
            code = _written_in(row)
            values = _fields(record, row, number)
            found = prompt_filter.objection(record, values["id"], code)
            job.write(values, found)
            done.count(record.language, found.reason if found else "kept")
            done.rows = number
            job.mark(done)
            if number % 256 == 0:
                report(done)
    except UserError:
        if Path(source.path).is_file():
            job.abandon()  # it has to be changed, and is then another one
        else:
            job.leave()  # a data set's connection may be back next time
        raise
    except BaseException:
        job.leave()
        raise
    done.rows = max(done.rows, number)
    report(done)
    if not done.languages:
        job.abandon()
        raise UserError(nothing_left(source.path, seen, source.language, source.part))
    return job.finish(done, {"resumed_rows": resumed, "seconds": round(time.perf_counter() - begun, 1)})


def _unread(
    source: Source, done: int, opened: Callable[[BinaryIO], None] | None, seen: dict[str, int]
) -> Iterator[tuple[PromptRecord, Row, int]]:
    """(prompt, row, its number from 1) of every row after the first ``done``. seen: languages of all, filled in."""
    number = done

    def counted() -> Iterator[Row]:
        nonlocal number
        rows = read_rows(source.path, split=source.split, subset=source.subset, opened=opened)
        for row in islice(rows, done, None):
            number += 1
            yield row

    for row, code in chosen_rows(counted(), language=source.language, split=source.part, seen=seen):
        row = source.fields.applied(row)
        prompt, _ = prompt_in(row.fields)
        if prompt is None and names_prompt(row):
            name = None if row.fields.get("id") is None else str(row.fields["id"])
            yield PromptRecord(index=number - 1, prompt="", language=code, id=name, where=row.where), row, number
        else:
            yield prompt_record(row, number - 1, code), row, number


def _written_in(row: Row) -> str | None:
    """The code of the language that the prompt itself is in, if the record says so."""
    named = row.fields.get("prompt_language")
    if not named:
        return None
    with at(row.where):
        return get_language(str(named)).code


def _fields(record: PromptRecord, row: Row, number: int) -> dict[str, Any]:
    answer = {} if record.answer is None else {"answer": record.answer}
    own = {*_OWN, *(INPUTS if "instruction" in row.fields else ())}
    others = {name: value for name, value in row.fields.items() if name not in own}
    return {"id": record.id or str(number), "prompt": record.prompt, "language": record.language, **answer, **others}


class _Job:
    """The files of one filtering."""

    def __init__(self, output: Path, dropped: Path | None, identity: Mapping[str, Any]) -> None:
        self._output, self._dropped, self._identity = output, dropped, dict(identity)
        self._state = output.with_name(f".{output.name}.state.json")
        self._targets = [output, *([dropped] if dropped is not None else [])]
        self._parts = [path.with_name(f".{path.name}.part") for path in self._targets]
        self._streams: list[BinaryIO] = []
        self._noted = time.monotonic()
        self._marked: dict[str, Any] | None = None

    def finished(self) -> dict[str, Any] | None:
        """The report of a filtering that came to its end with these settings; None of one that has to be done.

        Raises UserError when the output is there, but is that of another one.
        """
        if self._state.exists():
            return None
        report = finished_report(self._output, self._identity)
        if report is not None and self._dropped is not None and not self._dropped.exists():
            raise UserError(
                f"{self._dropped} is gone, but not {self._output}: remove that too, or choose another output"
            )
        return report

    def go_on(self, prompt_filter: PromptFilter) -> Counts:
        """Open the files where they were left; the filter learns what was kept. A fresh start without any."""
        done = Counts()
        if self._state.exists():
            sizes, done = self._left()
            for part, size in zip(self._parts, sizes, strict=True):
                os.truncate(part, size)
            with self._parts[0].open("rb") as kept:
                for row in read_json_lines(kept, str(self._parts[0])):
                    code = str(row.fields["language"])
                    prompt_filter.remember(prompt_record(row, 0, code), str(row.fields["id"]))
        try:
            self._streams = [part.open("ab" if done.rows else "wb") for part in self._parts]
        except OSError as error:
            raise UserError(f"cannot write '{error.filename}' ({error.strerror}): choose another output") from None
        return done

    def write(self, values: dict[str, Any], objection: Objection | None) -> None:
        """A record to where it belongs."""
        if objection is None:
            self._streams[0].write(to_line(values).encode() + b"\n")
        elif len(self._streams) > 1:
            told = {**values, "reason": objection.reason, "evidence": objection.evidence}
            self._streams[1].write(to_line(told).encode() + b"\n")

    def mark(self, done: Counts) -> None:
        """A prompt is done with: this is where to go on from. Noted if the last note is old enough."""
        languages = {code: dict(outcomes) for code, outcomes in done.languages.items()}
        sizes = [stream.tell() for stream in self._streams]
        self._marked = {"sizes": sizes, "counts": {"rows": done.rows, "languages": languages}}
        if time.monotonic() - self._noted >= _EVERY:
            self.note()

    def note(self) -> None:
        """Write down the last mark, after what it speaks of."""
        for stream in self._streams:
            stream.flush()
            os.fsync(stream.fileno())
        if self._marked is not None:
            write_json(self._state, {"identity": self._identity, **self._marked})
        self._noted = time.monotonic()

    def leave(self) -> None:
        """Stop here for now; a later run goes on from the last mark."""
        self.note()
        self._close()
        if self._marked is None and not self._state.exists():
            self.abandon()

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._close()
        for path in (*self._parts, self._state):
            path.unlink(missing_ok=True)

    def finish(self, done: Counts, cost: Mapping[str, Any]) -> dict[str, Any]:
        """Give the files their names and write the report."""
        self._close()
        report = {
            "rows": done.rows,
            "read": sum(sum(outcomes.values()) for outcomes in done.languages.values()),
            "kept": done.total("kept"),
            "dropped": {reason: done.total(reason) for reason in REASONS},
            "languages": done.languages,
            **self._identity,
            **cost,
            "versions": versions(),
        }
        write_json(report_path(self._output), report)
        for part, target in zip(self._parts, self._targets, strict=True):
            part.replace(target)
        self._state.unlink(missing_ok=True)
        return report

    def _left(self) -> tuple[list[int], Counts]:
        try:
            left = json.loads(self._state.read_text(encoding="utf-8"))
            known, sizes, done = dict(left["identity"]), list(left["sizes"]), Counts(**left["counts"])
            whole = known != self._identity or all(
                part.stat().st_size >= size for part, size in zip(self._parts, sizes, strict=True)
            )
        except (OSError, ValueError, KeyError, TypeError):
            known, sizes, done, whole = {}, [], Counts(), False
        if not whole:
            raise UserError(f"{self._state} is damaged, or its files are gone: remove it to start anew")
        if known != self._identity:
            raise UserError(
                f"{self._output} was begun with another {difference(known, self._identity)}: remove {self._state} to "
                "start anew, or choose another output"
            )
        return sizes, done

    def _close(self) -> None:
        for stream in self._streams:
            stream.close()
