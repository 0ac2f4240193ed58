"""Encoding of training rows, and the order in which training walks through them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models import chat_tokenizer, tokenizer

from tlpo.data.encoded import EncodedPrompt, encode_dataset
from tlpo.errors import UserError
from tlpo.training.dataset import FILLER, PromptOrder, PromptRows, identity

ROWS: list[dict[str, Any]] = [
    {"prompt": "오늘 날씨", "language": "ko"},
    {"prompt": [{"role": "user", "content": "Bonjour"}], "language": "fr"},
]


def encode(rows: list[dict[str, Any]], **options: Any) -> list[EncodedPrompt]:
    settings = {"template": None, "default_language": None, "max_tokens": None} | options
    return encode_dataset(rows, settings.pop("tokenizer", chat_tokenizer()), **settings)


def test_text_and_chat_messages_go_through_the_template_once() -> None:
    own = chat_tokenizer()
    found = encode(ROWS, tokenizer=own)
    assert [(p.index, p.language) for p in found] == [(0, "ko"), (1, "fr")]
    assert own.decode(found[0].ids) == "<s><|turn|>user\n오늘 날씨<|end|>\n<|turn|>assistant\n"
    assert own.decode(found[1].ids) == "<s><|turn|>user\nBonjour<|end|>\n<|turn|>assistant\n"


def test_options_of_the_chat_template() -> None:
    own = chat_tokenizer()
    own.chat_template = "{{ messages[0].content }}{% if thinking is false %} no thoughts{% endif %}"
    (found,) = encode(ROWS[:1], tokenizer=own, chat_template_kwargs={"thinking": False})
    assert own.decode(found.ids) == "오늘 날씨 no thoughts"


def test_a_base_model_gets_a_template() -> None:
    own = tokenizer()
    (found,) = encode(ROWS[:1], tokenizer=own, template="Q: {prompt} A:")
    assert own.decode(found.ids) == "Q: 오늘 날씨 A:"


def test_a_default_language_and_aliases() -> None:
    (found,) = encode([{"prompt": "a"}], default_language="ja")
    assert found.language == "ja"
    (found,) = encode([{"prompt": "a", "language": "KO"}])
    assert found.language == "ko"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ROWS[0], {"language": "ko"}], "training record 1: no 'prompt'"),
        ([{"prompt": "", "language": "ko"}], "training record 0: no 'prompt'"),
        ([{"prompt": "a"}], "training record 0: no 'language'"),
        ([{"prompt": "a", "language": "kr"}], r"^training record 0: .*'kr'.*did you mean 'ko'"),
        ([ROWS[0], {"prompt": 7, "language": "ko"}], "^training record 1: "),
        ([], "no prompt"),
    ],
)
def test_bad_rows(rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        encode(rows)


def test_a_prompt_longer_than_the_context() -> None:
    long = {"prompt": "a b " * 100, "language": "ko"}
    with pytest.raises(UserError, match=r"training record 1: the prompt has \d+ tokens, but only 50 fit"):
        encode([ROWS[0], long], max_tokens=50)


def order(size: int, batch: int = 1, repeats: int = 1, epoch: int = 0, seed: int = 0) -> list[int]:
    return list(PromptOrder(size, seed, batch, repeats, lambda: epoch))


@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 5), st.integers(0, 5))
def test_each_epoch_is_a_permutation(size: int, batch: int, epoch: int, seed: int) -> None:
    found = order(size, batch, epoch=epoch, seed=seed)
    assert sorted(found) == list(range(size))
    assert found == order(size, batch, epoch=epoch, seed=seed)


def test_epochs_and_seeds_differ() -> None:
    assert len({tuple(order(30, epoch=epoch)) for epoch in range(5)}) == 5
    assert order(30, seed=1) != order(30, seed=2)


@given(st.integers(1, 40), st.integers(1, 7), st.integers(2, 4))
def test_each_global_batch_is_repeated(size: int, batch: int, repeats: int) -> None:
    size = max(size, batch)
    sampler = PromptOrder(size, 3, batch, repeats, lambda: 0)
    found = list(sampler)
    assert len(found) == len(sampler)
    seen: list[int] = []
    for start in range(0, len(found), batch * repeats):
        block = found[start : start + batch * repeats]
        one = block[: len(block) // repeats]
        assert block == one * repeats
        seen += one
    assert len(set(seen)) == len(seen) == size // batch * batch


@given(st.integers(1, 40), st.integers(2, 4), st.integers(1, 4), st.integers(1, 2))
def test_processes_share_what_is_left(size: int, processes: int, each: int, accumulation: int) -> None:
    sampler = PromptOrder(size, 3, processes * each * accumulation, 1, lambda: 0, (processes, each))
    found = list(sampler)
    assert len(found) == len(sampler)
    assert len(found) % (processes * each) == 0
    assert sorted(place for place in found if place != FILLER) == list(range(size))
    assert len(found) - size < processes * each
    last = [found[-processes * each :][process * each :][:each] for process in range(processes)]
    counts = [sum(place != FILLER for place in own) for own in last]
    assert max(counts) - min(counts) <= 1
    alone = order(size, processes * each * accumulation, seed=3)
    step = processes * each * accumulation
    for start in range(0, size, step):  # each optimizer step has the prompts that one process would take
        together = {place for place in found[start : start + step] if place != FILLER}
        assert together == set(alone[start : start + step])


def test_a_filler_is_no_prompt() -> None:
    prompts = encode(ROWS)
    rows = PromptRows(prompts)
    assert len(rows) == 2
    assert identity([rows[1], rows[FILLER]]) == [prompts[1]]


def test_a_batch_that_is_never_full_cannot_be_repeated() -> None:
    with pytest.raises(UserError, match="num_iterations is 2, but 3 prompts do not fill one batch of 4: give more"):
        PromptOrder(3, 0, 4, 2, lambda: 0)


def test_the_order_does_not_depend_on_the_batch() -> None:
    """Several processes with small batches walk the same way as one with a large batch."""
    assert order(24, batch=2) == order(24, batch=8)


def test_the_collator_leaves_prompts_as_they_are() -> None:
    prompts = encode(ROWS)
    assert identity(tuple(prompts)) == prompts
