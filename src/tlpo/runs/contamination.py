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
    from tlpo.loop.config import RunConfig

FILE = "contamination.json"


def note_contamination(run: RunConfig, folder: Path) -> dict[str, Any] | None:
    """Compare the run's training prompts with its evaluation prompts; write ``contamination.json`` and tell the result.

    Done once a run. Of a run without evaluation prompts (its languages have none bundled, and no file is given) there
    is nothing to compare: None.

    Returns:
        See `tlpo.data.contamination.contamination`.
    """
    path = folder / FILE
    if path.is_file():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    train = list(learned_prompts(run.prompts, run.data, run.language))
    evaluation = _evaluation(run, list(dict.fromkeys(record.language for record in train)))
    if not evaluation:
        return None
    found = contamination(train, evaluation)
    write_json(path, found)
    sys.stderr.write(f"{told(found)}{f'; see {path}' if found['pairs'] else ''}\n")
    return found


def learned_prompts(
    prompts: str | None, data: str | None, language: str | Sequence[str] | None
) -> Iterator[PromptRecord]:
    """The prompts that a method learns from: those of its data, if it learns from a file of responses.

    Arguments as those of a run. Raises UserError when a file cannot be used.
    """
    if data is None:
        yield from load_prompts(prompts, language=language, split="train")
        return
    for index, (row, code) in enumerate(chosen_rows(read_rows(data), language=known_codes(language))):
        yield prompt_record(row, index, code)


def _evaluation(run: RunConfig, languages: list[str]) -> list[PromptRecord]:
    known = [code for code in languages if run.eval_prompts is not None or code in PROMPT_LANGUAGES]
    return held_out_records(run.eval_prompts, known) if known else []
