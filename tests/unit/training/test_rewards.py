"""What a candidate is worth, with the real detector on texts whose verdict is plain."""

from __future__ import annotations

import pytest

from tlpo.confusion import ConfusionDetector
from tlpo.training.exploration import Candidate
from tlpo.training.rewards import Judged, RewardSettings, judge

EOS = 0
PUBLISHED = RewardSettings(in_context=False, neutral="clean", end="clean")


def run(
    pieces: list[str | bytes],
    *,
    prefix: str = "나는 오늘 ",
    settings: RewardSettings | None = None,
    ended: bool = False,
    english: str = "confusion",
    language: str = "ko",
    pending: bytes = b"",
    sampled: bool = False,
) -> Judged:
    """Judge one token per piece; ``ended`` appends an end of sequence."""
    table = [b"", *(piece.encode() if isinstance(piece, str) else piece for piece in pieces)]
    continuation = [*range(1, len(table)), *([EOS] if ended else [])]
    candidate = Candidate(continuation[0], 0.5, continuation)
    detector = ConfusionDetector(language, english=english)
    rules = settings or RewardSettings()
    return judge(prefix, candidate, table, detector, frozenset([EOS]), rules, pending=pending, sampled=sampled)


CLEAN, CONFUSED = Judged("clean", 1.0, True), Judged("confused", -1.0, True)


@pytest.mark.parametrize("settings", [RewardSettings(), PUBLISHED])
def test_clean_and_confused(settings: RewardSettings) -> None:
    assert run(["학교", "에", " 갔다"], settings=settings) == CLEAN
    assert run(["학교", "에"], ended=True, settings=settings) == CLEAN
    assert run(["пошёл", " 학교", "에"], settings=settings) == CONFUSED
    assert run(["학교", " пошёл"], settings=settings) == CONFUSED
    assert run(["пошёл"], ended=True, settings=settings) == CONFUSED


def test_the_sampled_token_may_count_as_confused_like_its_response() -> None:
    """Its greedy continuation turns back to the language; the sampled response did not."""
    by_response = RewardSettings(sampled="response")
    pieces: list[str | bytes] = ["the", " école", " est"]
    assert run(pieces, prefix="Ici ", language="fr", sampled=True, settings=by_response) == CONFUSED
    assert run(pieces, prefix="Ici ", language="fr", settings=by_response) == CLEAN
    assert run(pieces, prefix="Ici ", language="fr", sampled=True) == CLEAN
    assert run([b"\xd0"], sampled=True, settings=by_response) == CONFUSED
    assert run([b"\xd0"], sampled=True) == Judged("neutral", 0.0, False)


@pytest.mark.parametrize(("worth", "expected"), [("clean", (1.0, True)), ("zero", (0.0, True)), ("drop", (0.0, False))])
def test_text_without_a_letter_and_the_end(worth: str, expected: tuple[float, bool]) -> None:
    reward, member = expected
    neutral = RewardSettings(neutral=worth, end="clean" if worth == "drop" else "drop")  # type: ignore[arg-type]
    for pieces in (["12", "."], ["!"], [" "], ["😀"], ["1", "9", "8", "4"]):
        assert run(pieces, settings=neutral) == Judged("neutral", reward, member)
    end = RewardSettings(end=worth, neutral="clean" if worth == "drop" else "drop")  # type: ignore[arg-type]
    for pieces in ([], ["."], ["12", "!"]):
        assert run(pieces, ended=True, settings=end) == Judged("end", reward, member)


def test_a_candidate_that_breaks_a_character_says_nothing() -> None:
    """The prefix holds the first byte of a Hangul syllable; a space after it leaves that byte alone."""
    first, rest = "한".encode()[:1], "한".encode()[1:]
    assert run([rest, "국"], pending=first) == CLEAN
    assert run([" ", "한국"], pending=first) == Judged("neutral", 0.0, False)
    assert run([b"\xff", "한국"]) == Judged("neutral", 0.0, False)
    assert run([b"\xff", "한국"], settings=PUBLISHED) == Judged("neutral", 1.0, True)


def test_the_default_leaves_both_out_of_the_group() -> None:
    assert run(["3"]) == Judged("neutral", 0.0, False)
    assert run([], ended=True) == Judged("end", 0.0, False)


def test_a_continuation_is_judged_together_with_what_it_continues() -> None:
    """A combining mark alone is no letter; on a foreign word it carries that word on."""
    mark = "\u0301"
    assert run([mark, "는"], prefix="그것은 слово").outcome == "confused"
    assert run([mark, "는"], prefix="그것은 слово", settings=PUBLISHED).outcome == "clean"


def test_an_ending_that_looks_harmless_alone_completes_a_foreign_word() -> None:
    assert run(["e", "를"], prefix="이것은 hous").outcome == "confused"
    assert run(["e", "를"], prefix="이것은 hous", settings=PUBLISHED).outcome == "clean"


def test_confusion_that_ended_before_the_point_does_not_count() -> None:
    assert run(["학교", "에"], prefix="привет 나는 ") == CLEAN
    assert run([" 학교", "에"], prefix="나는 привет") == CLEAN


def test_a_latin_word_cut_by_the_look_ahead() -> None:
    """Its letters are wrong already in Korean; among languages of one script a single half word tells nothing."""
    assert run(["학교", " compu"]).outcome == "confused"
    assert run(["compu"]).outcome == "confused"
    assert run([" et", " je", " m"], prefix="Il fait beau", language="fr", english="neutral") == CLEAN


def test_a_character_cut_by_the_look_ahead_is_left_out() -> None:
    first = "가".encode()[:2]
    assert run(["1", first]).outcome == "neutral"
    assert run([first]).outcome == "neutral"
    assert run(["나", first]).outcome == "clean"
    assert run([first, "가".encode()[2:]]).outcome == "clean"


def test_a_candidate_may_end_a_character_that_the_prefix_began() -> None:
    """The sampled token ended 가 and began a Cyrillic letter; another candidate ends another character."""
    first, last = "가".encode()[:2], "가".encode()[2:]
    assert run([last], prefix="나는 ", pending=first) == CLEAN
    assert run([last + "ж".encode()], prefix="나는 ", pending=first) == CONFUSED
    letter = "ж".encode()
    assert run([letter[1:]], prefix="나는 ", pending=letter[:1]) == CONFUSED
    assert run([letter[1:]], prefix="나는 ", pending=letter[:1], settings=PUBLISHED).outcome == "neutral"
