"""The demo's examples are the first confused responses, whatever became of them."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console
from tests.unit.evaluation.records import confused, response

from tlpo.cli.demo import confused_pairs, print_examples, repeating


def test_pairs_are_by_prompt_and_sample() -> None:
    before = [response(0), confused(1, "나 home", 2, 6), confused(1, "x 나", 0, 1, sample=1), confused(2, "y", 0, 1)]
    after = [confused(1, "z 나", 0, 1, sample=1), response(1, "나 집"), response(0)]
    pairs = confused_pairs(before, after)
    assert [(old.response, new.response) for old, new in pairs] == [("나 home", "나 집"), ("x 나", "z 나")]


def test_examples_fit_the_screen_and_mark_the_point() -> None:
    text = "가나 " * 20 + "home " + "다라 " * 20
    before = [confused(index, text, 60, 64) for index in range(9)]
    console = Console(file=io.StringIO(), width=80, color_system=None)
    print_examples(before, [response(index, "가나\n다라") for index in range(9)], console)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "The first 3 of 9 responses that were confused before:"
    assert lines[1:4][0].strip() == "질문 0"
    assert "▶home" in lines[2]
    assert lines[2].lstrip().startswith("before …")
    assert lines[3].strip() == "after  가나 다라"
    assert len(lines) == 1 + 3 * 3 + 1


def test_the_command_repeats_the_run() -> None:
    told: dict[str, Any] = {"model": "my model", "language": "ko", "max_steps": 8, "seed": 0}
    usual: dict[str, Any] = {"clean_text": None, "max_new_tokens": 64, "num_prompts": 60, "num_samples": 2}
    short = "tlpo demo --model 'my model' --language ko --max_steps 8 --seed 0"
    assert repeating(**told, **usual) == short
    other = usual | {"clean_text": ["ko=a", "en=b"], "num_samples": 1}
    assert repeating(**told, **other) == f"{short} --clean_text ko=a --clean_text en=b --num_samples 1"


def test_nothing_confused_prints_nothing() -> None:
    console = Console(file=io.StringIO())
    print_examples([response(0)], [response(0)], console)
    assert console.file.getvalue() == ""  # type: ignore[attr-defined]
