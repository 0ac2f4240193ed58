"""Preference pairs and answers: who is left out, what is drawn, and that draws stay the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlpo.data.pairs import VERDICTS, Tally, answers, preference_pairs
from tlpo.data.rows import Row
from tlpo.errors import UserError


def sampled(name: str, verdicts: str, **fields: Any) -> Row:
    """A record with one response a letter: c(lean), x (confused), u(ndecided)."""
    kinds = {"c": "clean", "x": "confused", "u": "undecided"}
    responses = [
        {"text": f"{name}{place}{letter}", "ids": [place, 7], "verdict": kinds[letter], "finished": "eos"}
        for place, letter in enumerate(verdicts)
    ]
    values = {"id": name, "prompt": f"prompt {name}", "language": "ko", "responses": responses}
    return Row(f"s.jsonl, line {name}", {**values, **fields})


ROWS = [sampled("a", "cccc"), sampled("b", "xxxx"), sampled("c", "cxcx"), sampled("d", "uuuu"), sampled("e", "ucux")]


def test_only_prompts_with_both_kinds_give_a_pair() -> None:
    tally = Tally()
    made = list(preference_pairs(ROWS, tally))
    assert [pair["id"] for pair in made] == ["c", "e"]
    assert tally.prompts == {"ko": {"all clean": 1, "all confused": 1, "pair": 2, "neither": 1}}
    assert tally.responses == {"ko": {"clean": 7, "confused": 7, "undecided": 6}}
    # of e there is one response of each kind
    assert made[1] == {
        "id": "e",
        "prompt": "prompt e",
        "language": "ko",
        "chosen": "e1c",
        "chosen_ids": [1, 7],
        "chosen_finished": "eos",
        "rejected": "e3x",
        "rejected_ids": [3, 7],
        "rejected_finished": "eos",
        "sampled": 4,
        "sampled_tokens": 8,
    }


def test_draws_depend_on_seed_and_prompt_and_not_on_the_place() -> None:
    rows = [sampled(f"p{number}", "cccccccc" + "xxxxxxxx") for number in range(40)]
    first = {pair["id"]: pair for pair in preference_pairs(rows, Tally(), seed=3)}
    again = {pair["id"]: pair for pair in preference_pairs(reversed(rows), Tally(), seed=3)}
    other = {pair["id"]: pair for pair in preference_pairs(rows, Tally(), seed=4)}
    assert first == again
    assert first != other
    drawn = Counter(pair["chosen"].removeprefix(name)[0] for name, pair in first.items())
    assert len(drawn) >= 6  # of eight clean responses, over forty prompts


def test_responses_may_be_judged_anew() -> None:
    rows = [sampled("a", "cccc")]
    made = list(preference_pairs(rows, Tally(), judge=lambda text, code: "confused" if "0" in text else "clean"))
    assert [pair["rejected"] for pair in made] == ["a0c"]
    assert made[0]["chosen"] in ("a1c", "a2c", "a3c")


def test_only_finished_responses_are_chosen_if_asked() -> None:
    row = sampled("a", "ccx")
    row.fields["responses"][0]["finished"] = "length"
    assert [pair["chosen"] for pair in preference_pairs([row], Tally(), finished=True)] == ["a1c"]
    row.fields["responses"][1]["finished"] = "length"
    tally = Tally()
    assert list(preference_pairs([row], tally, finished=True)) == []
    assert tally.prompts == {"ko": {"none finished": 1}}


@given(st.lists(st.text(alphabet="cxu", min_size=1, max_size=6), max_size=8), st.integers(0, 5))
def test_pairs_are_of_one_prompt_and_of_the_right_kinds(kinds: list[str], seed: int) -> None:
    tally = Tally()
    rows = [sampled(f"q{place}-", verdicts) for place, verdicts in enumerate(kinds)]
    made = list(preference_pairs(rows, tally, seed=seed))
    assert len(made) == sum("c" in verdicts and "x" in verdicts for verdicts in kinds)
    for pair in made:
        assert pair["chosen"].startswith(pair["id"])
        assert pair["chosen"].endswith("c")
        assert pair["rejected"].startswith(pair["id"])
        assert pair["rejected"].endswith("x")
    assert sum(tally.prompts.get("ko", Counter()).values()) == len(kinds)


def test_answers_are_the_references_or_else_clean_responses() -> None:
    tally = Tally()
    rows = [sampled("a", "cx", answer="given"), sampled("b", "xcx"), sampled("c", "xu")]
    made = list(answers(rows, tally))
    assert [(one["id"], one["completion"], one["from"]) for one in made] == [
        ("a", "given", "reference"),
        ("b", "b1c", "sampled"),
    ]
    assert made[0]["prompt"] == "prompt a"
    assert tally.prompts == {"ko": {"reference": 1, "sampled": 1, "none": 1}}


def test_answers_of_bactrian_records() -> None:
    row = Row("ko.json.gz, record 1", {"instruction": "i", "input": "", "output": "o", "id": "alpaca-1"})
    (made,) = answers([row], Tally(), language=("ko",))
    assert made == {"id": "alpaca-1", "prompt": "i", "language": "ko", "completion": "o", "from": "reference"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"responses": "x"}, "line a: no list 'responses'"),
        ({"responses": []}, "line a: no list 'responses'"),
        ({"responses": ["x"]}, "response 1 has no 'text'"),
        ({"responses": [{"text": "x", "finished": "yes"}]}, "1 has 'finished' 'yes', none of eos, length, confusion"),
        ({"responses": [{"text": "x", "finished": ["eos"]}]}, "response 1 has 'finished' \\['eos'\\]"),
        ({"responses": [{"text": "x", "confusion_point": "a"}]}, "has the 'confusion_point' 'a', which is no offset"),
        ({"responses": [{"text": "x", "confusion_point": -1}]}, "has the 'confusion_point' -1, which is no offset"),
        ({"responses": [{"text": "x", "ids": 5}]}, "response 1 has 'ids' that are no list of tokens: 5"),
        ({"responses": [{"text": "x", "ids": ["a"]}]}, "response 1 has 'ids' that are no list of tokens"),
        ({"responses": [{"text": "x"}]}, "response 1 has the verdict None, none of clean, confused, undecided"),
    ],
)
def test_a_record_that_was_not_sampled(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        list(preference_pairs([sampled("a", "c", **fields)], Tally()))


@pytest.mark.parametrize("make", [preference_pairs, answers])
def test_a_prompt_that_stands_twice(make: Any) -> None:
    """The same id for another prompt, or in another language, is another prompt."""
    rows = [sampled("a", "cx"), sampled("a", "cx", prompt="other"), sampled("a", "cx", language="ja")]
    assert len(list(make(rows, Tally()))) == 3
    again = Row("s.jsonl, line 4", sampled("a", "xc").fields)
    with pytest.raises(UserError, match=r"^s\.jsonl, line 4: the prompt 'a' is that of s\.jsonl, line a: remove one"):
        list(make([*rows, again], Tally()))


def test_the_endings_are_the_samplers() -> None:
    from typing import get_args

    from tlpo.data.pairs import _ENDINGS
    from tlpo.modeling.generation import Finish

    assert set(get_args(Finish)) == set(_ENDINGS)


def test_verdicts_are_the_detectors() -> None:
    from typing import get_args

    from tlpo.confusion.types import Verdict

    assert get_args(Verdict) == VERDICTS
