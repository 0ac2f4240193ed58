"""What comes next in a study. Looks at what is done; starts nothing itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from tlpo.errors import UserError
from tlpo.evaluation.run_files import read_run
from tlpo.runs.study.choice import Candidate, Choice, candidate, choose
from tlpo.runs.study.config import MethodSpec
from tlpo.runs.study.plan import EVALUATIONS, Plan, Stage
from tlpo.runs.study.state import FAILED, States


@dataclass
class Schedule:
    """The stages of a study in the order in which they are wanted.

    only: labels; other methods are passed over, but for the base model, which every choice needs. failed: digests of
    the stages that failed since the study was started; they are not tried again, nor is what needs them. over: nothing
    will be tried again, so what failed before counts as lost, too. unread: by digest, why validations were not usable.
    """

    plan: Plan
    states: States
    only: Collection[str] = ()
    failed: set[str] = field(default_factory=set)
    over: bool = False
    unread: dict[str, str] = field(default_factory=dict)
    _candidates: dict[str, Candidate] = field(default_factory=dict)

    def methods(self) -> list[MethodSpec]:
        """The methods that are worked on."""
        study = self.plan.study
        return [
            method for method in study.methods if not self.only or method.label in self.only or method is study.base
        ]

    def open_stages(self) -> list[Stage]:
        """What can be told now of what is still to be done: each stage once, after those it needs."""
        found: dict[str, Stage] = {}
        for method in self.methods():
            for stage in self._wanted(method):
                self._collect(stage, found)
        return list(found.values())

    def ready(self, running: Collection[str]) -> list[Stage]:
        """The open stages that could start. running: digests of those at work."""
        return [
            stage
            for stage in self.open_stages()
            if stage.digest not in running
            and stage.digest not in self.failed
            and all(self.states.usable(needed) for needed in stage.needs)
        ]

    def evaluations(self, method: MethodSpec) -> list[Stage]:
        """The evaluations that are compared, done or not; none while the method's learning rate is not chosen."""
        if not method.trained:
            return [self.plan.evaluate(method)]
        choice = self.choice(method)
        if choice is None:
            return []
        return [self.plan.evaluate(method, choice.rate, seed) for seed in method.seeds]

    def choice(self, method: MethodSpec) -> Choice | None:
        """The learning rate, once every candidate is validated or has failed; None before, and if all have failed."""
        if len(method.learning_rates) == 1:
            return Choice(method.learning_rates[0], True, ())
        base = self.plan.validate(self.plan.study.base, None)
        stages = [self.plan.validate(method, rate) for rate in method.learning_rates]
        if not self.states.done(base) or not all(self.states.done(stage) or self.lost(stage) for stage in stages):
            return None
        candidates = [
            found
            for rate, stage in zip(method.learning_rates, stages, strict=True)
            if self.states.done(stage) and (found := self._candidate(rate, stage, base)) is not None
        ]
        return choose(candidates, self.plan.study.max_nll_rise) if candidates else None

    def losers(self, method: MethodSpec) -> list[Stage]:
        """The trainings whose learning rate was not chosen."""
        choice = self.choice(method)
        if choice is None:
            return []
        return [self.plan.train(method, rate, method.seeds[0]) for rate in method.learning_rates if rate != choice.rate]

    def _candidate(self, rate: float, stage: Stage, base: Stage) -> Candidate | None:
        """The rate's figures, read once; None if they cannot be read, which counts as a failure."""
        root = self.states.root
        if stage.digest not in self._candidates:
            try:
                runs = read_run(stage.result(root)), read_run(base.result(root))
                self._candidates[stage.digest] = candidate(rate, *runs, self.plan.study.profile)
            except UserError as error:
                self.failed.add(stage.digest)
                self.unread[stage.digest] = f"{stage.label}, {stage.kind}: {error}"
        return self._candidates.get(stage.digest)

    def _wanted(self, method: MethodSpec) -> Iterator[Stage]:
        if len(method.learning_rates) > 1 and self.choice(method) is None:
            base = self.plan.validate(self.plan.study.base, None)
            yield base
            if not self.lost(base):  # else nothing could be chosen
                yield from (self.plan.validate(method, rate) for rate in method.learning_rates)
        yield from self.evaluations(method)

    def _collect(self, stage: Stage, found: dict[str, Stage]) -> None:
        """Add the stage and what it needs, unless it is done."""
        finished = self.states.done(stage) if stage.kind in EVALUATIONS else self.states.usable(stage)
        if finished or stage.digest in found:
            return
        for needed in stage.needs:
            self._collect(needed, found)
        found[stage.digest] = stage

    def lost(self, stage: Stage) -> bool:
        """Whether it failed, or cannot run because something that it needs failed."""
        if stage.digest in self.failed or (self.over and self.states.record(stage).status == FAILED):
            return True
        return any(self.lost(needed) for needed in stage.needs if not self.states.usable(needed))
