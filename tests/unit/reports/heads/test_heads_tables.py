"""The tables of `tlpo heads evaluate`: what stands in them."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from tlpo.reports.heads.tables import results_markdown, results_table

LABELS = {"icl": "10-shot ICL", "site": "SITE"}


def row(strict: float, **changes: Any) -> dict[str, Any]:
    values = {
        "strict": strict, "ci95": [strict - 0.1, strict + 0.1], "seeds": [0], "by_seed": [strict], "prefix": 1.0,
        "seconds_per_item": 0.3, "cpu_seconds_per_item": 0.25, "fit_seconds": 0.0, "fit_cpu_seconds": 0.0,
        "parameters": 0, "minus_baseline": 0.0, "minus_baseline_ci95": [0.0, 0.0], "times_faster": 1.0,
        "cpu_times_faster": 1.0,
    }  # fmt: skip
    return {**values, **changes}


def results() -> dict[str, Any]:
    site = row(
        0.6, by_seed=[0.55, 0.65], seeds=[0, 1], prefix=0.8, parameters=1072, fit_seconds=31.4, fit_cpu_seconds=28.8,
        seconds_per_item=0.1, minus_baseline=0.2, minus_baseline_ci95=[0.05, 0.35], times_faster=3.0,
        cpu_times_faster=2.5,
    )  # fmt: skip
    methods = {"icl": row(0.4), "site": site}
    tasks = {name: {"items": 42, "methods": methods} for name in ("antonym", "capital|ize")}
    return {"model": "org/m", "baseline": "icl", "tasks": tasks, "mean": methods, "mean_of": list(tasks)}


def shown(found: dict[str, Any]) -> str:
    stream = io.StringIO()
    Console(file=stream, width=100).print(results_table(found, LABELS))
    return stream.getvalue()


def test_the_terminal_shows_every_task_and_the_mean_last() -> None:
    lines = [" ".join(line.split()) for line in shown(results()).splitlines()]
    titles = ["antonym (42 items)", "capital|ize (42 items)", "mean of 2 tasks"]
    assert [line for line in lines if line in titles] == titles
    assert lines.count("SITE 60.0 50.0–70.0 55.0–65.0 80.0 0.100 31 1,072") == 3
    assert lines.count("10-shot ICL 40.0 30.0–50.0 – 100.0 0.300 – 0") == 3


def test_one_task_needs_no_mean() -> None:
    found = results()
    found["mean_of"] = ["antonym"]
    del found["tasks"]["capital|ize"]
    assert "mean" not in shown(found)


def test_markdown_has_the_mean_first_and_all_figures() -> None:
    text = results_markdown(results(), LABELS)
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles == [
        "mean of 2 tasks", "antonym (42 items)", "capital|ize (42 items)", "Strict exact match, side by side",
        "Against 10-shot ICL, mean of 2 task(s)",
    ]  # fmt: skip
    assert "| SITE | 60.0 % | 50.0 to 70.0 % | 55.0–65.0 | 80.0 % | 0.100 | 0.250 | 31 | 29 | 1,072 |" in text
    assert "| antonym (42 items) | 40.0 % | 60.0 % |" in text
    assert "| SITE | +20.0 | +5.0 to +35.0 | 3.0 | 2.5 |" in text


def test_markdown_tables_keep_their_columns_whatever_a_task_is_called() -> None:
    text = results_markdown(results(), LABELS)
    line = next(line for line in text.splitlines() if line.startswith("| capital"))
    assert line == "| capital\\|ize (42 items) | 40.0 % | 60.0 % |"


def test_names_in_square_brackets_are_shown_as_they_are() -> None:
    found = results()
    found["model"], found["tasks"]["verbs [a]"] = "models [/b]/m", found["tasks"].pop("antonym")
    text = shown(found)
    assert "models [/b]/m: strict" in text
    assert "verbs [a] (42 items)" in text
