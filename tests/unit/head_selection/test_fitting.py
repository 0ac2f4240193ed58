"""Items, losses and draws, by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tests.models import tiny_model

from tlpo.errors import UserError
from tlpo.head_selection.draws import batches, some_of, windows
from tlpo.head_selection.items import Item, Suffixes
from tlpo.head_selection.loss import greedy_matches, token_losses
from tlpo.head_selection.output_layer import Shortlist
from tlpo.head_selection.settings import SelectorSettings
from tlpo.head_selection.tasks import Example


def test_what_follows_the_prefixes() -> None:
    items = [Item((5, 6), (7, 8)), Item((9,), (10,)), Item((1, 2), (3, 4), cut=True)]
    whole = Suffixes.of(items, whole_answer=True, pad_id=0)
    assert whole.ids.tolist() == [[6, 7, 8], [9, 10, 0], [2, 3, 0]]
    assert whole.mask.tolist() == [[1, 1, 1], [1, 1, 0], [1, 1, 0]]
    assert whole.rows.tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert whole.columns.tolist() == [0, 1, 2, 0, 1, 0, 1]
    assert whole.targets.tolist() == [7, 8, -1, 10, -1, 3, 4]
    first = Suffixes.of(items, whole_answer=False, pad_id=0)
    assert first.ids.tolist() == [[6], [9], [2]]
    assert first.targets.tolist() == [7, 10, 3]


def test_losses_by_hand() -> None:
    """Probabilities 0.5, 0.25, 0.125, 0.125; tokens 2 and 3 end an answer."""
    logits = torch.tensor([0.5, 0.25, 0.125, 0.125]).log().expand(3, -1) + torch.tensor([[0.0], [3.0], [-1.0]])
    losses = token_losses(logits, torch.tensor([0, 1, -1]), torch.tensor([2, 3]))
    torch.testing.assert_close(losses, torch.tensor([0.5, 0.25, 0.25]).log().neg())


def test_a_match_needs_every_token_and_the_stop() -> None:
    items = [Item((5,), (1,)), Item((5,), (0, 1)), Item((5,), (1, 0))]
    suffixes = Suffixes.of(items, whole_answer=True, pad_id=0)
    best = torch.tensor([1, 3, 0, 1, 2, 1, 1, 2])  # the last item has a wrong second token
    logits = torch.nn.functional.one_hot(best, 4).float()
    assert greedy_matches(logits, suffixes, torch.tensor([2, 3])).tolist() == [True, True, False]
    assert greedy_matches(logits, suffixes, torch.tensor([3])).tolist() == [True, False, False]


def test_every_item_comes_once_before_any_comes_again() -> None:
    items = [Item((1,), (1,), task=0)] * 3 + [Item((1,), (1,), task=1)] * 2
    plan = batches(items, steps=6, batch_size=2, seed=0)
    assert all(first < 3 <= second for first, second in plan)  # the tasks take turns
    assert [sorted(row[0] for row in plan[start : start + 3]) for start in (0, 3)] == [[0, 1, 2]] * 2
    assert [sorted(row[1] for row in plan[start : start + 2]) for start in (0, 2, 4)] == [[3, 4]] * 3
    assert plan == batches(items, steps=6, batch_size=2, seed=0)
    assert plan != batches(items, steps=6, batch_size=2, seed=1)


def test_a_plan_is_cut_where_its_prompts_fill_the_room() -> None:
    items = [Item((1,) * length, (1,)) for length in (3, 3, 4, 20)]
    plan = [[0, 1], [1, 0], [2], [3], [3], [0]]
    assert list(windows(plan, items, 10)) == [plan[:3], plan[3:5], plan[5:]]
    assert list(windows(plan, items, 1000)) == [plan]


def test_a_part_of_the_examples() -> None:
    examples = [Example(str(number), "x") for number in range(50)]
    assert some_of(examples, 50, 0) == examples
    part = some_of(examples, 10, 0)
    assert len(part) == 10
    assert part == sorted(part, key=examples.index) == some_of(examples, 10, 0) != some_of(examples, 10, 1)


def test_the_shortlist_grows_by_the_likely_tokens() -> None:
    model = tiny_model("llama")
    shortlist = Shortlist(model, torch.tensor([7, 3, 7]), likely=2)
    shortlist.add(torch.nn.functional.one_hot(torch.tensor([9, 3]), 480) * 2.0 + torch.arange(480) / 1000)
    assert shortlist.ids.tolist() == [3, 7, 9, 479]
    assert shortlist.places(torch.tensor([9, -1, 3, 479])).tolist() == [2, -1, 0, 3]
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        whole = model(ids).logits
        with shortlist.used():
            torch.testing.assert_close(model(ids).logits, whole[..., [3, 7, 9, 479]])
        assert torch.equal(model(ids).logits, whole)
    assert not Shortlist.pays(model)  # 480 tokens only


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"steps": 0, "loss": "all"}, "steps is 0.*loss is 'all'"),
        ({"learning_rate": 0.0}, "learning_rate is 0"),
        ({"learning_rate": 1e300}, r"learning_rate is 1e\+300.*at most 1000"),
        ({"max_alpha": 0.0}, "max_alpha is 0"),
        ({"max_alpha": 1e-60}, "max_alpha is 1e-60"),
        ({"max_alpha": 1e300}, r"max_alpha is 1e\+300"),
        ({"shortlist": -1}, "shortlist is -1"),
    ],
)
def test_settings_that_cannot_be(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        SelectorSettings(**fields)
