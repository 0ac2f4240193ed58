"""Evaluation prompts, in whatever form they lie: as a list to compare with, or to hold a run against."""

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


def held_out_records(path: str | None, languages: Sequence[str]) -> list[PromptRecord]:
    """The prompts to hold a run against: those of a file or the benchmark in these languages, or the bundled ones.

    Args:
        path: where they lie; of a file whose records have a ``split``, those of "eval". None takes the bundled ones.
        languages: codes, at least one.

    Raises:
        UserError: a file cannot be used, or none is given for a language without bundled prompts.
    """
    if path is None:
        lacking = [code for code in languages if code not in PROMPT_LANGUAGES]
        if lacking:
            raise UserError(
                f"no held-out prompts are bundled for {', '.join(lacking)}: give --eval_prompts FILE, or "
                "--audit_prompts 0"
            )
        return load_prompts(language=languages, split="eval")
    benchmark = benchmark_at(path)
    if benchmark is not None:
        return load_benchmark(benchmark, language=languages)
    return load_prompts(path, language=languages, split="eval")
