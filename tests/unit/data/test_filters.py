"""Which prompts are dropped, for which reason, and that the first objection counts."""

from __future__ import annotations

from typing import Any

import pytest

from tlpo.data import PROMPT_LANGUAGES, PromptRecord, load_prompts
from tlpo.data.contamination import EvaluationIndex
from tlpo.data.filters import OPTIONAL, REASONS, FilterSettings, PromptFilter
from tlpo.errors import UserError

pytest.importorskip("babel")
pytest.importorskip("datasketch")


def record(prompt: Any, language: str = "en") -> PromptRecord:
    return PromptRecord(index=0, prompt=prompt, language=language)


def reason(
    prompt: Any, language: str = "en", *, prompt_filter: PromptFilter | None = None, **options: Any
) -> str | None:
    chosen = prompt_filter or PromptFilter(FilterSettings(**options))
    found = chosen.objection(record(prompt, language), "this")
    return found.reason if found else None


@pytest.mark.parametrize(
    ("prompt", "language", "expected"),
    [
        ("How do I cook rice?", "en", None),
        ("  \n", "en", "empty"),
        ("x" * 501, "en", "long"),
        ("Answer in French: how are you?", "en", "language"),
        ("Translate this sentence.", "en", "translation"),
        ("Write a function that adds two numbers.", "en", "code"),
        ("Comment faire du pain ? Mark went into the store to buy some groceries for his mother.", "fr", "confused"),
        ("김치찌개 레시피를 알려 주세요.", "ko", None),
        ("한국어로 답해 주세요.", "ko", "language"),
        ("오늘은 погода 좋네요.", "ko", "confused"),
    ],
)
def test_reasons(prompt: str, language: str, expected: str | None) -> None:
    assert reason(prompt, language) == expected


def test_the_first_objection_counts() -> None:
    # too long, names a language, asks for a translation: in the order of the table
    text = "Translate into French. " * 30
    assert reason(text) == "long"
    assert reason(text, max_chars=10_000) == "language"
    assert reason(text, max_chars=10_000, without=("language",)) == "translation"
    assert list(REASONS)[:4] == ["empty", "long", "duplicate", "language"]


def test_repeated_prompts() -> None:
    prompt_filter = PromptFilter(FilterSettings())
    first = "How do I make a good vegetable soup for twelve people in one hour, without any meat at all?"
    assert prompt_filter.objection(record(first), "first") is None
    same = prompt_filter.objection(record(first.upper()), "second")
    assert same == ("duplicate", "first")
    near = prompt_filter.objection(record(first.replace("one hour", "an hour")), "third")
    assert near is not None
    assert (near.reason, near.evidence.split()[0]) == ("near", "first")
    assert prompt_filter.objection(record("How long does bread keep?"), "fourth") is None


def test_dropped_prompts_are_not_compared_with() -> None:
    prompt_filter = PromptFilter(FilterSettings())
    for _ in range(2):
        assert reason("Answer in French, please.", prompt_filter=prompt_filter) == "language"


def test_evaluation_prompts_are_dropped() -> None:
    prompt_filter = PromptFilter(FilterSettings(), EvaluationIndex([record("Why is the sky blue?")]))
    found = prompt_filter.objection(record("why is the sky BLUE"), "this")
    assert found is not None
    assert found.reason == "evaluation"
    assert "1.00" in found.evidence


def test_tokens_are_counted_by_a_model() -> None:
    settings = FilterSettings(max_tokens=3)
    prompt_filter = PromptFilter(settings, count_tokens=lambda one: len(str(one.prompt).split()))
    assert reason("one two three", prompt_filter=prompt_filter) is None
    found = prompt_filter.objection(record("one two three four"), "this")
    assert found == ("long", "4 tokens")
    with pytest.raises(UserError, match="max_tokens needs a model"):
        PromptFilter(settings)


def test_a_conversation_is_judged_by_what_the_user_says() -> None:
    chat = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "In French?"}]
    assert reason([*chat, {"role": "user", "content": "How are you today?"}]) is None
    assert reason([*chat, {"role": "user", "content": "Answer in French."}]) == "language"


def test_a_prompt_in_another_language_than_its_answer() -> None:
    prompt_filter = PromptFilter(FilterSettings())
    english = "How do I cook rice in the way that my grandmother used to do it?"
    assert prompt_filter.objection(record(english, "ko"), "this", "en") is None
    assert reason(english, "ko") == "confused"


@pytest.mark.parametrize("check", [name for name in OPTIONAL if name not in ("duplicate", "near")])
def test_every_check_can_be_left_out(check: str) -> None:
    prompt = {
        "long": "How do I cook rice? " * 40,
        "language": "Answer in French: how are you?",
        "translation": "Translate this sentence.",
        "code": "Write a function that adds two numbers.",
        "confused": "How do you spell погода, please?",
    }[check]
    assert reason(prompt) == check
    assert reason(prompt, without=(check,)) is None


@pytest.mark.parametrize("code", PROMPT_LANGUAGES)
def test_the_bundled_prompts_pass(code: str) -> None:
    held_out = load_prompts(language=code, split="eval")
    prompt_filter = PromptFilter(FilterSettings(), EvaluationIndex(held_out))
    objections = [
        (one.id, found)
        for one in load_prompts(language=code, split="train")
        if (found := prompt_filter.objection(one, str(one.id)))
    ]
    # The detector is not asked to be perfect: one false alarm in a hundred, and no other objection.
    assert [found for found in objections if found[1].reason != "confused"] == []
    assert len(objections) <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_chars": 0}, "max_chars is 0: give at least 1"),
        ({"near": 0}, "near is 0"),
        ({"english": "yes"}, "english is 'yes'"),
        ({"without": ("languages",)}, r"no such check: 'languages' \(did you mean 'language'\?\)"),
        ({"max_chars": 0, "without": ("x",)}, "max_chars is 0.*no such check: 'x'"),
    ],
)
def test_bad_settings(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        FilterSettings(**options)
