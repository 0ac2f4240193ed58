"""``tlpo data sample``: several responses to each prompt, with their verdicts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tlpo.cli._common import listed

if TYPE_CHECKING:
    from tlpo.data import PromptRecord
    from tlpo.runs.sample_options import SampleOptions


def main(
    model: Annotated[str, typer.Option(help="Hub id, local folder, gemma-3-270m or smollm2-135m-instruct.")],
    output: Annotated[Path, typer.Option(help="The file (.jsonl); an interrupted sampling goes on in it.")],
    language: Annotated[
        str | None, typer.Option(help="Code of the answers' language, or several: ko,ja. Default: as the prompts say.")
    ] = None,
    prompts: Annotated[
        Path | None, typer.Option(help="Prompts (JSONL, JSON, CSV, TXT, Parquet). Default: the bundled training ones.")
    ] = None,
    num_prompts: Annotated[int | None, typer.Option(min=1, help="Only the first so many of each language.")] = None,
    num_samples: Annotated[int, typer.Option(help="Responses to each prompt (the paper's: 16).")] = 16,
    temperature: Annotated[float, typer.Option(help="Sampling temperature (the paper's: 0.7); 0 is greedy.")] = 0.7,
    top_p: Annotated[float, typer.Option(help="Nucleus mass, in (0, 1].")] = 1.0,
    max_new_tokens: Annotated[int, typer.Option(help="Longest response, in tokens (the paper's: 1024).")] = 1024,
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
    adapter: Annotated[str | None, typer.Option(help="A LoRA adapter to put on the model.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampling.")] = 0,
    batch_size: Annotated[int, typer.Option(help="Responses sampled together.")] = 64,
    dtype: Annotated[str, typer.Option(help="float32, bfloat16, float16 or auto.")] = "auto",
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit of a model on the hub.")] = None,
    trust_remote_code: Annotated[bool, typer.Option(help="Run code that comes with the model.")] = False,
) -> None:
    """Sample several whole responses to each prompt, judge them, and write one JSON line a prompt.

    A line has id, prompt, language and responses, each with text, ids, verdict, confusion_point and finished. Lines are
    written as they come; the same command goes on after an interruption and ends with the same file. What decides the
    responses, the model's content hash among it, stands in NAME.settings.json beside the file.
    """
    from tlpo.cli.audit import first_of_each_language
    from tlpo.data import load_prompts
    from tlpo.runs.sample_options import SampleOptions

    options = SampleOptions(
        model=model,
        output=str(output),
        num_prompts=num_prompts,
        english=english,
        strictness=strictness,
        num_samples=num_samples,
        temperature=temperature,
        top_p=top_p,
        max_new_tokens=max_new_tokens,
        template=template,
        chat_template_kwargs=chat_template_kwargs,
        adapter=adapter,
        seed=seed,
        batch_size=batch_size,
        dtype=dtype,
        revision=revision,
        trust_remote_code=trust_remote_code,
    )
    records = load_prompts(prompts, language=listed(language), split="train")
    _sample(options, first_of_each_language(records, num_prompts), output)


def _sample(options: SampleOptions, prompts: list[PromptRecord], output: Path) -> None:
    """Sample with a progress bar, and say what came out and where it is."""
    from tlpo.evaluation.subject import Subject
    from tlpo.runs.progress import audit_progress
    from tlpo.runs.sampling import sample_responses

    subject = Subject(
        options.model,
        adapter=options.adapter,
        dtype=options.dtype,
        revision=options.revision,
        trust_remote_code=options.trust_remote_code,
    )
    with audit_progress("sampling", output) as on_progress:
        done = sample_responses(options.settings(), subject, prompts, output, on_progress=on_progress)
    told = ", ".join(f"{count} {verdict}" for verdict, count in done.verdicts.items())
    print(f"{done.responses} responses to {done.prompts} prompts: {told}")
    print(f"{done.mixed} prompts have clean and confused responses ('tlpo data pairs' makes pairs of them)")
    sys.stdout.write(f"{done.path}\n")
