"""What the page says of a study in sentences: how it was done, and what to mind when it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tlpo.runs.study.choice import Candidate, rule_text
from tlpo.runs.study.config import TRAINED
from tlpo.runs.study.overlap import noted_overlap
from tlpo.runs.study.plan import Stage
from tlpo.runs.study.progress import progress
from tlpo.runs.study.schedule import Schedule
from tlpo.runs.study.state import FAILED

Fact = dict[str, Any]
_TOKENS = (
    "Tokens sampled are those of these responses, up to where they ended or were stopped. Tokens explored were decoded "
    "after candidate tokens at confusion points, as TLPO alone does: further work, but no responses, so the budget "
    "does not count them."
)


def notes(schedule: Schedule, facts: Mapping[str, Fact]) -> Iterator[str]:
    """The sentences, most important first. facts: of each row, by label."""
    study = schedule.plan.study
    left = progress(schedule).left
    if left:
        yield f"Unfinished: {left} trainings, validations and evaluations are not done yet; figures may change."
    counted = any(fact["tokens"] for fact in facts.values())
    yield _budget_note(facts, study.rollout_budget) + (f" {_TOKENS}" if counted else "")
    if overlap := noted_overlap(study.output):
        yield overlap
    if any(fact["choice"] and fact["choice"]["candidates"] for fact in facts.values()):
        yield rule_text(study.max_nll_rise)
    for label, fact in facts.items():
        if fact["choice"] and fact["choice"]["candidates"]:
            tried = "; ".join(_tried(Candidate(**entry)) for entry in fact["choice"]["candidates"])
            kept = "" if fact["choice"]["within"] else " No rate keeps to the bound."
            yield f"{label}: {fact['choice']['rate']:g} was chosen. Tried: {tried}.{kept}"
    yield from _edge_note(facts)
    for label, fact in facts.items():
        if fact["skipped"]:
            yield f"{label}: {fact['skipped']} steps were left out, as their loss was not finite."
    shared = [(stage, schedule.states.record(stage)) for stage in _data_stages(schedule)]
    hours = sum(fact["hours"] for fact in facts.values()) + sum(record.seconds for _, record in shared) / 3600
    yield f"{hours:.2f} hours of work in all, {study.jobs} stage{'' if study.jobs == 1 else 's'} at a time."
    for stage, record in shared:
        if record.status == FAILED:
            yield f"Failed: {stage.label}, {stage.kind}: {record.reason}"
    for fact in facts.values():
        yield from (f"Failed: {told}" for told in fact["failed"])
    yield from (f"Not usable: {told}" for told in schedule.unread.values())


def _data_stages(schedule: Schedule) -> list[Stage]:
    """The stages that make data to learn from, of all seeds that any method is trained with."""
    seeds = {seed for method in schedule.methods() for seed in method.seeds if TRAINED.get(method.kind)}
    return [make(seed) for seed in sorted(seeds) for make in (schedule.plan.sample, schedule.plan.pairs)]


def _budget_note(facts: Mapping[str, Fact], budget: int | None) -> str:
    """Whether all trained methods used as many sampled responses."""
    used = {label: fact["rollouts"] for label, fact in facts.items() if fact["rollouts"]}
    if not used:
        return "No training has recorded its sampled responses yet."
    most, least = max(max(counts) for counts in used.values()), min(min(counts) for counts in used.values())
    told = f"Sampled responses a training run: {as_range([least, most])}"
    over = [label for label, counts in used.items() if budget is not None and max(counts) > budget]
    if over:
        return f"{told}. Over the budget of {budget}: {', '.join(over)}."
    limit = f", within the budget of {budget}" if budget is not None else ""
    if most == least:
        return f"{told}, equal for {len(used)} trained method{'' if len(used) == 1 else 's'}{limit}."
    return f"{told}{limit}, not equal: {'; '.join(f'{label} {as_range(counts)}' for label, counts in used.items())}."


def _edge_note(facts: Mapping[str, Fact]) -> Iterator[str]:
    """Which methods might do better with a rate that was not tried; nothing where none might."""
    edges: dict[str, list[str]] = {"lowest": [], "highest": []}
    for label, fact in facts.items():
        rates = [one["rate"] for one in fact["choice"]["candidates"]] if fact["choice"] else []
        for edge, end in (("lowest", min(rates, default=None)), ("highest", max(rates, default=None))):
            if end is not None and fact["choice"]["rate"] == end:
                edges[edge].append(label)
    told = [f"the {edge} for {', '.join(labels)}" for edge, labels in edges.items() if labels]
    if told:
        yield f"The chosen learning rate is at the edge of those tried, so one beyond may do better: {'; '.join(told)}."


def _tried(one: Candidate) -> str:
    return f"{one.rate:g} (confusion {100 * one.confusion:.1f} %, NLL {one.nll_rise:+.3f})"


def as_range(counts: Sequence[int]) -> str:
    """Such as "512" or "480 to 512". counts: at least one."""
    return str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
