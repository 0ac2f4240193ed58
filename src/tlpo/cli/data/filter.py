"""``tlpo data filter``: prompts that are fit to train on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tlpo.cli._common import listed
from tlpo.cli.data._shown import show
from tlpo.errors import UserError

if TYPE_CHECKING:
    from tlpo.data import PromptRecord


def main(
    source: Annotated[
        str,
        typer.Argument(help="Prompts: a file (JSONL, JSON, CSV, TXT, Parquet; .gz), a data set's folder or hub id."),
    ],
    output: Annotated[Path, typer.Option(help="The file of prompts that pass (.jsonl).")],
    language: Annotated[
        str | None, typer.Option(help="Code of the language, or several; needed if records name none.")
    ] = None,
    dropped: Annotated[Path | None, typer.Option(help="Write what is dropped here (.jsonl), with the reason.")] = None,
    prompt_field: Annotated[
        str | None, typer.Option(help="The field with the prompt, if it is none of those read by themselves.")
    ] = None,
    answer_field: Annotated[
        str | None, typer.Option(help="The field with the reference answer, if it is none of those.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Which split, of a data set that has several.")] = None,
    subset: Annotated[str | None, typer.Option(help="Which configuration, of a data set that has several.")] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(help="Evaluation prompts, which are dropped: a file, or 'bundled'; may be repeated."),
    ] = None,
    max_chars: Annotated[int, typer.Option(help="Longest prompt, in characters (the paper's: 500).")] = 500,
    model: Annotated[str | None, typer.Option(help="Count tokens with this model's tokenizer.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Longest prompt, in tokens of --model.")] = None,
    near: Annotated[float, typer.Option(help="Jaccard similarity from which prompts count as near.")] = 0.8,
    english: Annotated[str, typer.Option(help="English words in other languages: neutral or confusion.")] = "neutral",
    strictness: Annotated[
        str, typer.Option(help="Of the detector that reads the prompts: default or strict.")
    ] = "default",
    without: Annotated[
        list[str] | None, typer.Option(help="Leave this check out (long, language, code ...); may be repeated.")
    ] = None,
    trust_remote_code: Annotated[bool, typer.Option(help="Run code that comes with the tokenizer.")] = False,
) -> None:
    """Drop prompts that name a language, ask for a translation or for code, are confused, too long or repeated.

    A prompt stands once in the counts, under the first check that objects. An interrupted run goes on when the same
    command is given again; one that is finished shows its counts.
    """
    from tlpo.data.fields import FieldNames
    from tlpo.data.filtering import Source, filter_prompts
    from tlpo.data.filters import FilterSettings, PromptFilter
    from tlpo.data.prompts import known_codes
    from tlpo.reports.data_tables import filter_table
    from tlpo.runs.progress import file_progress

    codes = known_codes(listed(language))
    checks = tuple(name for names in without or () for name in listed(names) or ())
    settings = FilterSettings(max_chars, max_tokens, near, english, strictness, checks)
    if (model is None) != (max_tokens is None):
        raise UserError("--model and --max_tokens go together: give both, or neither")
    index, digest = _evaluation(against or [], codes, near)
    prompt_filter = PromptFilter(settings, index, _counter(model, trust_remote_code) if model else None)
    identity = {"model": model, "against": against or [], "evaluation": digest}
    with file_progress("filtering", output) as (on_progress, opened):
        report = filter_prompts(
            Source(source, codes, split, subset, FieldNames(prompt_field, answer_field)),
            output,
            prompt_filter,
            dropped=dropped,
            identity=identity,
            on_progress=lambda counts: on_progress(counts.rows),
            opened=opened,
        )
    show(filter_table(report), (output, dropped), done_before=bool(report.get("done_before")))


def _evaluation(against: list[str], codes: tuple[str, ...], near: float) -> tuple[Any, str | None]:
    """The evaluation prompts as an index, and a digest of them; nothing without any."""
    if not against:
        return None, None
    from tlpo.data.contamination import EvaluationIndex
    from tlpo.data.evaluation_prompts import evaluation_prompts
    from tlpo.data.records import user_text

    records = [record for path in against for record in evaluation_prompts(path, codes)]
    texts = "\n".join(user_text(record.prompt) for record in records)
    digest = hashlib.sha256(texts.encode("utf-8", "surrogatepass")).hexdigest()
    return EvaluationIndex(records, near), digest


def _counter(model: str, trust_remote_code: bool) -> Callable[[PromptRecord], int]:
    """Counts the tokens of a prompt as the model sees it."""
    from tlpo.data import encode_prompt
    from tlpo.modeling.load import load_tokenizer

    tokenizer = load_tokenizer(model, trust_remote_code=trust_remote_code)
    return lambda record: len(encode_prompt(tokenizer, record.prompt, language=record.language))
