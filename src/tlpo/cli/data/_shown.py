"""What a stage shows at its end: its counts, and where its files are."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def show(table: Table, paths: Iterable[Path | None], *, done_before: bool) -> None:
    """done_before: whether an earlier call of the same command made the files. None is one that was not asked for."""
    from rich.console import Console

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    if done_before:
        console.print("This was done before, with the same settings.")
    console.print(table)
    for path in paths:
        if path is not None:
            console.print(str(path), markup=False, soft_wrap=True)
