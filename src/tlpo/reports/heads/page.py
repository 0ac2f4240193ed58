"""The web page of an analysis of selected heads: one self-contained file, no scripts, every text escaped."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tlpo.files import write_text
from tlpo.reports.formats import percent, percent_interval, points, signed_interval
from tlpo.reports.heads.tables import over_seeds, sections
from tlpo.reports.html import page_environment


def render_heads(
    analysis: Mapping[str, Any],
    results: Mapping[str, Any] | None,
    figures: Mapping[str, str],
    labels: Mapping[str, str],
) -> str:
    """The page as HTML text.

    analysis: contents of analysis.json. results: contents of results.json, if methods were compared. figures: SVG texts
    by name: `patching`, `inter`, `similarity`, `tree`, and `alpha-TASK` for each task; absent ones are left out.
    labels: what each method is called.
    """
    environment = page_environment()
    environment.filters.update(
        percent=percent, percent_interval=percent_interval, points=points, signed_interval=signed_interval
    )
    of_results = sections(results, mean_first=True) if results else []
    return environment.get_template("heads.html.j2").render(
        analysis=analysis,
        results=results,
        sections=of_results,
        over_seeds=over_seeds,
        methods=list(dict.fromkeys(name for _, rows in of_results for name in rows)),
        figures={name: _as_uri(svg) for name, svg in figures.items()},
        labels=labels,
    )


def write_heads_page(
    path: Path,
    analysis: Mapping[str, Any],
    results: Mapping[str, Any] | None,
    figures: Mapping[str, str],
    labels: Mapping[str, str],
) -> None:
    """Write the page; an older one stays as it was until the new one is complete."""
    write_text(path, render_heads(analysis, results, figures, labels))


def _as_uri(svg: str) -> str:
    """An image of its own, so that names inside one figure cannot meet those of another."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")
