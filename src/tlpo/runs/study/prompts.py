"""The prompts of a study, split: some to train on, some to choose learning rates by."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tlpo.data import PromptRecord, load_prompts
from tlpo.errors import UserError
from tlpo.files import write_text
from tlpo.runs.study.config import StudyConfig


@dataclass(frozen=True)
class PromptFiles:
    """train, validation: JSON lines. validation_texts: one file of clean sentences a language, English among them."""

    train: Path
    validation: Path
    validation_texts: dict[str, Path]


def split_prompts(study: StudyConfig, folder: Path) -> PromptFiles:
    """Write the split of the study's training prompts into a folder.

    The validation prompts of each language are drawn at random, with one fixed seed; a prompt that stands in the file
    more than once is taken once. They also are the clean text of
    the validation, so that it shares no sentence with the evaluation; English text comes from the bundled prompts.

    Raises UserError when a language has too few prompts.
    """
    every = load_prompts(study.prompts, language=study.languages, split="train")
    records = list({(record.language, _text(record)): record for record in reversed(every)}.values())[::-1]
    kept_back: dict[str, list[PromptRecord]] = {}
    for code in study.languages:
        mine = [record for record in records if record.language == code]
        if len(mine) <= study.validation_prompts:
            raise UserError(
                f"validation_prompts is {study.validation_prompts}, but there are {len(mine)} prompts to train on in "
                f"'{code}': keep back fewer"
            )
        kept_back[code] = random.Random(0).sample(mine, study.validation_prompts)
    held = {id(record) for group in kept_back.values() for record in group}
    folder.mkdir(parents=True, exist_ok=True)
    train, validation = folder / "train.jsonl", folder / "validation.jsonl"
    _write(train, [record for record in records if id(record) not in held])
    _write(validation, [record for record in records if id(record) in held])
    if "en" not in kept_back:
        kept_back["en"] = load_prompts(language="en", split="train")[: study.validation_prompts]
    texts = {}
    for code, group in kept_back.items():
        texts[code] = folder / f"validation.{code}.txt"
        write_text(texts[code], "".join(f"{' '.join(_text(record).split())}\n" for record in group))
    return PromptFiles(train, validation, texts)


def _write(path: Path, records: Sequence[PromptRecord]) -> None:
    lines = [
        json.dumps({"id": record.id, "prompt": record.prompt, "language": record.language}, ensure_ascii=False) + "\n"
        for record in records
    ]
    write_text(path, "".join(lines))


def _text(record: PromptRecord) -> str:
    if isinstance(record.prompt, str):
        return record.prompt
    return " ".join(turn["content"] for turn in record.prompt)
