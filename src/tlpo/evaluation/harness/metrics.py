"""The project's consistency metrics for lm-eval's tasks, registered with it under names when this module is loaded.

Metrics `tlpo_rpr`, `tlpo_lpr` and `tlpo_wpr` judge a generated text by a profile (default, tlpo or lcb; `lcb` has no
RPR) in a language. The aggregation `tlpo_pass_rate` turns their counts into a rate in [0, 1]. A task file loads this
module by naming one of its functions, and may then use the names too:

    metric_list:
      - metric: !function tlpo.evaluation.harness.metrics.tlpo_rpr
        aggregation: tlpo_pass_rate
        higher_is_better: true
        language: ko
        profile: default
        english: confusion

`benchmark_results` is the `process_results` of the shipped tasks of the Language Confusion Benchmark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import lm_eval.api.metrics  # noqa: F401  (its own names, which it registers only while there are no others)
from lm_eval.api.registry import register_aggregation, register_metric

from tlpo.errors import UserError
from tlpo.metrics import Profile, get_profile

Counts = tuple[int, int]
_profile: Callable[..., Profile] = lru_cache(maxsize=16)(get_profile)


def pass_rate(counts: Sequence[Counts]) -> float:
    """What passed over what was judged, in [0, 1]; NaN when nothing was judged."""
    judged = sum(total for _, total in counts)
    return sum(passed for passed, _ in counts) / judged if judged else float("nan")


def benchmark_rate(counts: Sequence[Counts]) -> float:
    """As `pass_rate`, but 1 when nothing was judged, as the benchmark's script has it: nothing wrong was seen."""
    return pass_rate(counts) if any(total for _, total in counts) else 1.0


def lcpr(counts: Sequence[tuple[Counts, Counts]]) -> float:
    """The harmonic mean of LPR and WPR from both counts of each response; NaN where no response passed its lines."""
    lines, words = (benchmark_rate([pair[level] for pair in counts]) for level in (0, 1))
    return 2 * lines * words / (lines + words) if lines else float("nan")


def counts_of(rate: str, references: Sequence[str], predictions: Sequence[str], **options: Any) -> Counts:
    """The counts of one text. options: language, and profile, english and word_list as `tlpo metrics` has them."""
    language, name = options.pop("language", None) or references[0], options.pop("profile", "default")
    profile = _profile(name, **options)
    if rate not in profile.rates_of(language):
        raise UserError(f"the profile '{name}' defines no {rate.upper()} for '{language}': choose another")
    passed, judged = profile.tally(predictions[0], language)[profile.rates.index(rate)]
    return passed, judged


def tlpo_rpr(references: Sequence[str], predictions: Sequence[str], **options: Any) -> Counts:
    """Response pass rate: whether the response is free of confusion. The language is an option, or the target."""
    return counts_of("rpr", references, predictions, **options)


def tlpo_lpr(references: Sequence[str], predictions: Sequence[str], **options: Any) -> Counts:
    """Line pass rate: the lines that pass (`lcb`: whether all do). The language is an option, or the target."""
    return counts_of("lpr", references, predictions, **options)


def tlpo_wpr(references: Sequence[str], predictions: Sequence[str], **options: Any) -> Counts:
    """Word pass rate: the words that pass (`lcb`: whether all do). The language is an option, or the target."""
    return counts_of("wpr", references, predictions, **options)


def benchmark_results(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, Any]:
    """The counts of one response by the benchmark's own definition, the TLPO paper's, and the project's detector.

    doc: `language` is that of the answer. results: the response. English is neutral. Rates that a definition does not
    cover in the language are left out.
    """
    (text,), language = results, str(doc["language"])
    found: dict[str, Any] = {}
    for name in ("lcb", "tlpo", "default"):
        profile = _profile(name)
        if not profile.rates_of(language):
            continue
        counts = dict(zip(profile.rates, profile.tally(text, language), strict=True))
        found |= {f"{name}_{rate}": counts[rate] for rate in profile.rates_of(language) if rate != "undecided"}
    if "lcb_wpr" in found:
        found["lcb_lcpr"] = (found["lcb_lpr"], found["lcb_wpr"])
    return found


for _name, _aggregation in (
    ("tlpo_pass_rate", pass_rate), ("tlpo_benchmark_rate", benchmark_rate), ("tlpo_lcpr", lcpr),
):  # fmt: skip
    register_aggregation(_name)(_aggregation)
for _metric in (tlpo_rpr, tlpo_lpr, tlpo_wpr):
    register_metric(
        metric=_metric.__name__, higher_is_better=True, output_type="generate_until", aggregation="tlpo_pass_rate"
    )(_metric)
