"""Each seed's figures, where the runs of a comparison are from, and the command that makes the page again."""

from __future__ import annotations

import shlex
from typing import Any

from tests.unit.reports.comparisons import comparison, source
from tests.unit.reports.page import Page

from tlpo.reports.comparison.page import render_comparison
from tlpo.reports.comparison.single_runs import command_text, seeds_grid, source_notes, sources_grid
from tlpo.reports.comparison.tables import comparison_markdown

UP, OPEN = (0.1, 0.05, 0.15), (0.01, -0.02, 0.04)
RUN = {"folder": "runs/a", "method": "tlpo", "model": "m", "seed": 7, "learning_rate": 1e-5, "temperature": 1.2,
       "git_commit": f"{'0123456789abcdef':0<40}-dirty"}  # fmt: skip


def three_runs() -> dict[str, Any]:
    """Two seeds of A, of which one has no run that is known, and one run of B."""
    found = comparison({"A": (UP, OPEN), "B": (UP, OPEN)}, focus="A")
    for figure, runs in zip(found["figures"], ([0.85, 0.95], [0.8, 0.82]), strict=True):
        figure["methods"]["A"]["runs"] = runs
    found["methods"][1].update(
        seeds=2, runs=["runs/a", "runs/a b"], sources=[source("A", run=RUN), source("A", folder="runs/a b")]
    )
    return found


def test_the_figures_of_each_seed() -> None:
    grid = seeds_grid(three_runs())
    assert grid.headings == ("method", "seed", "consistency", "accuracy")
    assert grid.rows == [("A", "7", "85.0 %", "80.0 %"), ("A", "run 2", "95.0 %", "82.0 %")]
    assert seeds_grid(comparison({"A": (UP, OPEN)})).rows == []


def test_a_silent_method_has_no_figure_of_a_seed() -> None:
    found = three_runs()
    del found["figures"][0]["methods"]["A"]
    assert seeds_grid(found).rows[0] == ("A", "7", "–", "80.0 %")


def test_where_each_run_is_from() -> None:
    grid = sources_grid(three_runs())
    assert grid.headings == (
        "method", "seed of training", "model", "content", "trained from", "learning rate", "roll-out temperature",
        "commit of training", "evaluation",
    )  # fmt: skip
    assert grid.rows[1] == (
        "A", "7", "models/A", "A-----------", "m", "1e-05", "1.2", "0123456789ab-dirty", "runs/A",
    )  # fmt: skip
    assert grid.rows[2] == ("A", "", "models/A", "A-----------", "", "", "", "", "runs/a b")
    assert [row[0] for row in grid.rows] == ["base", "A", "A", "B"]


def test_how_all_were_sampled() -> None:
    found = comparison({"A": (UP, OPEN), "B": (UP, OPEN)})
    base, one, other = (method["sources"][0] for method in found["methods"])
    base["settings"] = {"temperature": ["0", "1"], "seed": 3, "template": None, "gate": False, "few_shot": None}
    one["settings"] = {**base["settings"], "gate": True, "few_shot": "0123456789abcdef"}
    other["settings"] = {**base["settings"], "temperature": ["0.6"], "template": "Q: {prompt}", "instruction": None}
    other.update(git_commit="f" * 40, versions={"tlpo": "0.2.0"})
    assert source_notes(found) == [
        "temperature: 0, 1; 0.6 (B)",
        "seed of sampling: 3",
        "prompt template: default (the chat template, or that of the language); Q: {prompt} (B)",
        "gate: none; yes (A)",
        "few_shot: none; examples 0123456789ab (A)",
        "software: tlpo 0.1.0, torch 2.13.0; tlpo 0.2.0 (B)",
        "commit: none; ffffffffffff (B)",
    ]


def test_the_command_makes_the_page_again() -> None:
    found = three_runs() | {"title": "It's A", "asked": {"focus": "A", "profile": "tlpo", "resamples": 400}}
    assert shlex.split(command_text(found)) == [
        "tlpo", "compare", "runs/base", "runs/a", "runs/a b", "runs/B", "--focus", "A", "--profile", "tlpo",
        "--resamples", "400", "--title", "It's A", "--output", "comparison",
    ]  # fmt: skip


def test_the_page_and_the_markdown_tell_all_this() -> None:
    found = three_runs()
    page, text = Page(render_comparison(found, {"accuracy": "<svg></svg>"})), comparison_markdown(found)
    assert page.texts("pre") == [command_text(found)]
    assert f"```sh\n{command_text(found)}\n```" in text
    told = "\n".join(page.texts("li"))
    for note in source_notes(found):
        assert note in told
        assert f"- {note}" in text
    assert [cell for cell in page.texts("td") if cell in ("run 2", "85.0 %", "1e-05")] == ["85.0 %", "run 2", "1e-05"]
    assert "| A | run 2 | 95.0 % | 82.0 % |" in text
    assert "Faint dots are single seeds." in page.texts("figcaption")[0]
    assert page.texts("summary") == ["Each seed", "Where the figures are from"]
    alone = comparison({"A": (UP, OPEN)})
    assert "Each seed" not in render_comparison(alone, {}) + comparison_markdown(alone)
