"""Whether a study trains on prompts that it evaluates or chooses learning rates on: told before the first stage.

The trainings' own check knows the project's held-out prompts only; a study may evaluate on others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tlpo.data import PROMPT_LANGUAGES, PromptRecord, load_prompts
from tlpo.data.contamination import contamination
from tlpo.data.records import user_text
from tlpo.evaluation.options import EvaluationConfig
from tlpo.evaluation.prompts import consistency_prompts
from tlpo.files import write_json
from tlpo.runs.contamination import FILE, learned_prompts
from tlpo.runs.study.plan import Plan

# The options that decide which prompts are evaluated.
_WHICH = ("prompts", "prompts_split", "prompts_subset", "sources", "num_prompts")


def note_overlap(plan: Plan) -> str:
    """Compare the training prompts with those of the evaluations and the validation; write ``contamination.json``.

    Returns what came of it, in one line, which the file holds under "told"; nothing for a study without training.

    Raises:
        UserError: the prompts of an evaluation cannot be used.
    """
    train = _training(plan)
    if not train:
        return ""
    against = {
        "evaluation": _evaluation(plan),
        "validation": load_prompts(plan.files.validation, language=plan.study.languages),
    }
    found = {name: contamination(train, records) for name, records in against.items() if records}
    told = f"Of {len(train)} training prompts {'; '.join(_told(name, one) for name, one in found.items())}."
    if any(one["pairs"] for one in found.values()):
        told += f" {FILE} in the study's folder names them."
    covered = {record.language for record in against["evaluation"]}
    lacking = [code for code in plan.study.languages if code not in covered]
    if lacking:
        told += f" Not checked against evaluation prompts: {', '.join(lacking)}, for which there are none."
    plan.study.output.mkdir(parents=True, exist_ok=True)
    write_json(plan.study.output / FILE, {"told": told, "against": found, "not_checked": lacking})
    return told


def noted_overlap(folder: Path) -> str:
    """The line that `note_overlap` wrote into a study's folder; nothing if it wrote none."""
    try:
        return str(json.loads((folder / FILE).read_text(encoding="utf-8"))["told"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _training(plan: Plan) -> list[PromptRecord]:
    """The prompts of the study, and of the methods that bring prompts or a file of responses of their own."""
    sources: dict[tuple[str, str | None], None] = {}
    for method in plan.study.methods:
        if method.trained:
            given = str(method.train.get("data"))
            own = given if Path(given).is_file() else None  # else it is sampled for the study, from its prompts
            sources[str(method.train.get("prompts", plan.files.train)), own] = None
    codes = plan.study.languages
    return _once(record for prompts, data in sources for record in learned_prompts(prompts, data, codes))


def _evaluation(plan: Plan) -> list[PromptRecord]:
    """The prompts that the methods are evaluated on; none of the bundled ones in a language that has none."""
    records: list[PromptRecord] = []
    seen = []
    for method in plan.study.methods:
        given: dict[str, Any] = {
            name: method.evaluate[name] for name in _WHICH if method.evaluate.get(name) is not None
        }
        if given in seen:
            continue
        seen.append(given)
        languages = list(plan.study.languages)
        if "prompts" not in given:
            languages = [code for code in languages if code in PROMPT_LANGUAGES]
        if "num_prompts" in given:
            given = {**given, "num_prompts": int(given["num_prompts"])}
        config = EvaluationConfig(model=plan.study.model, output="", language=languages, **given)
        records += consistency_prompts(config) if languages else []
    return _once(records)


def _once(records: Iterable[PromptRecord]) -> list[PromptRecord]:
    """Each prompt once, as most methods share theirs."""
    return list({(record.language, user_text(record.prompt)): record for record in records}.values())


def _told(name: str, found: dict[str, Any]) -> str:
    these = f"the {found['evaluation']} {name} prompts"
    if not found["exact"] and not found["near"]:
        return f"none is or resembles one of {these}"
    return f"{found['exact']} are among {these} and {found['near']} resemble one"
