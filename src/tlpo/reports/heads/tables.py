"""The table of `tlpo heads evaluate`, in the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from tlpo.reports.formats import percent, percent_interval, points, signed_interval

_HEADINGS = (
    "strict\n%", "95 %\ninterval", "seeds\nmin–max", "prefix\n%", "s an\nitem", "fit\ns", "trained\nparameters"
)  # fmt: skip


def results_table(results: Mapping[str, Any], labels: Mapping[str, str]) -> Table:
    """One section a task and, last, their mean; one row a method.

    results: contents of results.json. labels: what each method is called.
    """
    title = escape(f"{results['model']}: strict exact match on held-out items")
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for title, rows in sections(results):
        table.add_section()
        table.add_row(escape(title), style="bold")
        for method, row in rows.items():
            table.add_row(f"  {labels[method]}", *_cells(row))
    return table


def results_markdown(results: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """The same as Markdown, the mean first; then the scores side by side, and the differences to the baseline."""
    header = (
        "| | strict exact match | 95 % interval | over seeds | prefix match | seconds an item "
        "| processor seconds an item | fit, seconds | fit, processor seconds | trained parameters |"
    )
    lines = [f"# {results['model']}: strict exact match on held-out items", ""]
    for title, rows in sections(results, mean_first=True):
        lines += [f"## {title}", "", header, "|---|" + "---|" * 9]
        for method, row in rows.items():
            cells = [percent(row["strict"]), percent_interval(row["ci95"]), over_seeds(row), percent(row["prefix"])]
            cells += [f"{row[name]:.3f}" for name in ("seconds_per_item", "cpu_seconds_per_item")]
            cells += [_seconds(row["fit_seconds"]), _seconds(row["fit_cpu_seconds"]), f"{row['parameters']:,}"]
            lines.append(f"| {labels[method]} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join([*lines, *_side_by_side(results, labels), *_differences(results, labels)]) + "\n"


def sections(results: Mapping[str, Any], *, mean_first: bool = False) -> list[tuple[str, Mapping[str, Any]]]:
    """(title, figures by method) of each task and of the mean, if there are several."""
    of_tasks = [(f"{task} ({found['items']} items)", found["methods"]) for task, found in results["tasks"].items()]
    of_mean = [(f"mean of {len(results['mean_of'])} tasks", results["mean"])] if len(results["mean_of"]) > 1 else []
    return of_mean + of_tasks if mean_first else of_tasks + of_mean


def over_seeds(row: Mapping[str, Any]) -> str:
    """The lowest and the highest score of a seed, in percent; a dash for one seed only."""
    if len(row["by_seed"]) < 2:
        return "–"
    return f"{_bare(min(row['by_seed']))}–{_bare(max(row['by_seed']))}"


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [
        _bare(row["strict"]),
        f"{_bare(row['ci95'][0])}–{_bare(row['ci95'][1])}",
        over_seeds(row),
        _bare(row["prefix"]),
        f"{row['seconds_per_item']:.3f}",
        _seconds(row["fit_seconds"]),
        f"{row['parameters']:,}",
    ]


def _side_by_side(results: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    """Strict scores: one row a task, one column a method."""
    methods = list(dict.fromkeys(name for _, rows in sections(results) for name in rows))
    lines = ["## Strict exact match, side by side", ""]
    lines += ["| | " + " | ".join(labels[name] for name in methods) + " |", "|---|" + "---|" * len(methods)]
    for title, rows in sections(results):
        cells = [percent(rows[name]["strict"] if name in rows else None) for name in methods]
        lines.append(f"| {_cell(title)} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _differences(results: Mapping[str, Any], labels: Mapping[str, str]) -> list[str]:
    """Differences of the means to the baseline, in points, and how many times faster an item is."""
    baseline, rows = results["baseline"], results["mean"]
    if baseline not in rows:
        return []
    lines = [f"## Against {labels[baseline]}, mean of {len(results['mean_of'])} task(s)", ""]
    lines += ["| | difference, points | 95 % interval | times faster | by processor time |", "|---|---|---|---|---|"]
    for name, row in rows.items():
        if name != baseline:
            interval = signed_interval(row["minus_baseline_ci95"], 1, 100)
            cells = [points(row["minus_baseline"]), interval]
            cells += [f"{row[figure]:.1f}" for figure in ("times_faster", "cpu_times_faster")]
            lines.append(f"| {labels[name]} | " + " | ".join(cells) + " |")
    return lines


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds else "–"


def _bare(share: float) -> str:
    """A share in percent, without the sign."""
    return percent(share).removesuffix(" %")


def _cell(text: str) -> str:
    """Text that does not end a Markdown table's cell."""
    return text.replace("|", "\\|")
