"""What a study shows: its plan with counts and hours, and the comparison with how each row came about."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from tlpo.evaluation.compare_runs import CompareOptions, compare_runs
from tlpo.evaluation.run_files import read_run
from tlpo.files import write_json
from tlpo.reports.comparison.page import write_comparison
from tlpo.runs.study.choice import candidate, rule_text
from tlpo.runs.study.config import MethodSpec
from tlpo.runs.study.notes import Fact, as_range, notes
from tlpo.runs.study.plan import Stage
from tlpo.runs.study.progress import KINDS, counts, progress, stages_of
from tlpo.runs.study.schedule import Schedule
from tlpo.runs.study.state import FAILED
from tlpo.runs.study.steps import sampled_steps


@dataclass(frozen=True)
class Outcome:
    """comparison: as `compare_runs` returns it, with the study's notes. paths: the files written."""

    comparison: dict[str, Any]
    paths: list[Path]


def plan_table(schedule: Schedule) -> Table:
    """One row a method: what is planned, and how much of it is done."""
    study = schedule.plan.study
    table = Table(title=Text(study.title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("method", "kind", "learning rates", "seeds", "trainings", "validations", "evaluations"):
        table.add_column(heading, justify="left" if heading in ("method", "kind") else "right")
    for method in schedule.methods():
        cells = [f"{done}/{planned}" if planned else "" for done, planned in counts(schedule, method).values()]
        rates = " ".join(f"{rate:g}" for rate in method.learning_rates)
        table.add_row(Text(method.label), Text(method.kind), rates, " ".join(map(str, method.seeds)), *cells)
    whole = progress(schedule)
    table.add_section()
    table.add_row("done/planned", "", "", "", *(f"{whole.done[kind]}/{whole.planned[kind]}" for kind in KINDS))
    return table


def plan_lines(schedule: Schedule) -> list[str]:
    """What is to be said below the plan: the budget, the rule, the hours."""
    study = schedule.plan.study
    budget = f"{study.rollout_budget} responses a training run" if study.rollout_budget else "none set"
    lines = [f"{study.model}, {', '.join(study.languages)}; roll-out budget: {budget}"]
    if any(len(method.learning_rates) > 1 for method in schedule.methods()):
        lines += [f"Kept back for validation: {study.validation_prompts} prompts of each language"]
        lines += [rule_text(study.max_nll_rise)]
    whole = progress(schedule)
    if whole.minutes:
        told = ", ".join(f"{kind} {minutes:.1f}" for kind, minutes in whole.minutes.items())
        lines.append(f"Minutes a stage so far: {told}")
    return [*lines, f"{whole.told(study.jobs)}; results in {study.output}"]


def write_report(schedule: Schedule) -> Outcome | None:
    """Compare the evaluations that are done, of all methods of the study, and write choices.json and the page.

    None while the base model's evaluation or any other is missing.
    """
    schedule = replace(schedule, only=(), over=True)
    study, states = schedule.plan.study, schedule.states
    facts = {method.label: _fact(schedule, method) for method in schedule.methods()}
    write_json(study.output / "choices.json", {"rule": rule_text(study.max_nll_rise), "methods": facts})
    done = [
        (method, stage) for method in schedule.methods() for stage in schedule.evaluations(method) if states.done(stage)
    ]
    labels = {method.label for method, _ in done}
    if study.base.label not in labels or len(labels) < 2:
        return None
    focus = study.focus if study.focus in labels else None
    options = CompareOptions(
        study.base.label, focus, study.profile, resamples=study.resamples, nll_margin=study.nll_margin
    )
    comparison = compare_runs([read_run(stage.result(states.root)) for _, stage in done], options)
    comparison["title"] = study.title
    comparison["study"] = {
        "setting": [study.model, *study.languages],
        "notes": list(notes(schedule, facts)),
        "methods": {label: _columns(fact) for label, fact in facts.items() if label in labels},
        "curves": _curves(schedule, facts),
        "steps": _steps(schedule),
    }
    return Outcome(comparison, write_comparison(study.output / "comparison", comparison))


def _fact(schedule: Schedule, method: MethodSpec) -> Fact:
    """How a row came about: the choice, what was sampled, and the hours."""
    states, choice = schedule.states, schedule.choice(method) if method.trained else None
    stages = {stage.digest: stage for stage in stages_of(schedule, method)}
    trainings = [schedule.plan.train(method, choice.rate, seed) for seed in method.seeds] if choice else []
    return {
        "choice": choice.to_dict() if choice else None,
        "rollouts": _spent(schedule, trainings, "responses"),
        "tokens": _spent(schedule, trainings, "tokens"),
        "explored_tokens": _spent(schedule, trainings, "explored_tokens"),
        "skipped": sum(_run_state(schedule, stage).get("skipped_steps", 0) for stage in trainings),
        "training_hours": [states.record(stage).seconds / 3600 for stage in trainings if states.done(stage)],
        "hours": sum(states.record(stage).seconds for stage in stages.values()) / 3600,
        "failed": [
            f"{stage.label}, {stage.kind}: {states.record(stage).reason}"
            for stage in stages.values()
            if states.record(stage).status == FAILED
        ],
    }


def _steps(schedule: Schedule) -> dict[str, list[list[dict[str, float]]]]:
    """The chosen runs of the methods that sample as they train, for `draw_steps`."""
    found = {}
    for method in schedule.methods():
        choice = schedule.choice(method) if method.trained else None
        stages = [schedule.plan.train(method, choice.rate, seed) for seed in method.seeds] if choice else []
        runs = [sampled_steps(stage.result(schedule.states.root).parent) for stage in stages]
        if runs := [points for points in runs if points]:
            found[method.label] = runs
    return found


def _curves(schedule: Schedule, facts: dict[str, Fact]) -> Fact | None:
    """The validation figures over the learning rates, for `draw_curves`; None where nothing was chosen."""
    plan, states = schedule.plan, schedule.states
    methods = {}
    for method in schedule.methods():
        choice = facts[method.label]["choice"]
        if choice and choice["candidates"]:
            points = []
            for told in choice["candidates"]:
                text = read_run(plan.validate(method, told["rate"]).result(states.root)).text
                points.append({**told, **{name: text.get(name) for name in _CURVES}})
            methods[method.label] = {"chosen": choice["rate"], "points": points}
    if not methods:
        return None
    base = read_run(plan.validate(plan.study.base, None).result(states.root))
    own = {"confusion": candidate(0, base, base, plan.study.profile).confusion, "nll_rise": 0.0}
    return {"base": {**own, **{name: base.text.get(name) for name in _CURVES}}, "methods": methods}


_CURVES = ("mean_length", "digits_share")
_SPENT = {"rollouts": "roll-outs a run", "tokens": "tokens sampled", "explored_tokens": "tokens explored"}


def _run_state(schedule: Schedule, stage: Stage) -> Fact:
    """What a training says of itself; nothing before it is finished."""
    try:
        path = stage.result(schedule.states.root).parent / "run.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _spent(schedule: Schedule, stages: Iterable[Stage], what: str) -> list[int]:
    """What the finished ones of some trainings used: "responses", "tokens" or "explored_tokens".

    For a method that learns from sampled data this is all that was sampled to make it, what gave no pair too.
    """
    counts = (_run_state(schedule, stage).get("rollouts", {}).get(what) for stage in stages)
    return [int(count) for count in counts if count is not None]


def _columns(fact: Fact) -> dict[str, str]:
    """What the table shows of a row."""
    told = {}
    if fact["choice"]:
        told["learning rate"] = f"{fact['choice']['rate']:g}"
    for name, heading in _SPENT.items():
        if fact[name]:
            told[heading] = as_range(fact[name])
    if fact["training_hours"]:
        told["hours a training"] = f"{sum(fact['training_hours']) / len(fact['training_hours']):.2f}"
    return told | {"hours in all": f"{fact['hours']:.2f}"}
