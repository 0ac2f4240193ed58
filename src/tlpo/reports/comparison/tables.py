"""The comparison as rows: one table for people (terminal, Markdown and page alike), and everything as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from tlpo.reports.comparison.single_runs import Grid, command_text, seeds_grid, source_notes, sources_grid
from tlpo.reports.comparison.verdict import figure_of, headline, outcomes, verdict_text
from tlpo.reports.comparison.wording import (
    HEADINGS,
    change_cell,
    change_interval_cell,
    interval_cell,
    items_text,
    judged_text,
    text_cells,
    value_cell,
)

_CSV = (
    "figure", "title", "method", "seeds", "items", "value", "low", "high", "difference", "difference_low",
    "difference_high", "difference_from", "verdict",
)  # fmt: skip


def main_rows(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a method: {"label", "seeds", "base", "focus", "outcome", "word", "told", "axes", "text", "extra"}.

    `outcome` is a key of `tlpo.reports.comparison.verdict.OUTCOMES`, "base" for the base model, `word` and `told` that
    in a word and in words.
    `axes` maps each axis to {"value", "interval", "change", "change_interval", "verdict"}, all texts; `text` and
    `extra` map headings to texts, `extra` being what a study tells of its cells (learning rate, roll-outs, hours).
    """
    found = outcomes(comparison)
    extra = comparison.get("study", {}).get("methods", {})
    return [
        {
            "label": method["label"],
            "seeds": method["seeds"],
            "base": method["label"] == comparison["base"],
            "focus": method["label"] == comparison["focus"],
            "outcome": own.key if (own := found.get(method["label"])) else "base",
            "word": own.word if own else "base model",
            "told": f"{own.word}: {own.told}" if own else "",
            "axes": {axis: axis_cells(figure_of(comparison, axis), method["label"]) for axis in comparison["axes"]},
            "text": text_cells(method["text"], comparison["figures"], method["label"]),
            "extra": extra.get(method["label"], {}),
        }
        for method in comparison["methods"]
    ]


def axis_cells(figure: Mapping[str, Any], label: str) -> dict[str, str]:
    """The texts of one figure of one method."""
    told = figure["methods"].get(label)
    return {
        "value": value_cell(figure, label),
        "interval": interval_cell(figure, label),
        "change": change_cell(figure, told),
        "change_interval": change_interval_cell(figure, told),
        "verdict": (told or {}).get("verdict") or "",
    }


def comparison_markdown(comparison: Mapping[str, Any], pictures: Mapping[str, str] | None = None) -> str:
    """Verdict, table and pictures as Markdown. pictures: a file's name for each caption."""
    rows = main_rows(comparison)
    axes = list(comparison["axes"])
    extras = list(dict.fromkeys(name for row in rows for name in row["extra"]))
    texts = list(dict.fromkeys(name for row in rows for name in row["text"]))
    named = {axis: f"{HEADINGS[axis]} ({items_text(figure_of(comparison, axis))})" for axis in axes}
    headings = [
        "method",
        "verdict",
        *(part for axis in axes for part in (named[axis], "change (95 %)")),
        *texts,
        "seeds",
    ]
    lines = []
    for row in rows:
        cells = [f"**{row['label']}**" if row["focus"] else row["label"], row["word"]]
        for axis in axes:
            told = row["axes"][axis]
            cells += [told["value"], _with_verdict(told)]
        cells += [row["text"].get(name, "–") for name in texts] + [str(row["seeds"])]
        lines.append((*cells, *(row["extra"].get(name, "–") for name in extras)))
    answer = headline(comparison)
    parts = [f"# {comparison.get('title', 'Methods compared')}", *([f"**{answer}**"] if answer else [])]
    parts += [judged_text(comparison), verdict_text(comparison), _list(comparison["caveats"])]
    parts.append(_table(Grid((*headings, *extras), lines), words=2))
    parts += [f"![{caption}]({name})" for caption, name in (pictures or {}).items()]
    parts += [_list(comparison.get("study", {}).get("notes", [])), how_read(comparison), *_single_runs(comparison)]
    # Labels, titles and notes are the user's text, but whatever shows Markdown takes tags in it for its own.
    return escape("\n\n".join(part for part in parts if part), quote=False) + "\n"


def _single_runs(comparison: Mapping[str, Any]) -> list[str]:
    """The parts of the Markdown on single runs: each seed's figures, where each run is from, and the command."""
    seeds = seeds_grid(comparison)
    parts = ["## Each seed", _table(seeds, words=2)] if seeds.rows else []
    parts += [
        "## Where the figures are from",
        _list(source_notes(comparison)),
        _table(sources_grid(comparison), words=99),
    ]
    return [*parts, "The page is made again by", f"```sh\n{command_text(comparison)}\n```"]


def how_read(comparison: Mapping[str, Any]) -> str:
    """What the figures are and how the intervals were made, in a few sentences."""
    titles = [figure_of(comparison, axis) for axis in comparison["axes"]]
    told = "; ".join(f"{figure['axis']}: {figure['title']}" for figure in titles)
    averaged = " Consistency is averaged over the sources of a language, over languages, then over settings."
    return (
        f"{told[0].upper()}{told[1:]}.{averaged if len(titles[0]['strata']) > 1 else ''} Changes are from "
        f"{comparison['base']} on the same items, in percentage points for shares. Several seeds: the mean over them. "
        f"Intervals are 95 %, from {comparison['resamples']} resamples of the items, the same for all methods, with "
        "the spread of the seeds added as far as it exceeds what the items explain; one seed tells nothing of others. "
        "They are not corrected for the number of methods."
    )


def comparison_csv(comparison: Mapping[str, Any]) -> str:
    """Every figure of every method, one a line; then the focus against each other method, whose lines hold differences
    alone. Shares are in [0, 1], likelihoods and divergences in nats a token.
    """
    seeds = {method["label"]: method["seeds"] for method in comparison["methods"]}
    out = io.StringIO()
    writer = csv.DictWriter(out, _CSV, restval="", lineterminator="\n")
    writer.writeheader()
    for figure in comparison["figures"]:
        for label, told in figure["methods"].items():
            low, high = told["ci95"]
            own = {"value": told["value"], "low": low, "high": high, **_csv_change(told, comparison["base"])}
            writer.writerow({**_csv_place(figure, label), "seeds": seeds[label], **own})
    for method in comparison["methods"]:
        for name, value in method["text"].items():
            plain = {"method": method["label"], "seeds": method["seeds"], "value": value}
            writer.writerow({"figure": f"text/{name}", "title": name, **plain})
    focus = comparison["focus"]
    for row in comparison["against"]:
        for axis in comparison["axes"]:
            if axis in row and row["label"] != comparison["base"]:
                place = _csv_place(figure_of(comparison, axis), focus)
                writer.writerow({**place, "seeds": seeds[focus], **_csv_change(row[axis], row["label"])})
    return out.getvalue()


def _csv_place(figure: Mapping[str, Any], label: str) -> dict[str, Any]:
    return {"figure": figure["key"], "title": figure["title"], "method": label, "items": figure["items"]}


def _csv_change(told: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """The difference from `origin`; nothing where there is none."""
    if told["difference"] is None:
        return {}
    low, high = told["difference_ci95"]
    ends = {"difference_low": low, "difference_high": high}
    return {"difference": told["difference"], **ends, "difference_from": origin, "verdict": told["verdict"] or ""}


def comparison_terminal(comparison: Mapping[str, Any]) -> Table:
    """The main table for a terminal: each axis with its change, their 95 % intervals and the verdict's word below."""
    table = Table(title="Methods compared", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("method")
    for axis in comparison["axes"]:
        table.add_column(f"{HEADINGS[axis]}\n{items_text(figure_of(comparison, axis))}", justify="right")
        table.add_column("change", justify="right")
    table.add_column("seeds", justify="right")
    for row in main_rows(comparison):
        cells = []
        for told in row["axes"].values():
            changed = f"{told['change']} {told['verdict']}\n{told['change_interval']}"
            cells += [f"{told['value']}\n{told['interval']}", changed]
        first = f"{row['label']}\n{row['word']}"
        texts = map(Text, [first, *cells, str(row["seeds"])])  # a label may hold brackets, which is no markup
        table.add_row(*texts, style="bold" if row["focus"] else None)
    return table


def _table(grid: Grid, *, words: int) -> str:
    """As Markdown. words: how many of the first columns hold words; the others hold figures."""
    width = len(grid.headings)
    rule = ["---" if place < words else "---:" for place in range(width)]
    lines = [grid.headings, rule, *grid.rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _list(notes: Sequence[str]) -> str:
    return "\n".join(f"- {note}" for note in notes)


def _with_verdict(told: Mapping[str, str]) -> str:
    return f"{told['change']} ({told['change_interval']}) {told['verdict']}" if told["change"] else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
