"""Where to write the names of points so that they cover as little as possible."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in pixels, from lower left to upper right."""

    x0: float
    y0: float
    x1: float
    y1: float


_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_MARK = 4.0  # half the width of a point, in points of 1/72 inch


def place_labels(
    marks: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    lines: Sequence[Box],
    bounds: Box,
    pixels: float,
    texts: Sequence[Box] = (),
) -> list[tuple[float, float]]:
    """The lower left corner of each label.

    marks: the points. sizes: (width, height) of the labels. lines: thin boxes to keep clear of. bounds: the drawing's
    edge. pixels: how many make one point of 1/72 inch. texts: what else is written there. Labels are placed one by one,
    those in a crowd first, at the nearest of 24 places around their point that covers least.
    """
    near = _MARK * pixels
    taken = [*texts, *(Box(x - near, y - near, x + near, y + near) for x, y in marks)]
    thick = [Box(b.x0 - pixels, b.y0 - pixels, b.x1 + pixels, b.y1 + pixels) for b in lines]
    places: dict[int, tuple[float, float]] = {}
    for number in sorted(range(len(marks)), key=lambda n: -_crowd(marks, n)):
        x, y = marks[number]
        width, height = sizes[number]
        best, least = (x, y), float("inf")
        for reach, (across, up) in product((1.4, 3.0, 5.5), _DIRECTIONS):
            distance = reach * near
            left = x + across * distance - (width if across < 0 else width / 2 if across == 0 else 0)
            low = y + up * distance - (height if up < 0 else height / 2 if up == 0 else 0)
            box = Box(left, low, left + width, low + height)
            cost = 12 * sum(_shared(box, other) for other in taken) + 3 * sum(_shared(box, other) for other in thick)
            cost += 6 * (width * height - _shared(box, bounds)) + 0.25 * (reach - 1.4) * width * height
            if cost < least:
                best, least = (left, low), cost
        places[number] = best
        taken.append(Box(best[0], best[1], best[0] + width, best[1] + height))
    return [places[number] for number in range(len(marks))]


def _crowd(marks: Sequence[tuple[float, float]], number: int) -> float:
    x, y = marks[number]
    return sum(1 / (1 + abs(x - a) + abs(y - b)) for a, b in marks)


def _shared(one: Box, other: Box) -> float:
    """The area that both cover."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(0.0, width) * max(0.0, height)
