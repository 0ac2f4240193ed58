"""Which heads carry a task: its embedding put into some heads only, and tasks that borrow each other's selection.

The two analyses of arXiv 2507.20906 that its code lacks. Each patch gives a `Result`, kept in analysis/patching.jsonl.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tlpo.head_selection.adapter import TaskAdapter
from tlpo.runs.heads.folder import ResultsFile
from tlpo.runs.heads.methods import HARD, SITE
from tlpo.runs.heads.records import Result
from tlpo.runs.heads.session import Report, Session

_FROM = "from "
_SAME = {"soft": SITE, "high": HARD}  # methods of `evaluate` that are the same thing


@dataclass(frozen=True)
class Patch:
    """One way to inject the embedding of a task, tried on its test items.

    name: "soft" (alpha as fitted), "high" (in whole numbers: 0 for heads up to the threshold), "low" (1 for those heads
    and 0 for all others), "random-N" (the numbers of "high", dealt to the heads at random), or "from TASK" (alpha as
    fitted for that task).
    """

    task: str
    name: str
    seed: int

    @classmethod
    def borrowed(cls, task: str, other: str, seed: int) -> Patch:
        """The embedding and items of `task` with the selection of `other`."""
        return cls(task, f"{_FROM}{other}", seed)

    @property
    def key(self) -> tuple[str, str, int]:
        """That of its result."""
        return self.task, self.name, self.seed

    @property
    def lender(self) -> str | None:
        """The task whose selection is borrowed, if any is."""
        return self.name.removeprefix(_FROM) if self.name.startswith(_FROM) else None


def all_patches(tasks: Sequence[str], seed: int, draws: int) -> list[Patch]:
    """Everything that an analysis of these tasks needs."""
    names = ["soft", "high", "low", *(f"random-{draw}" for draw in range(draws))]
    return [Patch(task, name, seed) for task in tasks for name in names] + [
        Patch.borrowed(task, other, seed) for task in tasks for other in tasks if other != task
    ]


def known_patch(results: ResultsFile, patch: Patch) -> Result | None:
    """What `evaluate` has already found for a patch."""
    key = (patch.task, _SAME.get(patch.name, ""), patch.seed)
    return replace(results.get(*key), method=patch.name) if results.has(*key) else None


def run_patch(session: Session, patch: Patch, inter_items: int, report: Report) -> Result:
    """Answer the task's test items with a patch. inter_items: how many with a borrowed selection; 0 for all."""
    own, items = session.adapter(patch.task, patch.seed), session.test_items(patch.task)
    if patch.lender is not None:
        lender = session.adapter(patch.lender, patch.seed)
        adapter = TaskAdapter(own.embedding, lender.logits, max_alpha=lender.max_alpha)
        items = items[: inter_items or None]
    else:
        adapter = own if patch.name == "soft" else _patched(own, patch, session.evaluate.threshold)
    prompts = [session.template.zero_shot(item.input) for item in items]
    return session.answered(patch.key, items, prompts, adapter=adapter, report=report)


def _patched(adapter: TaskAdapter, patch: Patch, threshold: float) -> TaskAdapter:
    """The adapter with the whole-numbered alpha of an intra-task patch."""
    hardened = adapter.hardened(threshold)
    if patch.name == "high":
        return hardened
    if patch.name == "low":
        low = (hardened.alpha == 0) / hardened.max_alpha
        return TaskAdapter(adapter.embedding, low.logit(), max_alpha=hardened.max_alpha)
    order = list(range(hardened.logits.numel()))
    random.Random(f"{patch.seed}/{patch.task}/{patch.name}").shuffle(order)
    return replace(hardened, logits=hardened.logits.flatten()[order].view_as(hardened.logits))
