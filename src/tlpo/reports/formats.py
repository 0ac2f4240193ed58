"""How figures are written: one place, so that the page, the tables and the model card agree."""

from __future__ import annotations

from collections.abc import Sequence


def percent(share: float | None, digits: int = 1) -> str:
    """A share in [0, 1] as "22.1 %"; a dash for None."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def percent_interval(interval: Sequence[float] | None, digits: int = 1) -> str:
    """An interval of shares as "18.0 to 26.9 %"; a dash for None."""
    return "–" if interval is None else f"{100 * interval[0]:.{digits}f} to {100 * interval[1]:.{digits}f} %"


def points(change: float, digits: int = 1) -> str:
    """A change of a share, in percentage points with its sign: "+1.2", "-0.4", "0.0"."""
    return signed(100 * change, digits)


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign; what rounds to zero has none."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def signed_interval(interval: Sequence[float], digits: int = 3, scale: float = 1.0) -> str:
    """An interval of changes as "-0.4 to +1.2"."""
    return f"{signed(scale * interval[0], digits)} to {signed(scale * interval[1], digits)}"
