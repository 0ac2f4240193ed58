"""A comparison's folder: Markdown, CSV, JSON, picture, and one self-contained web page without scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tlpo.files import make_folder, write_text
from tlpo.reports.comparison.curves import draw_curves, draw_steps
from tlpo.reports.comparison.picture import (
    BAD,
    GOOD,
    INK,
    KINDS,
    LINE,
    PLAIN,
    SOFT,
    draw_picture,
    import_matplotlib,
    save_picture,
)
from tlpo.reports.comparison.single_runs import command_text, seeds_grid, source_notes, sources_grid
from tlpo.reports.comparison.tables import axis_cells, comparison_csv, comparison_markdown, how_read, main_rows
from tlpo.reports.comparison.verdict import figure_of, headline, verdict_text
from tlpo.reports.comparison.wording import HEADINGS, change_cell, change_interval_cell, items_text, judged_text
from tlpo.reports.html import page_environment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The drawn colours become the page's, which know of dark screens and paper.
_PAGE_COLOURS = {INK: "ink", SOFT: "soft", LINE: "line", GOOD: "good", BAD: "bad", PLAIN: "plain", "#ffffff": "card"}
_CAPTIONS = {
    "consistency": "Consistency",
    "accuracy": "Consistency against accuracy",
    "likelihood": "Consistency against the likelihood of clean text",
    "curves": "Learning rates",
    "steps": "Trainings",
}
# What a study knows beside its comparison: the name of the file, and what draws it.
_CURVES: dict[str, tuple[str, Callable[[Any], Figure]]] = {
    "curves": ("learning-rates", draw_curves),
    "steps": ("trainings", draw_steps),
}


def write_comparison(folder: Path, comparison: Mapping[str, Any]) -> list[Path]:
    """Write comparison.html, .md, .csv, .json, .png and .svg, and a second picture where both abilities were measured;
    for a study also the curves over its learning rates, if it chose among some, and over the steps of its trainings.

    Each file is replaced when whole. Returns the paths. Raises UserError when matplotlib is not installed, or when the
    folder cannot be made or written into.
    """
    import_matplotlib()
    make_folder(folder)
    pictures: dict[str, str] = {}
    shown: dict[str, str] = {}
    axes: list[str | None] = [axis for axis in ("accuracy", "likelihood") if axis in comparison["axes"]]
    names = []
    for number, axis in enumerate(axes or [None]):
        name = "comparison" if number == 0 else f"comparison-{axis}"
        pictures[axis or "consistency"] = save_picture(draw_picture(comparison, axis), folder / name)
        names += [f"{name}.png", f"{name}.svg"]
        shown[_CAPTIONS[axis or "consistency"]] = f"{name}.svg"
    for kind, (name, draw) in _CURVES.items():
        if told := comparison.get("study", {}).get(kind):
            pictures[kind] = save_picture(draw(told), folder / name)
            names += [f"{name}.png", f"{name}.svg"]
            shown[_CAPTIONS[kind]] = f"{name}.svg"
    texts = {
        "comparison.html": render_comparison(comparison, pictures),
        "comparison.md": comparison_markdown(comparison, shown),
        "comparison.csv": comparison_csv(comparison),
        "comparison.json": json.dumps(comparison, ensure_ascii=False, indent=1) + "\n",
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in [*texts, *names]]


def render_comparison(comparison: Mapping[str, Any], pictures: Mapping[str, str]) -> str:
    """The page as HTML text. pictures: SVG texts by axis, drawn by `draw_picture`, and `curves` and `steps`."""
    environment = page_environment()
    rows = main_rows(comparison)
    return environment.get_template("comparison.html.j2").render(
        comparison=comparison,
        title=comparison.get("title", "Methods compared"),
        study=comparison.get("study"),
        headline=headline(comparison),
        verdict=verdict_text(comparison),
        rows=rows,
        judged=judged_text(comparison),
        counts={axis: items_text(figure_of(comparison, axis)) for axis in comparison["axes"]},
        seeds=seeds_grid(comparison),
        sources=sources_grid(comparison),
        source_notes=source_notes(comparison),
        command=command_text(comparison),
        focus=next((row for row in rows if row["focus"]), None),
        headings=HEADINGS,
        tones=KINDS,
        texts=list(dict.fromkeys(name for row in rows for name in row["text"])),
        extras=list(dict.fromkeys(name for row in rows for name in row["extra"])),
        curves={kind: Markup(inline_svg(pictures[kind], kind)) for kind in _CURVES if kind in pictures},
        pictures={
            axis: (_CAPTIONS[axis], Markup(inline_svg(svg, axis)))
            for axis, svg in pictures.items()
            if axis not in _CURVES
        },
        against=_against(comparison),
        details=_details(comparison),
        how_read=how_read(comparison),
    )


def inline_svg(svg: str, name: str) -> str:
    """A picture fit to stand inside a page: no prologue, names its own, and the page's colours."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    for colour, variable in _PAGE_COLOURS.items():
        body = re.sub(colour, f"var(--{variable})", body, flags=re.IGNORECASE)
    body = re.sub(r'\b(id="|xlink:href="#|url\(#)', rf"\g<1>{name}-", body)
    return re.sub(
        r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1), count=1
    )


def _against(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The focus against each other method: {"label", "axes": {axis: {"change", "change_interval", "verdict"}}}."""
    figures = {figure["key"]: figure for figure in comparison["figures"]}
    rows = []
    for row in comparison["against"]:
        axes = {}
        for axis, key in comparison["axes"].items():
            if axis in row:
                told, figure = row[axis], figures[key]
                axes[axis] = {
                    "change": change_cell(figure, told),
                    "change_interval": change_interval_cell(figure, told),
                    "verdict": told["verdict"],
                }
        rows.append({"label": row["label"], "axes": axes})
    return rows


def _details(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every figure that is no axis, each with one row a method that has it."""
    return [
        {
            "title": figure["title"],
            "items": figure["items"],
            "rows": [{"label": label, **axis_cells(figure, label)} for label in figure["methods"]],
        }
        for figure in comparison["figures"]
        if figure["axis"] is None
    ]
