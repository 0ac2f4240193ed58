"""The methods that `tlpo heads evaluate` compares, each from a task and a seed to a result.

All answer the same test items under the same limits. What a method learns it learns from the training split, and what
it chooses by it takes from the validation split.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from tlpo.head_selection.adapter import TaskAdapter
from tlpo.head_selection.tasks import Example, Task
from tlpo.runs.heads.lora import LoraOptions, lora_fitted
from tlpo.runs.heads.records import Result
from tlpo.runs.heads.session import Report, Session

ZERO_SHOT, ICL, UNTRAINED, SITE, HARD, LORA = "zero_shot", "icl", "untrained", "site", "hard", "lora"


def labels(shots: int) -> dict[str, str]:
    """What each method is called."""
    return {
        ZERO_SHOT: "0-shot",
        ICL: f"{shots}-shot ICL",
        UNTRAINED: "untrained alpha = 0.5",
        SITE: "SITE",
        HARD: "SITE, whole-numbered",
        LORA: "LoRA",
    }


def run_method(session: Session, method: str, task: str, seed: int | None, report: Report) -> Result:
    """Answer the task's test items by one method, after fitting what it needs."""
    return METHODS[method](session, task, seed, report)


def few_shot_prompts(session: Session, task: Task, items: Sequence[Example], seed: int) -> list[str]:
    """For each item a prompt with examples of its own; they depend on seed, task and item alone."""
    prompts = []
    for number, item in enumerate(items):
        demos = random.Random(f"{seed}/{task.name}/{number}").sample(list(task.train), session.extract.shots)
        prompts.append(session.template.few_shot(demos, item.input))
    return prompts


def _zero_shot(session: Session, task: str, seed: int | None, report: Report) -> Result:
    items = session.test_items(task)
    return session.answered((task, ZERO_SHOT, None), items, _bare(session, items), report=report)


def _icl(session: Session, task: str, seed: int | None, report: Report) -> Result:
    items = session.test_items(task)
    prompts = few_shot_prompts(session, session.tasks[task], items, seed or 0)
    return session.answered((task, ICL, seed), items, prompts, report=report)


def _injected(method: str) -> Callable[[Session, str, int | None, Report], Result]:
    """SITE, untrained, as trained, or hardened."""

    def run(session: Session, task: str, seed: int | None, report: Report) -> Result:
        items, number = session.test_items(task), seed or 0
        start = session.embedding(task, number, report)
        adapter = start if method == UNTRAINED else session.adapter(task, number, report)
        figures = _seconds(start, "extract")
        if method != UNTRAINED:
            figures |= _seconds(adapter, "fit") | {"parameters": adapter.logits.numel()}
        if method == HARD:
            adapter = adapter.hardened(session.evaluate.threshold)
        prompts = _bare(session, items)
        return session.answered((task, method, seed), items, prompts, adapter=adapter, report=report, **figures)

    return run


def _lora(session: Session, task: str, seed: int | None, report: Report) -> Result:
    items = session.test_items(task)
    options = LoraOptions(
        rank=session.evaluate.lora_rank,
        alpha=session.evaluate.lora_alpha,
        learning_rate=session.evaluate.lora_learning_rate,
        steps=session.fit.steps,
        batch_size=session.fit.batch_size,
        validate_every=session.fit.validate_every,
        valid_items=session.fit.valid_items,
        seed=seed or 0,
    )
    with lora_fitted(
        session.model, session.tokenizer, session.tasks[task], session.template, options, on_progress=report
    ) as fitted:
        return session.answered(
            (task, LORA, seed),
            items,
            _bare(session, items),
            model=fitted.model,
            report=report,
            fit_seconds=fitted.took.wall,
            fit_cpu_seconds=fitted.took.cpu,
            parameters=fitted.parameters,
        )


def _seconds(adapter: TaskAdapter, stage: str) -> dict[str, Any]:
    """What a stage took, as fields of a result."""
    return {name: adapter.meta[name] for name in (f"{stage}_seconds", f"{stage}_cpu_seconds")}


def _bare(session: Session, items: Sequence[Example]) -> list[str]:
    return [session.template.zero_shot(item.input) for item in items]


METHODS: dict[str, Callable[[Session, str, int | None, Report], Result]] = {
    ZERO_SHOT: _zero_shot,
    ICL: _icl,
    UNTRAINED: _injected(UNTRAINED),
    SITE: _injected(SITE),
    HARD: _injected(HARD),
    LORA: _lora,
}
