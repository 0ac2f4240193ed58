"""Scoring many responses: one process or two, streamed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tlpo.errors import UserError
from tlpo.metrics import PROFILES, Response, get_profile, score_responses
from tlpo.metrics.scoring import tally_responses

KOREAN = "서울은 한국의 수도이며 매우 큰 도시입니다"
CHINESE = "首尔是韩国的首都也是一座很大的城市"


def responses(count: int) -> Iterator[Response]:
    for number in range(count):
        text = f"{KOREAN} {number}" if number % 3 else f"{KOREAN} {CHINESE}"
        yield Response("m", "mono", "a" if number % 2 else "b", "ko", text)


def test_two_processes_score_as_one() -> None:
    profile = get_profile("tlpo")
    assert tally_responses(responses(900), profile, workers=2) == tally_responses(responses(900), profile, workers=1)


def test_responses_are_read_as_they_are_needed() -> None:
    read = 0

    def counted() -> Iterator[Response]:
        nonlocal read
        for response in responses(2500):
            read += 1
            if read == 2400:
                raise UserError("a bad line")
            yield response

    with pytest.raises(UserError, match="a bad line"):
        tally_responses(counted(), get_profile("tlpo"), workers=1)
    assert read == 2400


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_makes_rows(name: str) -> None:
    rows = score_responses(responses(6), get_profile(name), resamples=50)
    assert [(row["source"], row["language"], row["n"]) for row in rows] == [
        ("a", "ko", 3),
        ("b", "ko", 3),
        ("a", "all", 3),
        ("b", "all", 3),
        ("all", "ko", 6),
        ("all", "all", 6),
    ]
    assert all(0 <= row["lpr"] <= 100 for row in rows)


def test_bad_options_are_told() -> None:
    with pytest.raises(UserError, match=r"no such profile: 'tpo' \(did you mean 'tlpo'\?\)"):
        get_profile("tpo")
    with pytest.raises(UserError, match="english is 'neutral' or 'confusion', not 'ignore'"):
        get_profile("tlpo", english="ignore")
    with pytest.raises(UserError, match="for the profile 'lcb' only"):
        get_profile("tlpo", word_list="words")
    with pytest.raises(UserError, match="has no setting for English"):
        get_profile("lcb", english="confusion")
