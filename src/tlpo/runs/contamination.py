"""Whether a run trains on what it is evaluated on: told at its start, and noted in its folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.data import PROMPT_LANGUAGES, PromptRecord, load_prompts
from tlpo.data.contamination import contamination, told
from tlpo.data.evaluation_prompts import held_out_records
from tlpo.data.prompts import chosen_rows, known_codes, prompt_record
from tlpo.data.rows import read_rows
from tlpo.files import write_json

if TYPE_CHECKING:
    from tlpo.loop.config import MethodConfig, RunConfig

FILE = "contamination.json"


def note_contamination(run: RunConfig, args: MethodConfig, folder: Path, *, new: bool = False) -> dict[str, Any]:
    """Compare the run's training prompts with its evaluation prompts; write ``contamination.json`` and tell the result.

    Done once a run. Languages without evaluation prompts (none are bundled, and no file with some is given) are not
    checked, which is told too.

    Args:
        run, args: what is trained on, and with which of the data file's records.
        folder: the run's.
        new: whether the run begins. What lies in the folder is then of one that had no result yet, maybe with other
            prompts, and does not count.

    Returns:
        See `tlpo.data.contamination.contamination`; and not_checked: codes of the languages that were not.

    Raises:
        UserError: a file cannot be used.
    """
    path = folder / FILE
    if new:
        path.unlink(missing_ok=True)
    if path.is_file():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    train = _training(run, args)
    languages = list(dict.fromkeys(record.language for record in train))
    evaluation = _evaluation(run, languages)
    covered = {record.language for record in evaluation}
    found = contamination(train, evaluation) | {"not_checked": [code for code in languages if code not in covered]}
    write_json(path, found)
    if evaluation:
        sys.stderr.write(f"{told(found)}{f'; see {path}' if found['pairs'] else ''}\n")
    if found["not_checked"]:
        codes, file = ", ".join(found["not_checked"]), run.eval_prompts
        remedy = "name a file with --eval_prompts" if file is None else f"add some to {file}"
        sys.stderr.write(f"contamination: not checked: no evaluation prompts for {codes}; {remedy}\n")
    return found


def learned_prompts(
    prompts: str | None, data: str | None, language: str | Sequence[str] | None
) -> Iterator[PromptRecord]:
    """The prompts that a method learns from: of a file of responses, if it learns from one, those among ``prompts``.

    Arguments as those of a run. Raises UserError when a file cannot be used.
    """
    if data is None:
        yield from load_prompts(prompts, language=language, split="train")
        return
    from tlpo.baselines.records import prompt_text  # loads torch

    chosen = None if prompts is None else load_prompts(prompts, language=language, split="train")
    wanted = None if chosen is None else {prompt_text(record.prompt) for record in chosen}
    for index, (row, code) in enumerate(chosen_rows(read_rows(data), language=known_codes(language))):
        record = prompt_record(row, index, code)
        if wanted is None or prompt_text(record.prompt) in wanted:
            yield record


def _training(run: RunConfig, args: MethodConfig) -> list[PromptRecord]:
    """The prompts that the run trains on: of its data, those that are paid for and have a response to learn."""
    records = list(learned_prompts(run.prompts, run.data, run.language))
    if run.data is None:
        return records
    from tlpo.baselines.records import load_material

    used = {example.where for example in load_material(run, args).examples}
    return [record for record in records if record.where in used]


def _evaluation(run: RunConfig, languages: list[str]) -> list[PromptRecord]:
    known = [code for code in languages if run.eval_prompts is not None or code in PROMPT_LANGUAGES]
    return held_out_records(run.eval_prompts, known) if known else []
