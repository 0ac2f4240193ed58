"""``tlpo data answers``: what supervised fine-tuning learns from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tlpo.cli._common import listed


def main(
    samples: Annotated[Path, typer.Option(help="Prompts with reference answers, or sampled responses.")],
    output: Annotated[Path, typer.Option(help="The file of answers (.jsonl).")],
    language: Annotated[
        str | None, typer.Option(help="Code of the answers' language, or several; needed if records name none.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides which clean response.")] = 0,
    english: Annotated[
        str | None, typer.Option(help="Judge anew, English words: neutral or confusion. Default: keep the verdicts.")
    ] = None,
    strictness: Annotated[
        str | None, typer.Option(help="Judge anew: default or strict. Default: keep the verdicts.")
    ] = None,
    finished: Annotated[bool, typer.Option("--finished", help="Take only responses that ended themselves.")] = False,
) -> None:
    """One answer a prompt: the reference answer if the record has one, else a random clean response.

    Records are {"id", "prompt", "language", "completion", "from"}; prompts without either are left out.
    """
    from tlpo.cli.data._learning import judge_for, write_learning
    from tlpo.data.pairs import answers
    from tlpo.data.prompts import known_codes
    from tlpo.data.rows import read_rows

    codes = known_codes(listed(language))
    judge = judge_for(samples, english, strictness)
    write_learning(
        samples,
        output,
        lambda tally: answers(read_rows(samples), tally, language=codes, seed=seed, judge=judge, finished=finished),
        {"language": list(codes), "seed": seed, "english": english, "strictness": strictness, "finished": finished},
        made="answer",
    )
