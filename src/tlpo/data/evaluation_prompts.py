"""Evaluation prompts as a list to compare with, in whatever form they lie."""

from __future__ import annotations

from collections.abc import Sequence

from tlpo.data.benchmark import benchmark_at, load_benchmark
from tlpo.data.prompts import PROMPT_LANGUAGES, load_prompts, prompt_record
from tlpo.data.records import PromptRecord
from tlpo.data.rows import read_rows
from tlpo.errors import UserError

BUNDLED = "bundled"


def evaluation_prompts(path: str, language: Sequence[str] = ()) -> list[PromptRecord]:
    """The prompts of a file, of the Language Confusion Benchmark (here or on the hub), or the bundled held-out ones.

    Records may lack a language: what is compared is the text.

    Args:
        path: "bundled", or where they lie.
        language: for the bundled ones; empty takes all.

    Raises:
        UserError: the file is missing, or a record has no prompt, or there is none.
    """
    if path == BUNDLED:
        codes = [code for code in language or PROMPT_LANGUAGES if code in PROMPT_LANGUAGES]
        return load_prompts(language=codes, split="eval")
    if (benchmark := benchmark_at(path)) is not None:
        return load_benchmark(benchmark)
    records = [
        prompt_record(row, index, str(row.fields.get("language", ""))) for index, row in enumerate(read_rows(path))
    ]
    if not records:
        raise UserError(f"{path}: no prompt in it: give at least one record")
    return records
