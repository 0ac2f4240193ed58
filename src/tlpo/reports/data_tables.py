"""Terminal tables of the data stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.table import Table

from tlpo.reports.formats import percent


def tally_table(tally: Mapping[str, Any], title: str) -> Table:
    """What became of the prompts, one row a language: outcomes of `tlpo.data.pairs.Tally`, and verdicts.

    tally: its JSON form.
    """
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    outcomes = list(dict.fromkeys(name for counts in tally["prompts"].values() for name in counts))
    verdicts = [
        name for name in ("clean", "confused", "undecided") if any(name in c for c in tally["responses"].values())
    ]
    table.add_column("", no_wrap=True)
    for heading in ("prompts", *outcomes, *(f"responses\n{name}" for name in verdicts)):
        table.add_column(heading, justify="right")
    for code, counts in tally["prompts"].items():
        responses = tally["responses"][code]
        cells = [sum(counts.values()), *(counts.get(name, 0) for name in outcomes)]
        table.add_row(code, *map(str, cells), *(str(responses.get(name, 0)) for name in verdicts))
    return table


def filter_table(report: Mapping[str, Any]) -> Table:
    """One row a reason for which prompts were dropped, with the share of those read; the last is what was kept.

    report: as `tlpo data filter` writes it.
    """
    languages = report["languages"]
    table = Table(title=f"{report['read']} prompts", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in ("prompts", "%", *(languages if len(languages) > 1 else ())):
        table.add_column(heading, justify="right")
    for name, count in [*report["dropped"].items(), ("kept", report["kept"])]:
        share = percent(count / report["read"]).removesuffix(" %") if report["read"] else "–"
        cells = [str(found.get(name, 0)) for found in languages.values()] if len(languages) > 1 else []
        if name == "kept":
            table.add_section()
        table.add_row(name, str(count), share, *cells, style="bold" if name == "kept" else "")
    return table
