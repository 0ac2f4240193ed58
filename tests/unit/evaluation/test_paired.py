"""Differences from an earlier evaluation: paired by item, against enumeration by hand and Newcombe's intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.evaluation.items import item

from tlpo.errors import UserError
from tlpo.evaluation.evaluation_folder import SCHEMA, EvaluationFolder
from tlpo.evaluation.paired import paired_differences
from tlpo.evaluation.parts import Item

Parts = dict[str, dict[str, list[Item]]]


def evaluation(path: Path, parts: Parts, main: dict[str, str] | None = None) -> Path:
    folder = EvaluationFolder(path, {"name": path.name})
    items = {
        part: {name: folder.add_items(f"{part}-{name}", own) for name, own in names.items()}
        for part, names in parts.items()
    }
    rows = [{"task": task, "metric": metric, "main": True} for task, metric in (main or {}).items()]
    report: dict[str, Any] = {"schema": SCHEMA, "label": path.name, "content_hash": "0", "items": items}
    folder.write_report({**report, "capability": rows})
    return path


def responses(passes: list[int], profile: str = "tlpo", **changes: Any) -> list[Item]:
    return [
        item(n, outcomes={profile: {"rpr": [one, 1], "wpr": [3 + one, 4], "confused": 1 - one}}, **changes)
        for n, one in enumerate(passes)
    ]


def compare(tmp_path: Path, after: Parts, before: Parts, main: dict[str, str] | None = None) -> dict[str, Any]:
    folders = evaluation(tmp_path / "after", after, main), evaluation(tmp_path / "before", before)
    return paired_differences(*folders, resamples=4000, seed=0)


def find(rows: list[dict[str, Any]], **place: Any) -> dict[str, Any]:
    (row,) = [row for row in rows if all(row[name] == value for name, value in place.items())]
    return row


def test_what_a_prompt_is_like_cancels_out(tmp_path: Path) -> None:
    before, after = [1, 0] * 20, [1, 0] * 19 + [1, 1]
    found = compare(tmp_path, {"consistency": {"1": responses(after)}}, {"consistency": {"1": responses(before)}})
    row = find(found["consistency"], metric="rpr", language="ko")
    assert (row["profile"], row["temperature"], row["source"], row["n"]) == ("tlpo", 1.0, "all", 40)
    assert row["change"] == 2.5
    # One of 40 prompts changed: a resample holds it 0 to 3 times with all but 1.9 % of the mass (Poisson of 1).
    assert row["ci95"] == [0, 7.5]
    assert find(found["consistency"], metric="wpr", language="ko")["change"] == pytest.approx(100 / 160)
    assert find(found["consistency"], metric="rate", language="ko")["change"] == -2.5
    assert find(found["consistency"], metric="rate", language="all")["ci95"] == [-7.5, 0]
    assert found["text"]["responses"]["1"]["mean_length"]["change"] == 0
    assert (found["label"], found["notes"]) == ("before", [])


def test_outcomes_all_alike_have_newcombes_interval(tmp_path: Path) -> None:
    found = compare(tmp_path, {"consistency": {"0": responses([1] * 10)}}, {"consistency": {"0": responses([0] * 10)}})
    row = find(found["consistency"], metric="rpr", language="ko")
    assert row["change"] == 100
    assert row["ci95"] == pytest.approx([60.75, 100], abs=0.005)  # Newcombe (1998), table II: 10/10 - 0/10


def test_averages_over_languages(tmp_path: Path) -> None:
    def both(ko: list[int], ja: list[int]) -> list[Item]:
        return responses(ko) + [{**own, "id": own["id"].replace("ko", "ja"), "language": "ja"} for own in responses(ja)]

    found = compare(
        tmp_path,
        {"consistency": {"1": both([1, 1, 1, 0], [0, 0])}},
        {"consistency": {"1": both([1, 0, 0, 0], [0, 0])}},
    )
    assert find(found["consistency"], metric="rpr", language="all")["change"] == 25  # (50 + 0) / 2
    assert find(found["consistency"], metric="rate", language="all")["change"] == pytest.approx(-100 / 3, abs=1e-3)


def test_the_benchmarks_harmonic_mean(tmp_path: Path) -> None:
    def judged(lines: list[int], words: list[int]) -> list[Item]:
        return [
            item(n, outcomes={"lcb": {"lpr": [line, 1], "wpr": [word, line], "confused": 1 - line * word}})
            for n, (line, word) in enumerate(zip(lines, words, strict=True))
        ]

    after, before = judged([1, 1, 1, 1], [1, 1, 1, 0]), judged([1, 1, 0, 0], [1, 0, 0, 0])
    found = compare(tmp_path, {"consistency": {"1": after}}, {"consistency": {"1": before}})
    change = find(found["consistency"], metric="lcpr", language="ko")["change"]
    assert change == pytest.approx(100 * (2 * 0.75 / 1.75 - 2 * 0.5 * 0.5 / 1.0), abs=1e-3)


def question(number: int, **outcomes: float) -> Item:
    return {"id": number, "hash": f"h{number}", "target": "0", "responses": [], "outcomes": outcomes}


def test_tasks_and_their_mean(tmp_path: Path) -> None:
    after = {"a": [question(n, acc=float(n < 3)) for n in range(4)], "b": [question(n, acc=1.0) for n in range(2)]}
    before = {"a": [question(n, acc=float(n < 1)) for n in range(4)], "b": [question(n, acc=1.0) for n in range(2)]}
    found = compare(tmp_path, {"capability": after}, {"capability": before}, main={"a": "acc", "b": "acc"})
    assert find(found["capability"], task="a")["change"] == 0.5
    assert find(found["capability"], task="all") == {**find(found["capability"], task="all"), "change": 0.25, "n": 6}
    assert find(found["capability"], task="b")["ci95"][0] < 0  # two questions alike say little
    alone = compare(
        tmp_path / "alone", {"capability": after}, {"capability": {"a": before["a"]}}, main={"a": "acc", "b": "acc"}
    )
    assert [row["task"] for row in alone["capability"]] == ["a"]
    assert alone["notes"] == ["capability b: not in the earlier evaluation"]


def test_likelihood(tmp_path: Path) -> None:
    lines = [{"id": 0, "sum": 4.0, "tokens": 2}, {"id": 1, "sum": 30.0, "tokens": 10}]
    worse = [{**line, "sum": line["sum"] + line["tokens"] / 2} for line in lines]
    found = compare(tmp_path, {"nll": {"ko": worse}}, {"nll": {"ko": lines}})["text"]["nll"]["ko"]
    assert (found["before"], found["change"], found["ci95"]) == (34 / 12, pytest.approx(0.5), pytest.approx([0.5, 0.5]))


def test_other_prompts_are_not_compared(tmp_path: Path) -> None:
    after, before = responses([1, 1]), responses([1, 1], prompt="다른 질문")
    found = compare(tmp_path, {"consistency": {"1": after}}, {"consistency": {"1": before}})
    assert (found["consistency"], found["notes"]) == (
        [], ["consistency 1: not the same items as in the earlier evaluation"],
    )  # fmt: skip
    other = compare(
        tmp_path / "profile", {"consistency": {"1": after}}, {"consistency": {"1": responses([1, 1], "default")}}
    )
    assert other["notes"] == ["profile tlpo: not in the earlier evaluation"]


def test_folders_that_hold_no_evaluation(tmp_path: Path) -> None:
    folder = evaluation(tmp_path / "one", {})
    with pytest.raises(UserError, match=r"no evaluation\.json"):
        paired_differences(folder, tmp_path, resamples=10, seed=0)
    (tmp_path / "evaluation.json").write_text('{"schema": 99}')
    with pytest.raises(UserError, match="has schema 99"):
        paired_differences(folder, tmp_path, resamples=10, seed=0)
