"""An output that is there already: what the same command made is shown again, and nothing else is written over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tlpo.errors import UserError


def report_path(output: Path) -> Path:
    """Where the report on an output lies."""
    return output.with_suffix(".report.json")


def finished_report(output: Path, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """The report on an output that was made with these settings; None if the output is not there.

    identity: what decides the output, as JSON reads it back; the report holds it.

    Raises:
        UserError: the output is there, and was made otherwise.
    """
    if not output.exists():
        return None
    try:
        report: dict[str, Any] = json.loads(report_path(output).read_text(encoding="utf-8"))
        known = {name: report[name] for name in identity}
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{output} is there already: remove it, or choose another output") from None
    if known != identity:
        raise UserError(
            f"{output} is there already, made with another {difference(known, identity)}: remove it, or choose another "
            "output"
        )
    return report


def difference(known: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The names of what differs, those of single settings where there are some."""
    names: list[str] = []
    for name, value in now.items():
        other = known.get(name)
        if isinstance(value, dict) and isinstance(other, dict):
            names += [inner for inner in value if other.get(inner) != value[inner]]
        elif other != value:
            names.append(name)
    return ", ".join(names) or "run"
