"""The data of the shipped tasks: local files that lm-eval reads through `custom_dataset` in the task files.

lm-eval calls these functions with the task's `dataset_kwargs` and with what its user gave as `--metadata`. The folder
is `--metadata capability_data=DIR` (`lcb_data=PATH` for the benchmark), or an environment variable.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.data.benchmark import load_benchmark
from tlpo.errors import UserError

if TYPE_CHECKING:
    from datasets import Dataset

CAPABILITY_VARIABLE = "TLPO_CAPABILITY_DATA"
LCB_VARIABLE = "TLPO_LCB_DATA"
Table = list[dict[str, Any]]


def capability(
    file: str,
    *,
    capability_data: str | None = None,
    fewshot_file: str | None = None,
    fields: Sequence[str] = (),
    columns: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    **_: Any,
) -> dict[str, Dataset]:
    """The questions of a task as {"test": ..., "validation": ...}.

    file: in the folder, `.jsonl` or `.tsv`. fewshot_file: what examples are drawn from; may be missing from the folder,
    and is then empty. fields: what each of their records must hold. columns: names of a TSV file's columns, where it
    has no header. rename: {column: new name}.

    Raises:
        UserError: no folder is given, the file is missing or cannot be read, or a record lacks a field.
    """
    folder = capability_folder(capability_data)
    tables = {"test": _read(folder / file, fields, columns)}
    if fewshot_file is not None:
        exists = (folder / fewshot_file).is_file()
        tables["validation"] = _read(folder / fewshot_file, fields, columns) if exists else []
    return {split: _dataset(table, rename or {}) for split, table in tables.items()}


def capability_folder(given: str | None) -> Path:
    """The folder with the tasks' files. Raises UserError when none is given or it does not exist."""
    chosen = given or os.environ.get(CAPABILITY_VARIABLE)
    if not chosen:
        raise UserError(
            f"these tasks read local files: give their folder, `tlpo evaluate --capability_data DIR` or "
            f"`lm_eval --metadata capability_data=DIR`, or set {CAPABILITY_VARIABLE}"
        )
    if not Path(chosen).is_dir():
        raise UserError(f"the folder of the tasks' files '{chosen}' does not exist: check the path")
    return Path(chosen)


def lcb(setting: str, source: str, language: str, *, lcb_data: str | None = None, **_: Any) -> dict[str, Dataset]:
    """The benchmark's prompts of one setting, source (as its folder is called) and language as {"test": ...}.

    Raises:
        UserError: no path is given, or the benchmark there lacks these prompts.
    """
    chosen = lcb_data or os.environ.get(LCB_VARIABLE)
    if not chosen:
        raise UserError(
            f"these tasks read the benchmark's test_sets.zip: `lm_eval --metadata lcb_data=PATH`, or set {LCB_VARIABLE}"
        )
    records = load_benchmark(chosen, language=[language])
    table = [
        {"prompt": record.prompt, "language": language}
        for record in records
        if record.setting == setting and _source_folder(record.where) == source
    ]
    if not table:
        raise UserError(f"{chosen}: no prompts {setting}/{source}/{language}")
    return {"test": _dataset(table, {})}


def _source_folder(where: str) -> str:
    return where.rsplit("/", 2)[-2]


def _dataset(table: Table, rename: Mapping[str, str]) -> Dataset:
    from datasets import Dataset

    return Dataset.from_list([{rename.get(name, name): value for name, value in row.items()} for row in table])


def _read(path: Path, fields: Sequence[str], columns: Sequence[str] | None) -> Table:
    if not path.is_file():
        raise UserError(f"the task's file '{path}' does not exist: put it there, or leave the task out")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8: save the file as UTF-8") from None
    rows = _json_lines(path, text) if path.suffix == ".jsonl" else _tab_separated(path, text, columns)
    table = []
    for number, row in rows:
        missing = [name for name in fields if row.get(name) is None]  # lm-eval would score an empty question
        if missing:
            have = ", ".join(row)
            raise UserError(f"{path}, line {number}: no field {missing[0]!r}, which the task needs; it has {have}")
        table.append(row)
    return table


def _json_lines(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, record)"""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}, line {number}: not JSON ({error}); write one object a line") from None
        if not isinstance(row, dict):
            raise UserError(f"{path}, line {number}: {line.strip()[:60]!r} is no JSON object; write one object a line")
        yield number, row


def _tab_separated(path: Path, text: str, columns: Sequence[str] | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, record). With a header fields may be quoted, as spreadsheets do; without one a quote is a character."""
    lines = text.split("\n")
    if columns is None:
        reader = csv.DictReader(lines, delimiter="\t")
    else:
        reader = csv.DictReader(lines, fieldnames=columns, delimiter="\t", quoting=csv.QUOTE_NONE)
    for row in reader:
        if None in row or None in row.values():
            have = len(reader.fieldnames or [])
            raise UserError(f"{path}, line {reader.line_num}: not {have} fields, which a row of this file has")
        yield reader.line_num, dict(row)
