"""Evaluations that may stand side by side, and those that may not: other items, other definitions, other lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.evaluation.evaluations import write_evaluation

from tlpo.errors import UserError
from tlpo.evaluation.alike import differing_settings, refuse_other_items, refuse_other_judges, refuse_other_lines
from tlpo.evaluation.run_files import EvaluatedRun, ItemSums, Setting, read_run

Make = Callable[..., EvaluatedRun]
KO = Setting("default", 1.0, "all", "ko")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(label: str, **options: Any) -> EvaluatedRun:
        return read_run(write_evaluation(tmp_path / label, label, **options))

    return made


def refuse(runs: list[EvaluatedRun], items: Callable[[EvaluatedRun], ItemSums]) -> None:
    refuse_other_items("a figure", runs, [items(run) for run in runs])


def test_other_prompts_of_equal_number(make: Make) -> None:
    one, same, other = (
        make(label, passed={"ko": [[1], [0]]}, asked=asked) for label, asked in (("a", "x"), ("b", "x"), ("c", "y"))
    )
    refuse([one, same], lambda run: run.consistency[KO]["rpr"])
    with pytest.raises(UserError, match=r"^a figure: item 0 is another one in .*/a \(prompt \w{16}\) than in .*/c \("):
        refuse([one, same, other], lambda run: run.consistency[KO]["rpr"])


def test_one_prompt_among_many(make: Make) -> None:
    def answer(*asked: str) -> ItemSums:
        sums = make("-".join(asked), passed={"ko": [[1]] * len(asked)}).consistency[KO]["rpr"]
        return ItemSums(sums.ids, sums.sums, asked)

    items = [answer("x", "y", "z"), answer("x", "q", "z")]
    runs = [make(label) for label in ("a", "b")]
    with pytest.raises(UserError, match=r"item 1 is another one in .*/a \(y\) than in .*/b \(q\)"):
        refuse_other_items("a figure", runs, items)


def test_other_questions_of_equal_number(make: Make) -> None:
    one, other = (make(label, tasks={"copa": [1, 0]}, asked=asked) for label, asked in (("a", "x"), ("b", "y")))
    with pytest.raises(UserError, match=r"item 0 is another one in .*/a \(question x 0\) than in .*\(question y 0\)"):
        refuse([one, other], lambda run: run.capability["copa"])


def test_lines_of_other_lengths(make: Make) -> None:
    one, other = (make(label, nll={"ko": [1.0]}, tokens=tokens) for label, tokens in (("a", 10), ("b", 12)))
    with pytest.raises(UserError, match=r"\(10 tokens\) than in .*/b \(12 tokens\)"):
        refuse([one, other], lambda run: run.nll["ko"])


def test_an_older_folder_is_known_by_places_alone(make: Make) -> None:
    older = make("old", passed={"ko": [[1], [0]]})
    one, other = (make(label, passed={"ko": [[1], [0]]}, asked=asked) for label, asked in (("a", "x"), ("b", "y")))
    refuse([older, one], lambda run: run.consistency[KO]["rpr"])
    with pytest.raises(UserError, match=r"than in .*/b"):  # the older one between them hides nothing
        refuse([older, one, other], lambda run: run.consistency[KO]["rpr"])
    longer = make("longer", passed={"ko": [[1], [0], [0]]})
    with pytest.raises(UserError, match=r"/old holds 2 items and .*/longer 3, not the same ones \(first: 2\)"):
        refuse([older, longer], lambda run: run.consistency[KO]["rpr"])


@pytest.mark.parametrize(
    ("profile", "name", "first", "other"),
    [
        ("tlpo", "english", "neutral", "confusion"), ("lcb", "word_list", None, "words"),
        ("lcb", "words", "0a", "0b"), ("lcb", "definition of lcb", "old", "new"),
        ("default", "definition of default", "old", "new"),
    ],
)  # fmt: skip
def test_other_definitions_of_one_profile(make: Make, profile: str, name: str, first: Any, other: Any) -> None:
    def told(value: Any) -> dict[str, Any]:
        return {"definitions": {profile: value}} if name.startswith("definition") else {name: value}

    runs = [make("a", settings=told(first)), make("older"), make("b", settings=told(other))]
    with pytest.raises(UserError, match=f"profile '{profile}': {name} is {other} in .*/b and {first} in .*/a, so they"):
        refuse_other_judges(profile, runs)
    refuse_other_judges(profile, runs[:2])  # what is not told is taken to be the same


def test_what_a_profile_does_not_ask_about_may_differ(make: Make) -> None:
    runs = [make("a", settings={"english": "neutral"}), make("b", settings={"english": "confusion"})]
    refuse_other_judges("lcb", runs)
    assert differing_settings({run.label: [run] for run in runs}, "b") == [
        "Evaluated with another english than confusion (b): a: neutral."
    ]


def test_other_lines_of_clean_text(make: Make) -> None:
    runs = [
        make(label, settings={"clean_text": lines})
        for label, lines in (("a", {"ko": "1"}), ("b", {"en": "2"}), ("c", {"ko": "1", "en": "3"}))
    ]
    refuse_other_lines(runs[:2])  # of different languages
    with pytest.raises(UserError, match=r"lines of clean text \(en\) are not the same in .*/b and in .*/c: evaluate"):
        refuse_other_lines(runs)
