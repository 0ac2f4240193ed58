"""Which token of a confused phrase decided it.

Among languages of one script a phrase of several words is wrong, and its first token often decides nothing: after the
"L" of "Ladies and gentlemen" French goes on just as well. The candidates tried there say little, and the sampled token
counts as clean itself. Of the tokens from the confusion point on, the one to explore is the first after which the
policy's own greedy continuation is confused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from tlpo.modeling.alignment import TokenText
from tlpo.training.exploration import Candidate

if TYPE_CHECKING:
    from tlpo.training.points import ConfusionPoint

Follow = Callable[[Sequence["ConfusionPoint"]], Sequence[Candidate]]
"""Points -> the token sampled at each with its greedy continuation."""


def move_points(
    points: Sequence[ConfusionPoint],
    max_shift: int,
    table: Sequence[bytes],
    follow: Follow,
    is_confused: Callable[[ConfusionPoint, Candidate], bool],
) -> None:
    """Move each point to the token that decided, at most ``max_shift`` tokens further along its response.

    A token that is wrong by itself, as one of a wrong script is, needs no continuation and stays where it is; so does a
    point where no place within reach decides.

    Args:
        points: as detected; changed in place.
        max_shift: tokens to go on at most; 0 moves nothing.
        table: bytes of each token id.
        follow: calls the model, once for all places in question.
        is_confused: whether a continuation at a point is.
    """
    if max_shift == 0:
        return
    unsure = [point for point in points if not is_confused(point, Candidate(point.sampled_id, 1.0, [point.sampled_id]))]
    places = [later_places(point, max_shift, table) for point in unsure]
    followed = iter(follow([place for each in places for place in each]))
    for point, each in zip(unsure, places, strict=True):
        ways = list(islice(followed, len(each)))
        decided = [place for place, way in zip(each, ways, strict=True) if is_confused(place, way)]
        if decided:
            point.move_to(decided[0])


def later_places(point: ConfusionPoint, max_shift: int, table: Sequence[bytes]) -> list[ConfusionPoint]:
    """The point, and those at the ``max_shift`` tokens of its response after it, as far as there are so many."""
    places = [point]
    for token in point.later_ids[:max_shift]:
        before = places[-1]
        passed = TokenText(table, [before.sampled_id], pending=before.prefix_pending)
        places.append(
            replace(
                before,
                prefix_ids=[*before.prefix_ids, before.sampled_id],
                prefix_text=before.prefix_text + passed.text,
                prefix_pending=passed.pending,
                sampled_id=token,
                later_ids=before.later_ids[1:],
                shift=before.shift + 1,
            )
        )
    return places
