"""``tlpo audit``: sample responses from a model and report how often it leaves the language."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tlpo.cli._common import listed

if TYPE_CHECKING:
    from tlpo.data import PromptRecord
    from tlpo.evaluation.audit import Audit
    from tlpo.evaluation.settings import AuditSettings


def audit(
    model: Annotated[str, typer.Option(help="Hub id, local folder, gemma-3-270m or smollm2-135m-instruct.")],
    output: Annotated[Path, typer.Option(help="Folder for the results; an interrupted audit goes on in it.")],
    language: Annotated[
        str | None, typer.Option(help="Code of the answers' language, or several: ko,ja. Default: as the prompts say.")
    ] = None,
    prompts: Annotated[
        Path | None, typer.Option(help="Prompts (JSONL, JSON, CSV, TXT, Parquet). Default: the bundled held-out ones.")
    ] = None,
    num_prompts: Annotated[int | None, typer.Option(min=1, help="Only the first so many of each language.")] = None,
    num_samples: Annotated[int, typer.Option(help="Responses to each prompt.")] = 1,
    temperature: Annotated[float, typer.Option(help="Sampling temperature; 0 is greedy.")] = 1.0,
    top_p: Annotated[float, typer.Option(help="Nucleus mass, in (0, 1].")] = 1.0,
    max_new_tokens: Annotated[int, typer.Option(help="Longest response, in tokens.")] = 256,
    english: Annotated[str, typer.Option(help="English words in other languages: neutral or confusion.")] = "neutral",
    strictness: Annotated[
        str, typer.Option(help="default, or strict: names, acronyms and single foreign words count too.")
    ] = "default",
    template: Annotated[
        str | None, typer.Option(help="For base models: text with {prompt} in it. Default: one of the language.")
    ] = None,
    chat_template_kwargs: Annotated[
        str | None,
        typer.Option(help="JSON object with options of the chat template, e.g. '{\"enable_thinking\": false}'."),
    ] = None,
    gate: Annotated[bool, typer.Option("--gate", help="Forbid tokens with letters of a wrong script.")] = False,
    instruction: Annotated[
        str | None, typer.Option(help="Text before each prompt, e.g. 'Answer in {language}.' (its English name).")
    ] = None,
    few_shot: Annotated[
        Path | None, typer.Option(help="Examples before each prompt: a file of prompts with answers, by language.")
    ] = None,
    adapter: Annotated[str | None, typer.Option(help="A LoRA adapter to put on the model.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampling.")] = 0,
    batch_size: Annotated[int, typer.Option(help="Responses sampled together.")] = 64,
    dtype: Annotated[str, typer.Option(help="float32, bfloat16, float16 or auto.")] = "auto",
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit of a model on the hub.")] = None,
    trust_remote_code: Annotated[bool, typer.Option(help="Run code that comes with the model.")] = False,
) -> None:
    """Sample responses and report how often the model leaves the language, and where."""
    from tlpo.data import load_prompts
    from tlpo.data.encoding import chat_options
    from tlpo.data.instructions import load_shots
    from tlpo.data.templates import with_newlines
    from tlpo.evaluation.settings import AuditSettings

    codes = listed(language)
    settings = AuditSettings(
        model=model,
        english=english,
        strictness=strictness,
        num_samples=num_samples,
        temperature=temperature,
        top_p=top_p,
        max_new_tokens=max_new_tokens,
        template=with_newlines(template),
        chat_template_kwargs=chat_options(chat_template_kwargs),
        adapter=adapter,
        revision=revision,
        seed=seed,
        batch_size=batch_size,
        gate=gate,
        instruction=instruction,
        few_shot=() if few_shot is None else load_shots(few_shot, language=codes),
    )
    records = load_prompts(prompts, language=codes, split="eval" if prompts is None else "all")
    load = partial(_load, settings, dtype=dtype, trust_remote_code=trust_remote_code)
    run(settings, first_of_each_language(records, num_prompts), output, load)


def _load(settings: AuditSettings, **options: Any) -> Any:
    """The model and its tokenizer, when they are needed."""
    from tlpo.evaluation.subject import Subject

    return Subject(settings.model, adapter=settings.adapter, revision=settings.revision, **options).load()


def run(settings: AuditSettings, prompts: list[PromptRecord], output: Path, load: Any) -> Audit:
    """Audit with a progress bar, write the folder with its page, print the table and where the files are."""
    from rich.console import Console

    from tlpo.evaluation.audit import run_audit
    from tlpo.reports import audit_table, write_audit_page
    from tlpo.runs.progress import audit_progress

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    with audit_progress("sampling", output) as on_progress:
        done = run_audit(settings, prompts, output, load, on_progress=on_progress)
    write_audit_page(output / "report.html", done.figures, done.records)
    console.print(audit_table(done.figures))
    for name in ("report.html", "audit.json", "responses.jsonl"):
        console.print(str(output / name), markup=False, soft_wrap=True)
    return done


def first_of_each_language(records: list[PromptRecord], number: int | None) -> list[PromptRecord]:
    """The first `number` prompts of each language, all of them for None, in the order given."""
    taken: dict[str, int] = {}
    chosen = []
    for record in records:
        taken[record.language] = taken.get(record.language, 0) + 1
        if number is None or taken[record.language] <= number:
            chosen.append(record)
    return chosen
