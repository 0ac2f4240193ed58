"""Prompts as text, and the two rules of scoring."""

from __future__ import annotations

import pytest

from tlpo.errors import UserError
from tlpo.head_selection.scoring import prefix_match, strict_match
from tlpo.head_selection.tasks import Example
from tlpo.head_selection.templates import Template


def test_the_paper_s_prompt() -> None:
    template = Template()
    demos = [Example("hot", "cold"), Example("up", "down")]
    assert template.few_shot(demos, "in") == "Q: hot\nA: cold\n\nQ: up\nA: down\n\nQ: in\nA:"
    assert template.zero_shot("in") == template.few_shot([], "in") == "Q: in\nA:"
    assert template.answer("out") == " out"


def test_another_template() -> None:
    template = Template(input_prefix="", output_prefix="→", separator="\n")
    assert template.few_shot([Example("a", "b")], "c") == "a\n→b\nc\n→"


@pytest.mark.parametrize("fields", [{"separator": " "}, {"stop": ""}, {"output_prefix": " "}])
def test_templates_in_which_no_answer_ends(fields: dict[str, str]) -> None:
    with pytest.raises(UserError):
        Template(**fields)


@pytest.mark.parametrize(
    ("generated", "strict", "prefix"),
    [
        (" net", True, True),
        (" net\n\nQ: jar", True, True),
        (" net, wallet, deer", False, True),  # goes on after the right word
        (" Net", False, True),
        (" ne", False, False),
        ("\nnet", False, True),  # the answer's line is empty
        ("", False, False),
    ],
)
def test_strict_and_prefix_match(generated: str, strict: bool, prefix: bool) -> None:
    assert strict_match(generated, "net") is strict
    assert prefix_match(generated, "net") is prefix


def test_strict_match_by_another_stop() -> None:
    assert strict_match("net; and so on", "net", stop=";")
    assert not strict_match("net\n", "net;", stop="\n")
