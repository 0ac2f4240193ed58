"""``tlpo heads``: task embeddings, head selection, the comparison of methods, and what the selected heads say."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tlpo.cli._common import run_function
from tlpo.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from tlpo.runs.heads.session import Session

_USAGE = """usage: tlpo heads STAGE --model M --task T [--task T ...] --output DIR [OPTIONS]

Teach a frozen model a task through the attention heads that take a task embedding (SITE).

stages:
  extract   task embeddings from few-shot prompts
  fit       select the heads that take them
  evaluate  compare with prompting and LoRA on held-out items: one table
  analyze   which heads, whether they carry the task, which tasks share them: figures and a page

All four work in one folder, and each does what the ones before it have left undone. Options that are left out are taken
from the folder. `tlpo heads STAGE --help` tells the options of a stage.
"""

# The options, declared once; most are unset by default, and then taken from the folder, or from the settings' defaults.
Output = Annotated[Path, typer.Option(help="Folder for all results; an interrupted command goes on in it.")]
Model = Annotated[str | None, typer.Option(help="Hub id, local folder, gemma-3-270m or smollm2-135m-instruct.")]
Tasks = Annotated[
    list[str] | None,
    typer.Option(help="A folder with train, valid and test; a file; or a bundled task. Once for each task."),
]
Seeds = Annotated[list[int] | None, typer.Option(min=0, help="Seed of all that is drawn; once for each run. [0]")]
Prompts = Annotated[int | None, typer.Option(help="Few-shot prompts that an embedding is averaged over. [50]")]
Shots = Annotated[int | None, typer.Option(help="Examples in a few-shot prompt. [10]")]
Format = Annotated[str | None, typer.Option(help=r"How a task is written. [Q: {input}\nA: {output}\n\n]")]
DType = Annotated[str | None, typer.Option(help="float32, bfloat16, float16 or auto. [float32]")]
Revision = Annotated[str | None, typer.Option(help="Branch, tag or commit of a hub model.")]
Device = Annotated[str | None, typer.Option(help="Where the model runs, for example cuda. [cpu]")]
Trust = Annotated[bool, typer.Option(help="Run code that comes with the model.")]
Loss = Annotated[str | None, typer.Option(help="Fitted to: answer (all of it, and its end) or first_token. [answer]")]
Steps = Annotated[int | None, typer.Option(help="Steps of the fit, and of the LoRA baseline. [100]")]
FitRate = Annotated[float | None, typer.Option(help="Learning rate of the fit. [0.2]")]
FitBatch = Annotated[int | None, typer.Option(min=1, help="Items in a step of the fit, and of the LoRA baseline. [8]")]
MaxAlpha = Annotated[float | None, typer.Option(help="Largest alpha; 1 is the paper's. [2]")]
Methods = Annotated[
    list[str] | None,
    typer.Option(help="zero_shot, icl, untrained, site, hard or lora; once for each. Default: all."),
]
NewTokens = Annotated[int | None, typer.Option(help="Longest answer, in tokens. [20]")]
Threshold = Annotated[float | None, typer.Option(help="alpha up to it is low, which whole-numbered is 0. [0.5]")]
Batch = Annotated[int | None, typer.Option(help="Prompts answered together. [32]")]
Items = Annotated[int | None, typer.Option(help="Only the first so many test items of each task; 0 for all. [0]")]
LoraRank = Annotated[int | None, typer.Option(help="Rank of the LoRA baseline. [8]")]
LoraRate = Annotated[float | None, typer.Option(help="Learning rate of the LoRA baseline. [0.001]")]
Draws = Annotated[int | None, typer.Option(help="Random selections of heads, for each task. [5]")]
InterItems = Annotated[
    int | None, typer.Option(help="Test items of each task in the matrix between tasks; 0 for all. [0]")
]


def extract(
    output: Output, model: Model = None, task: Tasks = None, seed: Seeds = None, num_prompts: Prompts = None,
    shots: Shots = None, template: Format = None, dtype: DType = None, revision: Revision = None,
    device: Device = None, trust_remote_code: Trust = False,
) -> None:  # fmt: skip
    """Make task embeddings: what each head writes at the end of few-shot prompts, averaged."""
    with _session("extract", locals()) as session:
        from tlpo.runs.heads.evaluate import extract_all

        extract_all(session)
        _show(session.folder.path / "embeddings")


def fit(
    output: Output, model: Model = None, task: Tasks = None, seed: Seeds = None, num_prompts: Prompts = None,
    shots: Shots = None, template: Format = None, loss: Loss = None, steps: Steps = None,
    learning_rate: FitRate = None, fit_batch_size: FitBatch = None, max_alpha: MaxAlpha = None,
    max_new_tokens: NewTokens = None, dtype: DType = None, revision: Revision = None, device: Device = None,
    trust_remote_code: Trust = False,
) -> None:  # fmt: skip
    """Select the heads that take the task embedding; the model stays frozen."""
    with _session("fit", locals()) as session:
        from tlpo.runs.heads.evaluate import fit_all

        fit_all(session)
        _show(session.folder.path / "adapters")


def evaluate(
    output: Output, model: Model = None, task: Tasks = None, seed: Seeds = None, method: Methods = None,
    items: Items = None, max_new_tokens: NewTokens = None, batch_size: Batch = None, threshold: Threshold = None,
    lora_rank: LoraRank = None, lora_learning_rate: LoraRate = None, num_prompts: Prompts = None,
    shots: Shots = None, template: Format = None, loss: Loss = None, steps: Steps = None,
    learning_rate: FitRate = None, fit_batch_size: FitBatch = None, max_alpha: MaxAlpha = None, dtype: DType = None,
    revision: Revision = None, device: Device = None, trust_remote_code: Trust = False,
) -> None:  # fmt: skip
    """Compare 0-shot, few-shot, the untrained and the fitted selection, and LoRA on the tasks' test items."""
    given = locals()
    from tlpo.runs.heads.evaluate import chosen_methods, evaluate
    from tlpo.runs.heads.methods import labels

    chosen = chosen_methods(method or ())
    with _session("evaluate", given) as session:
        from rich.console import Console

        from tlpo.reports.heads.tables import results_table

        results = evaluate(session, chosen)
        console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
        console.print(results_table(results, labels(session.extract.shots)))
        _show(*(session.folder.path / name for name in ("results.md", "results.json", "results.jsonl")))


def analyze(
    output: Output, model: Model = None, task: Tasks = None, seed: Seeds = None, draws: Draws = None,
    inter_items: InterItems = None, items: Items = None, max_new_tokens: NewTokens = None, batch_size: Batch = None,
    threshold: Threshold = None, num_prompts: Prompts = None, shots: Shots = None, template: Format = None,
    loss: Loss = None, steps: Steps = None, learning_rate: FitRate = None, fit_batch_size: FitBatch = None,
    max_alpha: MaxAlpha = None, dtype: DType = None, revision: Revision = None, device: Device = None,
    trust_remote_code: Trust = False,
) -> None:  # fmt: skip
    """Patch heads within tasks and between them, draw alpha, and cluster tasks by their heads."""
    with _session("analyze", locals()) as session:
        from tlpo.runs.heads.analyze import analyze

        analyze(session)
        _show(*(session.folder.analysis / name for name in ("report.html", "analysis.json", "figures")))


def _session(stage: str, given: dict[str, Any]) -> AbstractContextManager[Session]:
    """The session of a stage from its options, alone in its folder."""
    from tlpo.data.templates import with_newlines
    from tlpo.runs.heads.opening import open_session

    return open_session(stage, {**given, "template": with_newlines(given.get("template"))})


def _show(*paths: Path) -> None:
    for path in paths:
        print(path)


STAGES = {"extract": extract, "fit": fit, "evaluate": evaluate, "analyze": analyze}


class _Heads:
    def main(self, args: list[str], **_: Any) -> int:
        if not args or args[0] in ("-h", "--help"):
            print(_USAGE, end="")
            return 0
        stage = args[0]
        if stage not in STAGES:
            hint = did_you_mean(stage, STAGES)
            raise UserError(f"no such stage of 'tlpo heads': '{stage}'{hint}; the stages are {', '.join(STAGES)}")
        return run_function(STAGES[stage], f"heads {stage}", args[1:])


command = _Heads()
