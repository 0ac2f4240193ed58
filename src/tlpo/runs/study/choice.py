"""Which learning rate a method is compared with: one rule for all methods, applied to validation prompts.

The rule: of the rates tried, the lowest confusion rate on the validation prompts among those under which the NLL of
clean validation text (mean over languages) rises by no more than the bound, and under which nearly as many responses
hold something to judge as before, as a model that falls silent is not consistent; of equals, the one whose NLL rises
less. If no rate keeps to both, the one whose NLL rises least.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

import numpy as np

from tlpo.errors import UserError
from tlpo.evaluation.figure import Figure
from tlpo.evaluation.figures import choose_figures
from tlpo.evaluation.run_files import EvaluatedRun

LEAST_JUDGED = 0.9
"""Of the responses that can be judged before, how many must be so after."""


@dataclass(frozen=True)
class Candidate:
    """One learning rate.

    confusion: 1 - the share of validation responses that pass. nll_rise: nats a token. judged: the share of the
    responses that could be judged, over the base model's.
    """

    rate: float
    confusion: float
    nll_rise: float
    judged: float = 1.0


@dataclass(frozen=True)
class Choice:
    """What was chosen, from what. within: whether the chosen one keeps to the bounds."""

    rate: float
    within: bool
    candidates: tuple[Candidate, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def rule_text(max_nll_rise: float) -> str:
    """The rule in words."""
    return (
        "Of a method's learning rates, tried with its first seed, that one is taken which has the lowest confusion "
        "rate on the validation prompts, among those under which the NLL of clean validation text rises by at most "
        f"{max_nll_rise:g} nats a token, and at least {LEAST_JUDGED:.0%} as many responses can be judged as of the "
        "base model; of equals the one with the smaller rise; if none keeps to that, the one with the smallest. The "
        "rule is the same for all methods."
    )


def choose(candidates: Sequence[Candidate], max_nll_rise: float) -> Choice:
    """Apply the rule. candidates: at least one."""
    within = [one for one in candidates if one.nll_rise <= max_nll_rise and one.judged >= LEAST_JUDGED]
    if within:
        best = min(within, key=lambda one: (one.confusion, one.nll_rise, one.rate))
    else:
        best = min(candidates, key=lambda one: (one.nll_rise, one.confusion, one.rate))
    return Choice(best.rate, bool(within), tuple(candidates))


def candidate(rate: float, run: EvaluatedRun, base: EvaluatedRun, profile: str | None = None) -> Candidate:
    """A rate's figures from its validation and the base model's.

    Raises:
        UserError: as `choose_figures`, or a figure is not a number.
    """
    figures, _ = choose_figures([base, run], profile)
    values = {
        figure.axis: [_value(figure, one) for one in (base, run)] for figure in figures if figure.axis is not None
    }
    before, after = values.get("likelihood", [0.0, 0.0])
    if not math.isfinite(values["consistency"][1] + after - before):
        raise UserError(f"{run.folder}: the likelihood of clean text is not a number: the training broke the model")
    scored = next(figure.draw_key for figure in figures if figure.axis == "consistency")
    known, found = (_judged(one, scored) for one in (base, run))
    return Candidate(rate, 1 - values["consistency"][1], after - before, found / known if known else 1.0)


def _judged(run: EvaluatedRun, profile: str) -> float:
    """The share of the responses that a profile could judge, mean over settings."""
    return mean(table.sums.value for setting, table in run.judged.items() if setting.profile == profile)


def _value(figure: Figure, run: EvaluatedRun) -> float:
    """The mean over strata, as the comparison makes it; 0, no response that passes, where nothing can be judged."""
    parts = figure.of(run)
    if parts is None:
        return 0.0
    return float(figure.mean({name: np.asarray(table.sums.value) for name, table in parts[0].items()}))
