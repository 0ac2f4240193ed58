"""The reward, called as TRL calls reward functions."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tlpo.errors import UserError
from tlpo.integrations import LanguageConsistencyReward, language_consistency_reward
from tlpo.integrations.reward import select_part, text_of

CLEAN = "서울은 큰 도시입니다"
MIXED = "서울은 美丽的 도시입니다"  # one of three words
TRL = {"prompts": ["x", "x"], "completion_ids": [[1], [2]], "trainer_state": None, "other_column": [1, 2]}


def test_the_share_of_words_without_confusion() -> None:
    rewards = language_consistency_reward(completions=[CLEAN, MIXED], language=["ko", "ko"], **TRL)
    assert rewards == [1.0, pytest.approx(2 / 3)]


def test_binary() -> None:
    reward = LanguageConsistencyReward("ko", mode="binary")
    assert reward(completions=[CLEAN, MIXED], **TRL) == [1.0, 0.0]


def test_one_language_a_sample_and_none_where_it_does_not_apply() -> None:
    texts = [MIXED, "今天天气很好", CLEAN]
    assert language_consistency_reward(texts, ["zh", "zh", None], mode="binary") == [0.0, 1.0, None]


def test_text_without_a_letter_of_the_language_earns_nothing() -> None:
    for mode in ("fraction", "binary"):
        reward = LanguageConsistencyReward("ko", mode=mode)  # type: ignore[arg-type]
        assert reward(["", "1 + 1 = 2", "😀😀", "Seoul"]) == [0.0, 0.0, 0.0, 0.0]


def test_options_reach_the_detector() -> None:
    text = "서울은 beautiful 도시입니다"
    assert LanguageConsistencyReward("ko", mode="binary")([text]) == [1.0]
    assert LanguageConsistencyReward("ko", mode="binary", english="confusion")([text]) == [0.0]
    allowing = LanguageConsistencyReward("ko", mode="binary", english="confusion", allow=["beautiful"])
    assert allowing([text]) == [1.0]
    assert LanguageConsistencyReward("ko", mode="binary", also=["zh"])([MIXED]) == [1.0]


def test_chat_completions() -> None:
    chat: list[Any] = [
        [{"role": "assistant", "content": CLEAN}],
        [{"role": "assistant", "content": [{"type": "text", "text": MIXED}, {"type": "image"}]}],
        [
            {"role": "assistant", "content": None},
            {"role": "tool", "content": "中文"},
            {"role": "assistant", "content": CLEAN},
        ],
    ]
    assert language_consistency_reward(chat, "ko", mode="binary") == [1.0, 0.0, 1.0]
    assert text_of(chat[2]) == CLEAN


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("<think>생각</think>답", "생각", "답"),
        ("생각</think>\n답", "생각", "\n답"),  # many chat templates write the opening tag themselves
        ("<think>끝이 없는 생각", "끝이 없는 생각", ""),
        ("끝이 없는 생각, 또는 답", "끝이 없는 생각, 또는 답", "끝이 없는 생각, 또는 답"),
    ],
)
def test_reasoning_and_answer_apart(text: str, reasoning: str, answer: str) -> None:
    assert select_part(text, "reasoning") == reasoning
    assert select_part(text, "answer") == answer
    assert select_part(text, "all") == text


def test_the_reward_looks_at_its_part_only() -> None:
    text = ["<think>我想一想</think>서울은 큰 도시입니다"]
    assert LanguageConsistencyReward("ko", part="answer", mode="binary")(text) == [1.0]
    assert LanguageConsistencyReward("zh", part="reasoning", mode="binary")(text) == [1.0]
    assert LanguageConsistencyReward("ko", mode="binary")(text) == [0.0]


def test_trl_reads_the_name() -> None:
    assert LanguageConsistencyReward("ko").__name__ == language_consistency_reward.__name__
    named = LanguageConsistencyReward("ko", mode="binary", part="answer").__name__
    assert named == "language_consistency_reward_binary_answer"


def test_what_is_wrong_is_told_at_once() -> None:
    with pytest.raises(UserError, match="add a column 'language'"):
        language_consistency_reward([CLEAN])
    with pytest.raises(UserError, match="1 languages for 2 completions"):
        language_consistency_reward([CLEAN, CLEAN], ["ko"])
    with pytest.raises(UserError, match="korean"):
        LanguageConsistencyReward("korean")
    with pytest.raises(UserError, match=r"mode is 'binar' \(did you mean 'binary'\?\)"):
        LanguageConsistencyReward("ko", mode="binar")  # type: ignore[arg-type]


def test_no_torch_is_imported() -> None:
    code = "import tlpo.integrations, tlpo.metrics, sys; assert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
