"""``tlpo data pairs``: preference pairs from sampled responses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def main(
    samples: Annotated[Path, typer.Option(help="Responses, as 'tlpo data sample' wrote them.")],
    output: Annotated[Path, typer.Option(help="The file of pairs (.jsonl).")],
    seed: Annotated[int, typer.Option(min=0, help="Decides which clean and which confused response.")] = 0,
    english: Annotated[
        str | None, typer.Option(help="Judge anew, English words: neutral or confusion. Default: keep the verdicts.")
    ] = None,
    strictness: Annotated[
        str | None, typer.Option(help="Judge anew: default or strict. Default: keep the verdicts.")
    ] = None,
    finished: Annotated[bool, typer.Option("--finished", help="Choose only responses that ended themselves.")] = False,
) -> None:
    """One pair for each prompt with clean and confused responses: a random clean one chosen, a confused one rejected.

    Prompts whose responses are all clean or all confused are left out; undecided responses are neither.
    """
    from tlpo.cli.data._learning import judge_for, write_learning
    from tlpo.data.pairs import preference_pairs
    from tlpo.data.rows import read_rows

    judge = judge_for(samples, english, strictness)
    write_learning(
        samples,
        output,
        lambda tally: preference_pairs(read_rows(samples), tally, seed=seed, judge=judge, finished=finished),
        {"seed": seed, "english": english, "strictness": strictness, "finished": finished},
        made="pair",
    )
