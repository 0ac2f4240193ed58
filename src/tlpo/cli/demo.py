"""``tlpo demo``: audit, train and audit again on a small model, with the figures on one screen."""

from __future__ import annotations

import inspect
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from tlpo.evaluation.records import ResponseRecord
    from tlpo.runs.train import AuditedResult

_EXAMPLES = 3


def demo(
    model: Annotated[
        str, typer.Option(help="gemma-3-270m, smollm2-135m-instruct, a folder or a hub id.")
    ] = "gemma-3-270m",
    language: Annotated[str, typer.Option(help="Code of the answers' language; prompts for it are bundled.")] = "ko",
    output: Annotated[
        Path | None, typer.Option(help="Folder for the results; an interrupted demo goes on in it. [runs/demo]")
    ] = None,
    clean_text: Annotated[
        list[str] | None, typer.Option(help="Clean sentences as LANGUAGE=FILE, for the NLL. Default: bundled prompts.")
    ] = None,
    max_steps: Annotated[int, typer.Option(min=1, help="Optimizer steps.")] = 8,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Longest response, in tokens.")] = 64,
    num_prompts: Annotated[int, typer.Option(min=1, help="Held-out prompts in the audits.")] = 60,
    num_samples: Annotated[int, typer.Option(min=1, help="Responses to each of them.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the run.")] = 0,
) -> None:
    """Audit a small model, train it with TLPO for a few minutes, audit it again, and show what changed."""
    from rich.console import Console

    from tlpo.languages import get_language
    from tlpo.loop.config import RunConfig
    from tlpo.runs.train import audited_training
    from tlpo.training.config import TLPOConfig

    started = time.perf_counter()
    code = get_language(language).code
    folder = output if output is not None else Path("runs") / "demo"
    texts = clean_text or [f"{name}=bundled" for name in dict.fromkeys((code, "en"))]
    run = RunConfig(
        model=model, language=[code], audit_prompts=num_prompts, audit_samples=num_samples, clean_text=texts
    )
    training = TLPOConfig(
        output_dir=str(folder),
        english="confusion",
        strictness="strict",
        max_new_tokens=max_new_tokens,
        per_device_train_batch_size=8,
        max_steps=max_steps,
        save_strategy="no",  # a checkpoint of a demo is worth less than the gigabytes it takes; Ctrl-C still saves one
        seed=seed,
    )
    console = Console(highlight=False)
    shown = get_language(code).name
    console.print(f"Auditing {model} in {shown}, training it for {max_steps} steps, and auditing it again.")
    console.print(
        "With the default options under ten minutes on two cores. "
        "Ctrl-C is safe: the same command goes on from there.\n"
    )
    command = repeating(
        model=model,
        language=code,
        max_steps=max_steps,
        seed=seed,
        clean_text=clean_text,
        max_new_tokens=max_new_tokens,
        num_prompts=num_prompts,
        num_samples=num_samples,
    )
    result = audited_training(run, training, command=command)
    show(result, folder, console)
    console.print(f"{(time.perf_counter() - started) / 60:.1f} minutes", style="dim")


def repeating(**options: Any) -> str:
    """The command that repeats the demo: what it always tells, and what else differs from the defaults."""
    words = ["tlpo", "demo"]
    for name, value in options.items():
        if (
            name in ("model", "language", "max_steps", "seed")
            or value != inspect.signature(demo).parameters[name].default
        ):
            for one in value if isinstance(value, list) else [value]:
                words += [f"--{name}", str(one)]
    return shlex.join(words)


def show(result: AuditedResult, folder: Path, console: Console) -> None:
    """One screen: the figures, a few responses before and after, and where the files are."""
    from tlpo.reports import comparison_table
    from tlpo.runs.train import show_files

    console.print()
    if result.comparison is not None and result.before is not None and result.after is not None:
        console.print(comparison_table(result.comparison["overall"], result.nll))
        print_examples(result.before.records, result.after.records, console)
    show_files(folder, console)


def print_examples(before: list[ResponseRecord], after: list[ResponseRecord], console: Console) -> None:
    """The first prompts whose response was confused before, with the response after, whatever became of it."""
    from rich.text import Text

    pairs = confused_pairs(before, after)[:_EXAMPLES]
    if not pairs:
        return
    total = sum(record.verdict == "confused" for record in before)
    console.print(f"The first {len(pairs)} of {total} responses that were confused before:", style="bold")
    for old, new in pairs:
        console.print(Text(old.prompt_text, style="dim"), overflow="ellipsis", no_wrap=True)
        for label, record in (("before", old), ("after", new)):
            console.print(_labelled(label, record), overflow="ellipsis", no_wrap=True)
    console.print()


def confused_pairs(
    before: list[ResponseRecord], after: list[ResponseRecord]
) -> list[tuple[ResponseRecord, ResponseRecord]]:
    """Each response confused before, with the response to the same prompt and sample number afterwards."""
    others = {(record.language, record.index, record.sample): record for record in after}
    keys = [(record.language, record.index, record.sample) for record in before]
    return [
        (record, others[key])
        for record, key in zip(before, keys, strict=True)
        if record.verdict == "confused" and key in others
    ]


def _labelled(label: str, record: ResponseRecord) -> Any:
    from rich.text import Text

    from tlpo.reports import example_text

    line = Text(f"  {label:<6} ", style="bold")
    shown = example_text(record.response, list(record.spans), record.confusion_point, around=30)
    return line.append_text(Text(style="not bold").append_text(shown))
