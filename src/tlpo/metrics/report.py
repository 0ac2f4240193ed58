"""The report of `tlpo metrics`: a JSON file and a table."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.errors import UserError
from tlpo.files import is_special, refuse_inputs, write_json
from tlpo.metrics.rows import ALL, Row

if TYPE_CHECKING:
    from rich.table import Table

_KEYS = ("model", "setting", "source", "language")
_FOLDER = "give --output a path in a writable folder"
_NOT_RATES = (*_KEYS, "n", "ci95", "note")


def check_report(path: Path, inputs: Sequence[Path]) -> None:
    """See, before the work, that the report can be written, and would not overwrite a file that is read.

    Raises:
        UserError: naming what is wrong with the path.
    """
    refuse_inputs(path, *inputs)
    if os.path.isdir(path):
        raise UserError(f"cannot write '{path}': it is a folder; give --output a file name")
    if not is_special(path) and not os.access(path.parent, os.W_OK | os.X_OK):
        raise UserError(f"cannot write '{path}': {_FOLDER}")


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Write the report as JSON, whole or not at all: into a file beside it that then takes its name.

    Raises:
        UserError: the folder is missing or may not be written to.
    """
    try:
        write_json(path, report)
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise UserError(f"cannot write '{path}': {error.strerror}; {_FOLDER}") from None


def rates_in(rows: Sequence[Row]) -> list[str]:
    """The names of the rates in the rows, in order."""
    return [name for name in rows[0] if name not in _NOT_RATES] if rows else []


def build_table(rows: Sequence[Row], title: str) -> Table:
    """The rows as a rich table: each rate in percent with its 95 % interval; rows with `all` stand out."""
    from rich.box import SIMPLE
    from rich.table import Table

    rates = rates_in(rows)
    table = Table(title=title, box=SIMPLE, title_justify="left", pad_edge=False)
    for key in _KEYS:
        table.add_column(key, overflow="fold")
    for name in ("n", *rates):
        table.add_column(name.upper() if name != "n" else name, justify="right", no_wrap=True)
    for row in rows:
        cells = [str(row[key]) for key in (*_KEYS, "n")] + [_cell(row, name) for name in rates]
        table.add_row(*cells, style="bold" if ALL in (row["source"], row["language"]) else None)
    return table


def notes_in(rows: Sequence[Row]) -> list[str]:
    """Each note once, with the rows it concerns, for under the table."""
    places: dict[str, list[str]] = {}
    for row in rows:
        if row.get("note"):
            places.setdefault(row["note"], []).append("/".join(str(row[key]) for key in _KEYS))
    return [f"{note} ({_counted(where)})" for note, where in places.items()]


def _counted(places: Sequence[str]) -> str:
    rows = "1 row" if len(places) == 1 else f"{len(places)} rows"
    return f"{rows}: {', '.join(places[:3])}{', ...' if len(places) > 3 else ''}"


def _cell(row: Row, name: str) -> str:
    value, interval = row[name], (row["ci95"] or {}).get(name)
    if value is None:
        return "undefined" if row.get("note") else "-"
    # A rate of 100 that rests on nothing must not look like a result.
    shown = "(100)" if name == "wpr" and row.get("note") else f"{value:.2f}"
    return f"{shown} [{interval[0]:.2f}, {interval[1]:.2f}]" if interval and not shown.startswith("(") else shown
