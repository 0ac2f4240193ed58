"""Which token of a phrase decided it: by hand, on French sentences that turn into English."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tlpo.confusion import ConfusionDetector
from tlpo.training.decisive import Follow, later_places, move_points
from tlpo.training.exploration import Candidate
from tlpo.training.points import ConfusionPoint
from tlpo.training.rewards import RewardSettings, judge

TABLE = [
    b"", b"L", b"ad", b"ies and gentlemen, I am your guide", b"'homme est arriv\xc3\xa9", "слово".encode(),
    "é".encode()[:1], "é".encode()[1:], b" to the people of the town", b"oui",
]  # fmt: skip
FRENCH = ConfusionDetector("fr", english="confusion")
Ways = dict[tuple[int, ...], list[int]]


def point(sampled: int, later: list[int], *, prefix: str = "", language: str = "fr") -> ConfusionPoint:
    return ConfusionPoint(
        prompt_index=0, sample=0, language=language, prefix_ids=[7], prefix_text=prefix, sampled_id=sampled,
        later_ids=later, response="", char_offset=len(prefix),
    )  # fmt: skip


def is_confused(place: ConfusionPoint, way: Candidate) -> bool:
    detector = FRENCH if place.language == "fr" else ConfusionDetector(place.language)
    settings = RewardSettings()
    return judge(place.prefix_text, way, TABLE, detector, frozenset([0]), settings).outcome == "confused"


def along(ways: Ways, asked: list[tuple[int, ...]]) -> Follow:
    """Continuations by the tokens up to the sampled one; notes what was asked."""

    def follow(places: Sequence[ConfusionPoint]) -> list[Candidate]:
        keys = [(*place.prefix_ids, place.sampled_id) for place in places]
        asked.extend(keys)
        return [Candidate(key[-1], 0.1, [key[-1], *ways[key]]) for key in keys]

    return follow


LADIES: Ways = {(7, 1): [4], (7, 1, 2): [3], (7, 1, 2, 3): [8]}  # "L'homme est arrivé", "Ladies and gentlemen ..."


def test_a_point_moves_to_the_token_after_which_the_policy_itself_goes_wrong() -> None:
    asked: list[tuple[int, ...]] = []
    start = point(1, [2, 3])
    move_points([start], 4, TABLE, along(LADIES, asked), is_confused)
    assert (start.prefix_ids, start.prefix_text, start.sampled_id) == ([7, 1], "L", 2)
    assert (start.later_ids, start.shift, start.char_offset) == ([3], 1, 0)
    assert asked == [(7, 1), (7, 1, 2), (7, 1, 2, 3)]  # as far as the response goes


def test_it_stays_where_its_own_continuation_is_confused() -> None:
    start = point(1, [2, 3])
    move_points([start], 4, TABLE, along(LADIES | {(7, 1): [2, 3]}, []), is_confused)
    assert (start.sampled_id, start.shift) == (1, 0)


def test_it_stays_where_no_place_within_reach_decides() -> None:
    clean: Ways = {(7, 1): [4], (7, 1, 2): [9], (7, 1, 2, 2): [3]}
    start = point(1, [2, 2])
    move_points([start], 1, TABLE, along(clean, []), is_confused)
    assert (start.sampled_id, start.shift) == (1, 0)


def test_each_point_moves_by_its_own_continuations() -> None:
    """The second's are asked for in the same call; a token that is wrong by itself asks for none."""
    asked: list[tuple[int, ...]] = []
    russian = point(5, [8], prefix="나는 ", language="ko")
    decides_late, decides_early = point(1, [9, 2, 3]), point(1, [2, 3])
    ways = LADIES | {(7, 1, 9): [4], (7, 1, 9, 2): [3], (7, 1, 9, 2, 3): [8]}
    points = [decides_late, russian, decides_early]
    move_points(points, 3, TABLE, along(ways, asked), is_confused)
    assert [(place.sampled_id, place.shift) for place in points] == [(2, 2), (5, 0), (2, 1)]
    assert len(asked) == 4 + 3
    assert all(key[1] == 1 for key in asked)


def test_the_end_of_a_response_decides_nothing() -> None:
    start = point(9, [0])
    move_points([start], 2, TABLE, along({(7, 9): [4], (7, 9, 0): []}, []), is_confused)
    assert (start.sampled_id, start.shift) == (9, 0)


def test_zero_moves_nothing() -> None:
    asked: list[tuple[int, ...]] = []
    start = point(1, [2, 3])
    move_points([start], 0, TABLE, along(LADIES, asked), is_confused)
    assert (start.sampled_id, start.shift, asked) == (1, 0, [])


@pytest.mark.parametrize(("most", "count"), [(0, 1), (1, 2), (2, 3), (9, 3)])
def test_places_follow_the_response_through_a_split_character(most: int, count: int) -> None:
    places = later_places(point(6, [7, 9], prefix="caf"), most, TABLE)
    assert len(places) == count
    expected = [([7], "caf", b"", 6), ([7, 6], "caf", b"\xc3", 7), ([7, 6, 7], "café", b"", 9)]
    assert [(p.prefix_ids, p.prefix_text, p.prefix_pending, p.sampled_id) for p in places] == expected[:count]
