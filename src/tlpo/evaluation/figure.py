"""One figure of a comparison: where a run has it, and what it is a mean over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tlpo.evaluation.intervals import Array
from tlpo.evaluation.run_files import EvaluatedRun, ItemSums

Items = Mapping[str, ItemSums]
Parts = tuple[Items, ...]
Strata = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Figure:
    """One figure of a run.

    key: names it in files. title: for people. axis: one of `tlpo.evaluation.figures.AXES`, or None. draw_key: names the
    items that are resampled; figures of the same items share it. higher_is_better: None where neither more nor less is.
    strata: what the figure is a mean over, each with its place in the levels of that mean, outermost first. take: a
    run's item sums by stratum, one mapping a part (two parts make a harmonic mean), or None if the run lacks the
    figure. temperatures: of the responses, where one was chosen.
    """

    key: str
    title: str
    axis: str | None
    share: bool
    higher_is_better: bool | None
    draw_key: str
    strata: Strata
    parts: tuple[str, ...]
    take: Callable[[EvaluatedRun], Parts | None]
    temperatures: tuple[float, ...] = ()

    def of(self, run: EvaluatedRun) -> Parts | None:
        """The run's item sums, or None."""
        return self.take(run)

    def mean(self, values: Mapping[str, Array]) -> Array:
        """The mean over strata of arrays of one shape, level by level from the innermost; all of a level count alike.

        values: one for each of `strata`.
        """
        level = {self.strata[name]: value for name, value in values.items()}
        while () not in level:
            groups: dict[tuple[str, ...], list[Array]] = {}
            for place, value in level.items():
                groups.setdefault(place[:-1], []).append(value)
            level = {place: np.mean(group, axis=0) for place, group in groups.items()}
        return level[()]

    def weights(self) -> dict[str, float]:
        """What each stratum weighs in that mean; their sum is 1."""
        alone = {name: {other: np.array(float(other == name)) for other in self.strata} for name in self.strata}
        return {name: float(self.mean(values)) for name, values in alone.items()}

    def describe(self) -> dict[str, Any]:
        """What a report needs to know."""
        names = ("key", "title", "axis", "share", "higher_is_better")
        lists = {"strata": list(self.strata), "temperatures": list(self.temperatures)}
        return {name: getattr(self, name) for name in names} | lists


def flat(names: Iterable[str]) -> Strata:
    """Strata of one level: all count alike."""
    return {name: (name,) for name in names}


def common_names(what: str, tables: Sequence[Mapping[str, Any]], notes: list[str]) -> list[str]:
    """The names that all tables hold, in the first one's order; what only some hold is noted."""
    common = [name for name in tables[0] if all(name in table for table in tables)]
    left = [name for name in ordered(name for table in tables for name in table) if name not in common]
    if left:
        notes.append(f"Left out of the means, as not every run has it: {what} {', '.join(left)}.")
    return common


def ordered(names: Iterable[Any]) -> list[Any]:
    """Each once, in the order given."""
    return list(dict.fromkeys(names))
