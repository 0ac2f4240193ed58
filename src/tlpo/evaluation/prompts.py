"""The prompts of the consistency suite: the benchmark's, those of a file, or the bundled ones."""

from __future__ import annotations

from pathlib import Path

from tlpo.data import PromptRecord, load_prompts
from tlpo.data.benchmark import benchmark_at, load_benchmark
from tlpo.data.prompts import Split
from tlpo.errors import UserError, did_you_mean
from tlpo.evaluation.options import EvaluationConfig

_PARTS = ("train", "eval", "all")

UNNAMED = "all"
"""What the setting or the source of a prompt is called that has none."""


def place_of(prompt: PromptRecord) -> tuple[str, str, str]:
    """(setting, source, language) of a prompt: the cell of the table that it counts in.

    A benchmark has sources of one name in both settings, so a source is called by both: "monolingual/okapi".
    """
    source = prompt.source or UNNAMED
    return prompt.setting or UNNAMED, f"{prompt.setting}/{source}" if prompt.setting else source, prompt.language


def consistency_prompts(config: EvaluationConfig) -> list[PromptRecord]:
    """The prompts to answer, in the order of their file.

    Raises:
        UserError: the file cannot be used, has no such split, or nothing is left of it in these languages and sources.
    """
    _refuse_unknown_split(config)
    benchmark = None if config.prompts is None else benchmark_at(config.prompts)
    if benchmark is not None:
        records = load_benchmark(benchmark, language=config.language)
    elif config.prompts is None:
        records = load_prompts(language=config.language, split="eval")
    else:
        records = load_prompts(
            config.prompts, language=config.language, split=_part(config.prompts_split), table=config.prompts_table
        )
    if config.sources is not None:
        records = _of_sources(records, config.sources)
    taken: dict[tuple[str, str, str], int] = {}
    chosen = []
    for record in records:
        taken[place_of(record)] = taken.get(place_of(record), 0) + 1
        if config.num_prompts is None or taken[place_of(record)] <= config.num_prompts:
            chosen.append(record)
    return chosen


def _refuse_unknown_split(config: EvaluationConfig) -> None:
    """A data set of several tables says itself which it has; nothing else would look at the name of one."""
    split = config.prompts_split
    if split is None or (config.prompts is None and split == "eval"):
        return
    if config.prompts is None:
        raise UserError(f"prompts_split is '{split}', but the bundled held-out prompts have none: give --prompts, too")
    if Path(config.prompts).is_file() and split not in _PARTS:
        hint = did_you_mean(split, _PARTS)
        raise UserError(
            f"prompts_split is '{split}'{hint}, but {config.prompts} is a file: give one of {', '.join(_PARTS)}"
        )


def _part(split: str | None) -> Split:
    """Which records of a file that names their split: the held-out ones, unless another split is asked for."""
    return "eval" if split is None else "train" if split == "train" else "eval" if split == "eval" else "all"


def _of_sources(records: list[PromptRecord], wanted: list[str]) -> list[PromptRecord]:
    """The prompts of a setting ("monolingual"), a source ("okapi") or both ("crosslingual/okapi")."""

    def names(record: PromptRecord) -> tuple[str, str, str]:
        setting, source, _ = place_of(record)
        return setting, record.source or UNNAMED, source

    known = list(dict.fromkeys(name for record in records for name in names(record)))
    for name in wanted:
        if name not in known:
            raise UserError(
                f"no prompts of the source '{name}'{did_you_mean(name, known)}; there are {', '.join(known)}"
            )
    return [record for record in records if set(names(record)) & set(wanted)]
