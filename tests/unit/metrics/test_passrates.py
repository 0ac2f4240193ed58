"""The TLPO definition on texts whose counts were worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlpo.errors import UserError
from tlpo.metrics import check_response
from tlpo.metrics.passrates import English


def counts(text: str, language: str, english: English = "neutral") -> tuple[int, int, int, int]:
    found = check_response(text, language, english)
    return found.lines_passed, found.lines_failed, found.words_passed, found.words_failed


def test_five_words_make_a_line() -> None:
    assert counts("하나 둘 셋 넷", "ko") == (0, 0, 4, 0)
    assert counts("하나 둘 셋 넷 다섯", "ko") == (1, 0, 5, 0)


def test_a_line_passes_with_half_of_its_words() -> None:
    assert counts("하나 둘 셋 一 二 三", "ko") == (1, 0, 3, 3)
    assert counts("하나 둘 一 二 三", "ko") == (0, 1, 2, 3)
    assert counts("하나 둘 一 二 三\n넷", "ko") == (0, 1, 3, 3)


def test_english_is_neutral_or_wrong_but_makes_a_line_long_enough_in_both_settings() -> None:
    text = "하나 둘 셋 넷 hello"
    assert counts(text, "ko", "neutral") == (1, 0, 4, 0)
    assert counts(text, "ko", "confusion") == (1, 0, 4, 1)


def test_a_capital_makes_an_english_word_neutral_in_both_settings() -> None:
    assert counts("서울 Seoul iPhone l'Arc", "ko", "confusion") == (0, 0, 1, 1)
    assert check_response("서울 Seoul iPhone l'Arc", "ko", "confusion").confusion_point == 9


def test_a_mixed_word_is_judged_by_its_letters() -> None:
    assert counts("iPhone은", "ko", "neutral") == (0, 0, 1, 0)
    assert counts("iPhone은", "ko", "confusion") == (0, 0, 0, 1)
    assert counts("AI는", "ko", "confusion") == (0, 0, 1, 0)


def test_nothing_counted_is_neither_passed_nor_failed() -> None:
    found = check_response("123 + 456 = 579 😀 α β", "ko")
    assert not found.counted
    assert not found.passed
    assert found.confusion_point is None


@pytest.mark.parametrize(
    ("language", "text", "point"),
    [
        ("ko", "1876년 개항(開港) 이후", 9),
        ("ru", "Привет мир, 世界", 12),
        ("ar", "مرحبا мир", 6),
        ("hi", "नमस्ते 세계", 7),
        ("ja", "東京はとても큰都市です", 6),
        ("zh", "我很喜欢かわ这个", 4),
    ],
)
def test_the_point_is_the_first_wrong_letter(language: str, text: str, point: int) -> None:
    assert check_response(text, language).confusion_point == point


def test_the_point_is_the_failing_word_itself_not_an_earlier_look_alike() -> None:
    # "is" also stands inside "This", which starts with a capital and is neutral.
    text = "This 는 is 이다"
    assert check_response(text, "ko", "confusion").confusion_point == 7


def test_the_point_is_found_when_cleaning_changed_the_word() -> None:
    text = "무게 5kg美國 이다"
    assert check_response(text, "ko").confusion_point == text.index("美")


def test_latin_words_pass_when_lingua_gives_the_language_more_than_a_tenth() -> None:
    found = check_response("Ich glaube, idée", "de")
    assert found.first_failed is not None
    assert found.first_failed.word == "idée"
    assert found.confusion_point == 12
    assert check_response("Ich glaube an dich", "de", "confusion").passed


def test_a_single_letter_does_not_count_in_latin_languages() -> None:
    assert counts("y o é", "es") == (0, 0, 0, 0)


def test_an_unknown_language_is_told_with_the_nearest_one() -> None:
    with pytest.raises(UserError, match=r"no language 'kr' \(did you mean 'k|r"):
        check_response("안녕", "kr")


@settings(deadline=None, max_examples=150)
@given(
    st.text(st.characters(), max_size=40),
    st.sampled_from(["ko", "zh", "ja", "ar", "ru", "hi"]),
    st.sampled_from(["neutral", "confusion"]),
)
def test_any_text_is_judged_and_the_point_lies_in_it(text: str, language: str, english: English) -> None:
    found = check_response(text, language, english)
    assert (found.confusion_point is None) == (found.words_failed == 0)
    if found.first_failed is not None:
        assert 0 <= found.first_failed.start <= found.first_failed.offset < len(text)


@pytest.mark.parametrize("text", ["\ud800 안녕", "\x00\x01 é\x00 日本\x00語", "\u2028\x85 abc'"])
@pytest.mark.parametrize("language", ["ko", "zh", "ja", "en", "fr"])
def test_control_characters_and_lone_surrogates_are_judged(text: str, language: str) -> None:
    check_response(text, language)
