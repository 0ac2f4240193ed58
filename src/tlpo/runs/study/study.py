"""A study from its file to its page, in as many pieces as it takes."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tlpo.errors import UserError, did_you_mean
from tlpo.metrics.scoring import available_cores
from tlpo.runs.study.budget import check_budget
from tlpo.runs.study.config import StudyConfig
from tlpo.runs.study.overlap import note_overlap
from tlpo.runs.study.plan import Plan
from tlpo.runs.study.process import Command, Worker, alone_in_study, tlpo_command
from tlpo.runs.study.progress import progress
from tlpo.runs.study.prompts import split_prompts
from tlpo.runs.study.report import Outcome, write_report
from tlpo.runs.study.schedule import Schedule
from tlpo.runs.study.state import DONE, FAILED, STOPPED, States

_POLL = 0.2  # seconds between looks at the workers
_NOTE = 30.0  # seconds between notes of the time that workers have taken
_GRACE = 600.0  # seconds, at most, from asking workers to stop to the end of a piece
_SAVING = 0.8  # of that, the share that they get to save what they have; the rest is for the report
_DISK_FULL = "the disk is full"  # as the commands say it


@dataclass(frozen=True)
class StudyResult:
    """outcome: what was reported; None if there is nothing to compare yet. finished: whether nothing is left to do but
    what failed and what needs it. failed: what failed, each with its reason."""

    outcome: Outcome | None
    finished: bool
    failed: tuple[str, ...]


def run_study(
    study: StudyConfig,
    *,
    only: Collection[str] = (),
    max_hours: float | None = None,
    command: Command = tlpo_command,
) -> StudyResult:
    """Do what is left of a study, then compare what there is.

    only: labels of the methods to work on. max_hours: be done by then, if need be by ending stages that are still
    saving what they have; the same call goes on from there. command: the words that run a stage.

    Raises:
        UserError: a label is unknown, the prompts or the folder cannot be used, the data that is sampled does not cost
            the budget, another study is at work in the folder, or the disk is full; nothing that is done is lost.
        KeyboardInterrupt: on Ctrl-C, once the stages at work have saved what they have.
    """
    begun = time.monotonic()
    with alone_in_study(study.output) as lock:
        schedule = make_schedule(study, only)  # writes the prompts, which nobody else may be using
        if told := note_overlap(schedule.plan):
            sys.stderr.write(f"{told}\n")
        crew = _Crew(schedule, study.jobs, lock, command)
        crew.work(*_limits(begun, max_hours))
        outcome = write_report(schedule)
    failures = (*crew.failures, *schedule.unread.values())
    return StudyResult(outcome, all(map(schedule.lost, schedule.open_stages())), failures)


def _limits(begun: float, max_hours: float | None) -> tuple[float, float]:
    """When to ask the workers to stop and when to end those that have not, by the monotonic clock.

    A tenth of the piece, but no more than the grace, is kept for its end.
    """
    if max_hours is None:
        return math.inf, math.inf
    kept = min(_GRACE, 0.1 * 3600 * max_hours)
    asked = begun + 3600 * max_hours - kept
    return asked, asked + _SAVING * kept


def make_schedule(study: StudyConfig, only: Collection[str] = (), prompts: Path | None = None) -> Schedule:
    """The study's plan with what is done of it.

    prompts: where the split prompts are written; by default into the study's folder.

    Raises UserError as `run_study`, and when the data that is sampled does not cost the budget.
    """
    known = [method.label for method in study.methods]
    for label in only:
        if label not in known:
            raise UserError(f"--only '{label}' is none of the methods{did_you_mean(label, known)}: {', '.join(known)}")
    files = split_prompts(study, prompts or study.output / "prompts")
    check_budget(study, files)
    return Schedule(Plan(study, files), States(study.output), only)


class _Crew:
    """Keeps so many stages at work until nothing is left or the time is up."""

    def __init__(self, schedule: Schedule, jobs: int, lock: int, command: Command) -> None:
        self._schedule, self._jobs, self._lock, self._command = schedule, jobs, lock, command
        self._workers: list[Worker] = []
        self.failures: list[str] = []
        self._begun = time.monotonic()
        self._end = math.inf

    def work(self, limit: float, end: float) -> None:
        """limit: when to ask the workers to stop; end: when to wait for them no longer. By the monotonic clock."""
        self._end = end
        try:
            if not _past(limit):
                self._start()
            noted = time.monotonic()
            while self._workers:
                time.sleep(_POLL)
                if self._collect() and not _past(limit):
                    self._start()
                if time.monotonic() - noted > _NOTE:
                    noted = time.monotonic()
                    for worker in self._workers:
                        worker.save(STOPPED)
                if _past(limit):
                    self._stop("the time is up")
        except KeyboardInterrupt:
            self._stop("interrupted")
            raise

    def _start(self) -> None:
        threads = max(1, available_cores() // self._jobs) if self._jobs > 1 else None
        while len(self._workers) < self._jobs:
            stages = self._schedule.ready([worker.stage.digest for worker in self._workers])
            if not stages:
                return
            worker = Worker(stages[0], self._schedule.states, threads=threads, lock=self._lock, command=self._command)
            self._workers.append(worker)
            self._tell(f"{_name(worker)} begins ({progress(self._schedule).told(self._jobs)})")

    def _collect(self) -> bool:
        """Take leave of the workers that have ended; whether there were any."""
        ended = [(worker, record) for worker in self._workers if (record := worker.ended()) is not None]
        for worker, record in ended:
            self._workers.remove(worker)
            if record.status == FAILED and _DISK_FULL in record.reason:
                self._stop(_DISK_FULL)  # every other stage would work in vain, too
                raise UserError(
                    f"no space left in {self._schedule.states.root}: make room, or set keep_weights to none, and give "
                    "the same command again; what is done is kept"
                )
            if record.status == FAILED:
                self._schedule.failed.add(worker.stage.digest)
                self.failures.append(f"{_name(worker)}: {record.reason}")
            self._tell(
                f"{_name(worker)}: {record.status} after {worker.seconds / 60:.1f} minutes {record.reason}".strip()
            )
            if record.status == DONE:
                self._tidy(worker)
        return bool(ended)

    def _tidy(self, worker: Worker) -> None:
        """Give back the room of what is no longer needed."""
        states, keep = self._schedule.states, self._schedule.plan.study.keep_weights
        if worker.stage.kind == "train":
            states.clear_checkpoints(worker.stage)
        if keep == "all":
            return
        busy = {needed.digest for other in self._workers for needed in other.stage.needs}
        for method in self._schedule.methods():
            for stage in self._schedule.losers(method):
                if states.usable(stage) and stage.digest not in busy:
                    states.clear_weights(stage)
        if keep == "none" and worker.stage.kind == "evaluate":
            for stage in worker.stage.needs:
                states.clear_weights(stage)

    def _stop(self, why: str) -> None:
        """Ask the workers to save what they have, wait for them, and end those that do not."""
        if not self._workers:
            return
        self._tell(f"{why}: {', '.join(_name(worker) for worker in self._workers)} will go on from there next time")
        for worker in self._workers:
            worker.interrupt()
        deadline = min(time.monotonic() + _GRACE, self._end)
        while self._workers and time.monotonic() < deadline:
            time.sleep(_POLL)
            self._collect()
        for worker in self._workers:
            worker.kill()
            worker.save(STOPPED)
        self._workers.clear()

    def _tell(self, text: str) -> None:
        sys.stderr.write(f"[{(time.monotonic() - self._begun) / 3600:.2f} h] {text}\n")


def _past(limit: float) -> bool:
    return time.monotonic() >= limit


def _name(worker: Worker) -> str:
    return f"{worker.stage.label}, {worker.stage.kind}"
