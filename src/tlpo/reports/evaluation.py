"""An evaluation as tables: in the terminal, and as Markdown beside evaluation.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from tlpo.files import write_text
from tlpo.metrics.rows import ALL
from tlpo.reports.formats import signed

_RATES = ("rpr", "lpr", "wpr", "lcpr", "rate")
_MANY_ROWS = 36
Report = Mapping[str, Any]


@dataclass(frozen=True)
class Grid:
    """A table before it is drawn. text: how many of its first columns hold words; the others hold figures."""

    title: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]
    text: int


def evaluation_grids(report: Report, *, averages_only: bool = False) -> list[Grid]:
    """The tables of an evaluation: consistency, capability, text, and the differences from the baseline.

    averages_only: of the consistency, leave out single sources.
    """
    grids = [
        _consistency(report, averages_only),
        _capability(report),
        _text(report),
        *_differences(report, averages_only),
    ]
    return [grid for grid in grids if grid.rows]


def evaluation_tables(report: Report) -> list[Table]:
    """The tables for the terminal; of a long evaluation the averages, the rest being in evaluation.md."""
    tables = []
    for grid in evaluation_grids(report, averages_only=len(report["consistency"]) > _MANY_ROWS):
        table = Table(title=Text(grid.title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for number, heading in enumerate(grid.headings):
            words = number < grid.text
            table.add_column(Text(heading), justify="left" if words else "right", overflow="fold", no_wrap=not words)
        for row in grid.rows:
            table.add_row(*(Text(cell.replace(" [", "\n[")) for cell in row))
        tables.append(table)
    return tables


def evaluation_markdown(report: Report) -> str:
    """The same tables as Markdown, with what was evaluated above them and notes below."""
    lines = [f"# {_plain(report['label'])}", "", f"Model `{_plain(report['model'])}`"]
    if report["adapter"]:
        lines[-1] += f", adapter `{_plain(report['adapter'])}`"
    lines[-1] += f", content {report['model_hash'][:16]}."
    if not report["complete"]:
        lines += ["", "Not complete yet: the same command goes on."]
    for grid in evaluation_grids(report):
        rule = ["---"] * grid.text + ["--:"] * (len(grid.headings) - grid.text)
        lines += ["", f"## {grid.title}", "", _row(grid.headings), _row(rule), *map(_row, grid.rows)]
    return "\n".join([*lines, *_notes(report)]) + "\n"


def write_evaluation_page(path: Path, report: Report) -> None:
    """Write the Markdown; an older file stays as it was until the new one is complete."""
    write_text(path, evaluation_markdown(report))


def _shown(rows: Sequence[Mapping[str, Any]], averages_only: bool) -> list[Mapping[str, Any]]:
    """The rows without those of all languages if there is one only, and without single sources if so asked."""
    several = len({row["language"] for row in rows}) > 2
    kept = [row for row in rows if row["language"] != ALL or several]
    return [row for row in kept if not averages_only or row["source"].rpartition("/")[2] == ALL]


def _consistency(report: Report, averages_only: bool) -> Grid:
    rows = []
    for row in _shown(report["consistency"], averages_only):
        place = (row["profile"], f"{row['temperature']:g}", row["source"], row["language"], str(row["n"]))
        rows.append((*place, *(_percent(row, name) for name in _RATES)))
    headings = ("profile", "T", "source", "language", "n", "RPR %", "LPR %", "WPR %", "LCPR %", "confused %")
    return Grid("Consistency", headings, rows, 4)


def _percent(row: Mapping[str, Any], name: str) -> str:
    value, interval = row[name], row["ci95"].get(name)
    if value is None:
        return "–"
    if name == "wpr" and row.get("note"):
        return f"({value:.0f})"  # it rests on nothing, and must not look like a result
    return f"{value:.1f} [{interval[0]:.1f}, {interval[1]:.1f}]" if interval else f"{value:.1f}"


def _capability(report: Report) -> Grid:
    rows: list[tuple[str, ...]] = []
    for row in report["capability"]:
        interval = row["ci95"]
        shown = f"[{interval[0]:.4f}, {interval[1]:.4f}]" if interval else "–"
        stderr = "–" if row["stderr"] is None else f"{row['stderr']:.4f}"
        rows.append((row["task"], row["metric"], str(row["n"]), f"{row['value']:.4f}", stderr, shown))
    return Grid("Capability", ("task", "metric", "n", "value", "stderr", "95 % interval"), rows, 2)


def _text(report: Report) -> Grid:
    text = report["text"]
    rows = [_nats(f"NLL of clean text, {code}", own) for code, own in text["nll"].items()]
    rows += [_nats(f"KL from the base, {code}", own) for code, own in (text["kl_from_base"] or {}).items()]
    for own in text["responses"]:
        where = f"{own['language']}, temperature {own['temperature']:g}"
        length, ended = own["ci95"]["mean_length"], own["ci95"]["eos_rate"]
        rows.append(
            (f"mean length, {where}", f"{own['mean_length']:.1f} tokens", f"[{length[0]:.1f}, {length[1]:.1f}]")
        )
        rows.append((f"distinct-1 / distinct-2, {where}", f"{own['distinct_1']:.3f} / {own['distinct_2']:.3f}", "–"))
        shares = f"{100 * own['letters_share']:.1f} / {100 * own['digits_share']:.1f} %"
        rows.append((f"target letters / digits, {where}", shares, "–"))
        repeats = [f"{100 * value:.1f}" for value in (own["repeats_share"], *own["ci95"]["repeats_share"])]
        rows.append((f"repeats, {where}", f"{repeats[0]} %", f"[{repeats[1]}, {repeats[2]}]"))
        interval = f"[{100 * ended[0]:.1f}, {100 * ended[1]:.1f}]"
        rows.append((f"ended itself, {where}", f"{100 * own['eos_rate']:.1f} %", interval))
    return Grid("Text", ("figure", "value", "95 % interval"), rows, 1)


def _nats(label: str, own: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = own["ci95"]
    return label, f"{own['value']:.4f} nats a token", f"[{low:.4f}, {high:.4f}]"


def _differences(report: Report, averages_only: bool) -> list[Grid]:
    baseline = report["baseline"]
    if baseline is None:
        return []
    rows: list[tuple[str, ...]] = []
    for row in _shown(baseline["consistency"], averages_only):
        label = f"{row['profile']} {row['metric'].upper()}"
        place = f"T {row['temperature']:g}, {row['source']}, {row['language']}"
        rows.append((f"{label}, {place}", f"{signed(row['change'], 1)} points", _signed(row["ci95"], 1)))
    for row in baseline["capability"]:
        rows.append((f"{row['task']} {row['metric']}", signed(row["change"], 4), _signed(row["ci95"], 4)))
    for code, own in baseline["text"]["nll"].items():
        rows.append((f"NLL of clean text, {code}", signed(own["change"], 4), _signed(own["ci95"], 4)))
    for name, figures in baseline["text"]["responses"].items():
        own = figures["mean_length"]
        rows.append((f"mean length, T {name}", signed(own["change"], 1), _signed(own["ci95"], 1)))
    title = f"Change from {baseline['label']}, paired by item"
    return [Grid(title, ("figure", "change", "95 % interval"), rows, 1)]


def _signed(interval: Sequence[float], digits: int) -> str:
    return f"[{signed(interval[0], digits)}, {signed(interval[1], digits)}]"


def _notes(report: Report) -> list[str]:
    notes = [f"{row['profile']}, {row['source']}, {row['language']}: {row['note']}"
             for row in report["consistency"] if row.get("note")]  # fmt: skip
    notes += report["baseline"]["notes"] if report["baseline"] else []
    return ["", *(f"- {_plain(note)}" for note in dict.fromkeys(notes))] if notes else []


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """Text that cannot end a cell or a line of Markdown."""
    return " ".join(str(text).replace("|", "\\|").replace("`", "'").split())
