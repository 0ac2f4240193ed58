"""Stopping `generate` where a row leaves its language."""

from __future__ import annotations

import pytest
import torch
from tests.models import tiny_model, tokenizer
from transformers import LogitsProcessor, PreTrainedTokenizerFast

from tlpo.confusion import ConfusionDetector
from tlpo.errors import UserError
from tlpo.integrations import ConfusionStoppingCriteria

EOS = 2
TEXTS = ["서울은 美 도시입니다", "서울은 큰 도시입니다"]


class Scripted(LogitsProcessor):
    """Makes the model write given texts: one a row, from the prompt's end on."""

    def __init__(self, rows: list[list[int]], start: int) -> None:
        self.rows, self.start = rows, start

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        scores = torch.full_like(scores, float("-inf"))
        for row, ids in enumerate(self.rows):
            place = input_ids.shape[1] - self.start
            scores[row, ids[place] if place < len(ids) else EOS] = 0.0
        return scores


def token_ids(text: str, words: PreTrainedTokenizerFast) -> list[int]:
    return words(text, add_special_tokens=False)["input_ids"]


def generate(
    stop: ConfusionStoppingCriteria, texts: list[str], prompt: list[int], words: PreTrainedTokenizerFast
) -> torch.Tensor:
    inputs = torch.tensor([prompt] * len(texts))
    return tiny_model().generate(
        input_ids=inputs,
        attention_mask=torch.ones_like(inputs),
        max_new_tokens=80,
        do_sample=False,
        logits_processor=[Scripted([token_ids(text, words) for text in texts], len(prompt))],
        stopping_criteria=[stop],
    )


@pytest.mark.parametrize("kind", ["byte_level", "byte_fallback"])
def test_a_row_ends_with_the_character_that_is_wrong(kind: str) -> None:
    words = tokenizer(kind)
    stop = ConfusionStoppingCriteria(words, "ko")
    output = generate(stop, TEXTS, [1, 70], words)
    assert stop.confusion_points == [4, None]
    assert words.decode(output[0, 2:], skip_special_tokens=True) == "서울은 美"
    assert words.decode(output[1, 2:], skip_special_tokens=True) == TEXTS[1]


def test_one_object_serves_several_calls_and_languages() -> None:
    stop = ConfusionStoppingCriteria(tokenizer(), ["ko", "zh"])
    generate(stop, ["서울", "中文"], [1, 70], tokenizer())
    assert stop.confusion_points == [None, None]
    generate(stop, ["中文", "서울"], [1, 71, 72, 73], tokenizer())
    assert stop.confusion_points == [0, 0]


def test_the_prompt_is_not_judged() -> None:
    stop = ConfusionStoppingCriteria(tokenizer(), "ko")
    generate(stop, ["서울", "도시"], token_ids("中文", tokenizer()), tokenizer())
    assert stop.confusion_points == [None, None]


def test_options_reach_the_detector() -> None:
    text = "서울은 beautiful 도시"
    stop = ConfusionStoppingCriteria(tokenizer(), "ko", english="confusion")
    generate(stop, [text, "서울"], [1], tokenizer())
    assert stop.confusion_points == [ConfusionDetector("ko", english="confusion").confusion_point(text), None]
    assert stop.confusion_points[0] == 4


def test_tokens_may_come_several_at_a_time() -> None:
    ids = torch.tensor([token_ids(TEXTS[0], tokenizer())])
    stop = ConfusionStoppingCriteria(tokenizer(), "ko", prompt_length=0)
    assert not stop(ids[:, :3], None).item()
    assert stop(ids, None).item()
    assert stop.confusion_points == [4]


def test_the_next_turn_of_a_chat_is_another_response() -> None:
    """Its prompt begins with all of the last turn; what the user says in it is not judged."""
    own = tokenizer()
    stop = ConfusionStoppingCriteria(own, "ko")
    first = generate(stop, [TEXTS[0]], [1, 70], own)
    assert stop.confusion_points == [4]
    generate(stop, [TEXTS[1]], [*first[0].tolist(), *token_ids("Переведи это 中文", own)], own)
    assert stop.confusion_points == [None]


def test_beam_search_and_wrong_counts_are_refused() -> None:
    stop = ConfusionStoppingCriteria(tokenizer(), "ko")
    stop(torch.tensor([[1, 7], [1, 8]]), None)
    with pytest.raises(UserError, match="beam search"):
        stop(torch.tensor([[1, 8, 9], [1, 7, 9]]), None)
    with pytest.raises(UserError, match="2 languages for 3 rows"):
        ConfusionStoppingCriteria(tokenizer(), ["ko", "zh"])(torch.ones(3, 4, dtype=torch.long), None)
    with pytest.raises(UserError, match="kor"):
        ConfusionStoppingCriteria(tokenizer(), "kor")
