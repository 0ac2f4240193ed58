"""How far a study has come: what is done of what is planned, and how long the rest may take."""

from __future__ import annotations

from dataclasses import dataclass

from tlpo.runs.study.config import MethodSpec
from tlpo.runs.study.plan import Stage
from tlpo.runs.study.schedule import Schedule

KINDS = ("train", "validate", "evaluate")


@dataclass(frozen=True)
class Progress:
    """done, planned: stages by kind. minutes: the mean of those done, by kind."""

    done: dict[str, int]
    planned: dict[str, int]
    minutes: dict[str, float]

    @property
    def left(self) -> int:
        """Stages that are not done."""
        return sum(self.planned.values()) - sum(self.done.values())

    def hours_left(self, jobs: int) -> float | None:
        """Estimated from what is done; None while a kind that is left has not been timed."""
        open_kinds = [kind for kind in KINDS if self.planned[kind] > self.done[kind]]
        if not all(kind in self.minutes for kind in open_kinds):
            return None
        return sum((self.planned[kind] - self.done[kind]) * self.minutes[kind] for kind in open_kinds) / 60 / jobs

    def told(self, jobs: int) -> str:
        """Such as "5 of 12 done, about 1.5 h left"."""
        hours = self.hours_left(jobs)
        rest = "" if hours is None else f", about {hours:.1f} h left"
        return f"{sum(self.done.values())} of {sum(self.planned.values())} done{rest}"


def progress(schedule: Schedule) -> Progress:
    """Of all methods that are worked on; the shared data is not counted."""
    done, planned = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 0)
    seconds: dict[str, list[float]] = {}
    for method in schedule.methods():
        for kind, (ready, wanted) in counts(schedule, method).items():
            done[kind], planned[kind] = done[kind] + ready, planned[kind] + wanted
        for stage in stages_of(schedule, method):
            if schedule.states.done(stage):
                seconds.setdefault(stage.kind, []).append(schedule.states.record(stage).seconds)
    return Progress(done, planned, {kind: sum(took) / len(took) / 60 for kind, took in seconds.items()})


def counts(schedule: Schedule, method: MethodSpec) -> dict[str, tuple[int, int]]:
    """(done, planned) by kind."""
    stages = stages_of(schedule, method)
    done = {kind: sum(stage.kind == kind and schedule.states.done(stage) for stage in stages) for kind in KINDS}
    rates, several = len(method.learning_rates), len(method.learning_rates) > 1
    if method.trained:
        planned = {"train": rates + len(method.seeds) - 1, "validate": rates if several else 0}
        planned["evaluate"] = len(method.seeds)
    else:
        chosen_by_it = any(len(other.learning_rates) > 1 for other in schedule.methods())
        planned = {"train": 0, "validate": int(method.kind == "base" and chosen_by_it), "evaluate": 1}
    return {kind: (min(done[kind], planned[kind]), planned[kind]) for kind in KINDS}


def stages_of(schedule: Schedule, method: MethodSpec) -> list[Stage]:
    """The stages of a method that are known so far, the shared data apart."""
    plan = schedule.plan
    stages = [plan.validate(method, None)] if method.kind == "base" else []
    if method.trained:
        stages += [plan.train(method, rate, method.seeds[0]) for rate in method.learning_rates]
        stages += [plan.validate(method, rate) for rate in method.learning_rates if len(method.learning_rates) > 1]
        choice = schedule.choice(method)
        stages += [plan.train(method, choice.rate, seed) for seed in method.seeds[1:]] if choice else []
    return stages + schedule.evaluations(method)
