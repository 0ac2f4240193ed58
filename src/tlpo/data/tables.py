"""Rows of Hugging Face data sets (saved ones, folders and hub repositories of data files) and of Parquet files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tlpo.errors import UserError, missing_extra

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def is_hub_id(name: str) -> bool:
    """Whether ``name`` can be a data set of the hub: "owner/name", and no local folder called "owner"."""
    return bool(_HUB_ID.fullmatch(name)) and not Path(name).parent.is_dir()


def table_rows(name: str, split: str | None, subset: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number from 1, its cells by column, None where there is nothing) of each record. Never held in memory whole.

    Args:
        name: a ``.parquet`` or ``.arrow`` file, a folder (``Dataset.save_to_disk``, or data files), or a hub id.
        split: which one, of data sets that have several.
        subset: which configuration, of data sets that have several.

    Raises:
        UserError: the package ``datasets`` is missing, there is no such data set, split or subset, or a file is
            damaged.
    """
    try:
        import datasets
    except ImportError:
        raise missing_extra("datasets", "datasets") from None
    expected = (OSError, ValueError, KeyError, RuntimeError, datasets.exceptions.DatasetsError)
    try:
        table = _opened(datasets, name, subset)
        for number, fields in enumerate(_one_split(datasets, table, name, split), start=1):
            yield number, dict(fields)
    except expected as error:
        raise UserError(f"cannot read '{name}' as a data set: {' '.join(str(error).split())[:200]}") from None


def _opened(datasets: Any, name: str, subset: str | None) -> Any:
    path = Path(name)
    if path.suffix == ".parquet" and path.is_file():
        return _parquet_rows(path)
    if path.suffix == ".arrow" and path.is_file():
        return datasets.Dataset.from_file(str(path))
    saved = any((path / mark).is_file() for mark in ("dataset_info.json", "dataset_dict.json"))
    if saved and not subset:
        return datasets.load_from_disk(str(path))
    return datasets.load_dataset(str(path) if path.is_dir() else name, subset, streaming=True)


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    """A batch at a time, and without the copy that `datasets` would make in its cache."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1000):
            yield from batch.to_pylist()


def _one_split(datasets: Any, table: Any, name: str, split: str | None) -> Any:
    if not isinstance(table, (datasets.DatasetDict, datasets.IterableDatasetDict)):
        return table
    if split is None and len(table) == 1:
        return next(iter(table.values()))
    if split not in table:
        wrong = "several splits" if split is None else f"no split '{split}'"
        raise UserError(f"the data set '{name}' has {wrong}: choose one of {', '.join(table)}")
    return table[split]
