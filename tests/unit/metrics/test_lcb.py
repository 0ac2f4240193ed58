"""The LCB definition on texts whose verdicts follow from its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlpo.errors import UserError
from tlpo.metrics.lcb import LCBProfile, judged_lines, normalise
from tlpo.metrics.wordlist import WordList, load_word_list

KOREAN = "서울은 한국의 수도이며 매우 큰 도시입니다"


@pytest.fixture
def profile() -> LCBProfile:
    return LCBProfile(WordList(frozenset({"beautiful", "city"}), "test"))


def test_normalising_cuts_at_the_next_question_and_drops_punctuation() -> None:
    assert normalise("  one, two—three،four!\nQ: five") == "one two"[0:3] + " two threefour"


def test_lines_of_fewer_than_five_words_are_dropped() -> None:
    assert judged_lines("한국의 수도는 서울 입니다", "ko") == []
    (line,) = judged_lines(f"짧은 줄\n{KOREAN}", "ko")
    assert line.words == tuple(KOREAN.split())
    assert line.language == "ko"


def test_chinese_and_japanese_lines_are_counted_in_segmented_words() -> None:
    assert len(judged_lines("今天天气很好我们去公园散步吧", "zh")) == 1
    assert len(judged_lines("今日は天気がとても良いので散歩します", "ja")) == 1


def test_a_wrong_line_ends_the_judgement(profile: LCBProfile) -> None:
    assert profile.tally("Seoul is the capital of Korea and a city", "ko") == ((0, 1), (0, 0))
    assert profile.tally(f"{KOREAN}\nSeoul is the capital of Korea", "ko") == ((0, 1), (0, 0))


def test_an_english_word_fails_the_words_of_a_response_that_passed(profile: LCBProfile) -> None:
    assert profile.tally(KOREAN, "ko") == ((1, 1), (1, 1))
    assert profile.tally(f"{KOREAN} beautiful", "ko") == ((1, 1), (0, 1))
    assert profile.tally(f"{KOREAN} Beautiful", "ko") == ((1, 1), (1, 1))  # the list is of lower-case words


def test_a_response_without_a_judged_line_is_skipped(profile: LCBProfile) -> None:
    assert profile.tally("네.", "ko") == ((0, 0), (0, 0))
    assert profile.tally("", "ko") == ((0, 0), (0, 0))


def test_word_pass_rate_is_for_other_scripts_only(profile: LCBProfile) -> None:
    assert profile.rates_of("ko") == ("lpr", "wpr")
    assert profile.rates_of("fr") == ("lpr",)
    assert profile.rates_of("pt-BR") == ("lpr",)


@pytest.mark.parametrize("text", ["\ud800 a b c d e", "\x00 a b c d e", "a b c d \x85 e f"])
@pytest.mark.parametrize("language", ["ko", "zh", "ja"])
def test_any_text_is_judged(profile: LCBProfile, text: str, language: str) -> None:
    assert all(0 <= passed <= judged for passed, judged in profile.tally(text, language))


def test_a_word_list_keeps_lower_case_words_of_four_letters(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_text("the\nbeautiful\nLondon\n  city \n", encoding="utf-8")
    found = load_word_list(path)
    assert found.words == {"beautiful", "city"}
    assert found.source == "words (2 words)"


def test_without_a_list_the_report_says_that_a_package_serves() -> None:
    found = load_word_list()
    assert {"beautiful", "houses", "running"} <= found.words
    assert "pyspellchecker" in found.source
    assert "pyspellchecker" in LCBProfile(found).definition


def test_unusable_word_lists(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read the word list"):
        load_word_list(tmp_path / "none")
    (tmp_path / "empty").write_text("A\nB\n")
    with pytest.raises(UserError, match="holds no lower-case word"):
        load_word_list(tmp_path / "empty")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not UTF-8"):
        load_word_list(tmp_path / "binary")


@pytest.mark.parametrize(("language", "rates"), [("ko", 2), ("fr", 1), ("mn", 1), ("zh-Hant", 2), ("xx", 0), ("", 0)])
def test_a_language_that_fasttext_does_not_know_has_no_rates(profile: LCBProfile, language: str, rates: int) -> None:
    assert len(profile.rates_of(language)) == rates
