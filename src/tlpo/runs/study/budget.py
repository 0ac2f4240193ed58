"""Whether the sampled data costs what every training may spend: more is sampled in vain, less is an unequal budget."""

from __future__ import annotations

from collections import Counter

from tlpo.data import load_prompts
from tlpo.errors import UserError
from tlpo.runs.sample_options import SampleOptions
from tlpo.runs.study.config import TRAINED, StudyConfig
from tlpo.runs.study.prompts import PromptFiles


def check_budget(study: StudyConfig, files: PromptFiles) -> None:
    """Hold the budget against the responses that are sampled for the methods that learn from them.

    Raises UserError when they differ, with the ways to make them equal. Without a budget, or a method that learns from
    the study's own samples, there is nothing to hold.
    """
    budget = study.rollout_budget
    learning = [m.label for m in study.methods if TRAINED.get(m.kind) and "data" not in m.train]
    if budget is None or not learning:
        return
    prompts = _prompts(study, files)
    given = study.sample.get("num_samples")
    each = SampleOptions.num_samples if given is None else int(given)
    if prompts * each == budget:
        return
    ways = [f"rollout_budget to {prompts * each}"]
    if budget % prompts == 0:
        ways.append(f"sample.num_samples to {budget // prompts}")
    of_each_language, rest = divmod(budget, each * len(study.languages))
    if rest == 0 and of_each_language * len(study.languages) < prompts:
        ways.append(f"sample.num_prompts to {of_each_language}")
    raise UserError(
        f"rollout_budget is {budget}, but {prompts * each} responses ({prompts} prompts x {each}) are sampled for "
        f"{', '.join(learning)} to learn from: set {' or '.join(ways)}"
    )


def _prompts(study: StudyConfig, files: PromptFiles) -> int:
    """How many prompts the data stage answers."""
    path = study.sample.get("prompts") or files.train
    counts = Counter(record.language for record in load_prompts(path, language=study.languages, split="train"))
    most = study.sample.get("num_prompts")
    return sum(count if most is None else min(count, int(most)) for count in counts.values())
