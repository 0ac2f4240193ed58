"""An evaluation's tables: what is shown, what is left out, and that no text breaks them."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from tlpo.reports.evaluation import evaluation_markdown, evaluation_tables


def row(source: str, language: str, **changes: Any) -> dict[str, Any]:
    values = {
        "profile": "lcb", "english": None, "temperature": 1.0, "source": source, "language": language, "n": 40,
        "prompts": 40, "rpr": None, "lpr": 97.5, "wpr": 100.0, "lcpr": 98.7342, "undecided": None, "rate": 2.5,
        "ci95": {"rpr": None, "lpr": [92.5, 100], "wpr": [100, 100], "lcpr": [96.1, 100], "rate": [0.4, 12.9]},
    }  # fmt: skip
    return {**values, **changes}


def report(rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "label": "my | model", "model": "m`odel", "adapter": None, "model_hash": "0123456789abcdef0123",
        "complete": True, "consistency": rows, "capability": [],
        "text": {"nll": {"ko": {"value": 4.1, "ci95": [4.0, 4.2]}}, "kl_from_base": None, "responses": []},
        "baseline": None,
    }  # fmt: skip
    return {**values, **changes}


def printed(shown: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=120)
    for table in evaluation_tables(shown):
        console.print(table)
    file: Any = console.file
    return str(file.getvalue())


def test_figures_with_their_intervals_and_text_that_cannot_break_the_table() -> None:
    page = evaluation_markdown(report([row("all", "ko"), row("all", "all")]))
    assert page.startswith("# my \\| model\n\nModel `m'odel`, content 0123456789abcdef.\n")
    assert "| lcb | 1 | all | ko | 40 | – | 97.5 [92.5, 100.0] | 100.0 [100.0, 100.0] |" in page
    assert "| 2.5 [0.4, 12.9] |" in page
    assert "| all | all |" not in page  # one language: an average says nothing more
    assert "| NLL of clean text, ko | 4.1000 nats a token | [4.0000, 4.2000] |" in page
    assert "Capability" not in page


def test_a_rate_that_rests_on_nothing_is_no_result() -> None:
    shown = report([row("all", "ko", lpr=0.0, lcpr=None, note="WPR is 100 by convention")], complete=False)
    page = evaluation_markdown(shown)
    assert "| (100) | – |" in page
    assert "- lcb, all, ko: WPR is 100 by convention" in page
    assert "Not complete yet" in page


def test_the_terminal_shows_the_averages_of_a_long_evaluation() -> None:
    rows = [row(f"monolingual/s{n}", code) for n in range(10) for code in ("ko", "ja")]
    rows += [row(f"monolingual/{name}", code) for name in ("s1", "all") for code in ("ko", "ja", "all")]
    assert "monolingual/s1" in printed(report(rows))
    long = printed(report(rows * 2))
    assert "monolingual/s1" not in long
    assert "monolingual/all" in long
    assert "monolingual/s1" in evaluation_markdown(report(rows * 2))


def test_differences() -> None:
    change = {"profile": "tlpo", "temperature": 1.0, "source": "all", "language": "ko", "metric": "rpr", "n": 40,
              "change": 2.5, "ci95": [0, 7.5]}  # fmt: skip
    told = {"change": -0.01, "ci95": [-0.02, 0.0], "before": 4.1, "after": 4.09}
    baseline = {
        "label": "base", "consistency": [change], "notes": ["capability x: not in the earlier evaluation"],
        "capability": [{"task": "t", "metric": "acc", "n": 4, "change": 0.25, "ci95": [-0.25, 0.75]}],
        "text": {"nll": {"ko": told}, "responses": {"1": {"mean_length": {**told, "change": 3, "ci95": [-1, 7]}}}},
    }  # fmt: skip
    page = evaluation_markdown(report([row("all", "ko")], baseline=baseline))
    assert "## Change from base, paired by item" in page
    assert "| tlpo RPR, T 1, all, ko | +2.5 points | [0.0, +7.5] |" in page
    assert "| t acc | +0.2500 | [-0.2500, +0.7500] |" in page
    assert "| NLL of clean text, ko | -0.0100 | [-0.0200, 0.0000] |" in page
    assert "| mean length, T 1 | +3.0 | [-1.0, +7.0] |" in page
    assert "- capability x: not in the earlier evaluation" in page
