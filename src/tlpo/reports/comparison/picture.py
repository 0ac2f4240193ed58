"""The picture of a comparison: consistency against ability, one point a method, with faint dots for its seeds, if it
has several. matplotlib is imported when drawing.

Whiskers are the 95 % interval of a method's difference from the base model, drawn around the method's point: where one
crosses the base model's line, a difference cannot be told. Right and up are always better; a figure of which less is
better has its axis reversed.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.errors import missing_extra
from tlpo.files import write_bytes
from tlpo.reports.comparison.labels import Box, place_labels
from tlpo.reports.comparison.verdict import figure_of, outcomes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, LINE, GOOD, BAD, PLAIN = "#1b1c1e", "#5d6066", "#d5d5d0", "#0f766e", "#c2410c", "#7b7f87"
"""Colours of ink, secondary text, grid, and of methods that gained, that paid or lost, and of which one cannot tell."""
KINDS = {"gain": "good", "surgical": "good", "cosmetic": "bad", "loss": "bad", "harm": "bad", "silent": "bad"}
"""Outcome to colour; others are plain."""
_COLOURS = {"good": GOOD, "bad": BAD, "plain": PLAIN, "base": INK}
_MARKS = {"good": "o", "bad": "s", "plain": "^", "base": "D"}
_TOLD = {
    "good": "surgical: no loss seen", "bad": "cosmetic or a loss", "plain": "cannot tell", "base": "base model",
}  # fmt: skip
_SEED: Any = {"markersize": 3.2, "alpha": 0.4, "markeredgewidth": 0, "zorder": 4}
_SIZE = (4.6, 4.3)  # inches: legible when a phone shows it at 360 pixels
_STYLE: Any = {
    "font.size": 8.5, "font.family": "sans-serif", "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.7, "savefig.dpi": 200, "svg.fonttype": "none", "axes.edgecolor": LINE, "xtick.color": SOFT,
    "ytick.color": SOFT, "axes.labelcolor": INK, "text.color": INK, "text.parse_math": False,
}  # fmt: skip
_AXIS_NAMES = {"accuracy": "accuracy, %", "likelihood": "rise in NLL of clean text, nats a token"}


@dataclass(frozen=True)
class _Point:
    label: str
    kind: str
    x: float
    y: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    seeds: tuple[tuple[float, float], ...] = ()


def draw_picture(comparison: Mapping[str, Any], axis: str | None) -> Figure:
    """The picture with `axis` ("accuracy" or "likelihood") to the right; None draws consistency alone."""
    with drawing():
        figure, (axes,) = new_figure(*_SIZE, 1, 1)
        if axis is None:
            _draw_alone(axes, comparison)
        else:
            _draw_plane(axes, comparison, axis)
    return figure


def new_figure(width: float, height: float, down: int, across: int) -> tuple[Figure, list[Axes]]:
    """A figure of that size in inches, free of pyplot's state, and its axes from left to right and top to bottom."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(down, across, squeeze=False).flat)


def save_picture(figure: Figure, path: Path) -> str:
    """Write ``path``.png and ``path``.svg, each replaced when whole; returns the SVG's text.

    Equal pictures give equal files: no date, and names inside the SVG that follow from what is drawn.
    """
    contents = {}
    for kind in ("png", "svg"):
        buffer = io.BytesIO()
        with drawing(**{"svg.hashsalt": "tlpo"}):
            figure.savefig(buffer, format=kind, metadata={"Date": None} if kind == "svg" else None)
        contents[kind] = buffer.getvalue()
        write_bytes(path.with_name(f"{path.name}.{kind}"), contents[kind])
    return contents["svg"].decode("utf-8")


@contextmanager
def drawing(**settings: Any) -> Iterator[None]:
    """Everything is drawn in here: in one style, and without a warning about letters that the font lacks, since the
    SVG leaves the font to its reader. Raises UserError when matplotlib is not installed."""
    import_matplotlib()
    import matplotlib

    style: Any = {**_STYLE, **settings}
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def import_matplotlib() -> None:
    """Raise UserError, naming the extra, when matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise missing_extra("matplotlib", "plot") from None


def points(comparison: Mapping[str, Any], axis: str) -> list[_Point]:
    """Where each method stands; consistency and accuracy in percent, the likelihood as rise over the base's NLL."""
    up, right = figure_of(comparison, "consistency"), figure_of(comparison, axis)
    base, found = comparison["base"], outcomes(comparison)
    shown = []
    for method in comparison["methods"]:
        label = method["label"]
        if label not in up["methods"] or label not in right["methods"]:
            continue
        kind = "base" if label == base else KINDS.get(found[label].key, "plain")
        x, x_range = _place(right, label, base)
        y, y_range = _place(up, label, base)
        seeds = tuple(zip(_seeds(right, label, base), _seeds(up, label, base), strict=True))
        shown.append(_Point(label, kind, x, y, x_range, y_range, seeds))
    return shown


def _place(figure: Mapping[str, Any], label: str, base: str) -> tuple[float, tuple[float, float]]:
    """The coordinate and the whisker around it: the base's value and the interval of the difference from it."""
    told = figure["methods"][label]
    origin = figure["methods"][base]["value"]
    low, high = told["difference_ci95"] or (0.0, 0.0)
    if not figure["share"]:
        return told["value"] - origin, (low, high)
    low, high = max(0.0, origin + low), min(1.0, origin + high)
    return 100 * told["value"], (100 * low, 100 * high)


def _seeds(figure: Mapping[str, Any], label: str, base: str) -> list[float]:
    """The coordinates of a method's single runs, if there are several."""
    runs = figure["methods"][label]["runs"]
    origin = figure["methods"][base]["value"]
    return [100 * value if figure["share"] else value - origin for value in runs] if len(runs) > 1 else []


def _draw_plane(axes: Axes, comparison: Mapping[str, Any], axis: str) -> None:
    shown = points(comparison, axis)
    reverse = not figure_of(comparison, axis)["higher_is_better"]
    base = next(point for point in shown if point.kind == "base")
    _set_limits(axes, shown, reverse)
    axes.axvline(base.x, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    axes.axhline(base.y, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    (_, right), (_, top) = axes.get_xlim(), axes.get_ylim()
    axes.fill_between([base.x, right], base.y, top, color=GOOD, alpha=0.07, linewidth=0, zorder=0)
    corners = [
        axes.annotate(text, (place, place), xycoords="axes fraction", xytext=(shift, shift), ha=across, va=up,
                      textcoords="offset points", color=colour, fontsize=7.5)
        for text, place, shift, across, up, colour in (
            ("better on both ↗", 1, -4, "right", "top", GOOD), ("worse on both", 0, 4, "left", "bottom", SOFT)
        )
    ]  # fmt: skip
    for point in shown:
        colour = _COLOURS[point.kind]
        if point.kind != "base":
            axes.plot(point.x_range, (point.y, point.y), color=colour, linewidth=1.1, alpha=0.65, zorder=2)
            axes.plot((point.x, point.x), point.y_range, color=colour, linewidth=1.1, alpha=0.65, zorder=2)
        for seed in point.seeds:
            axes.plot(*seed, "o", color=colour, **_SEED)
        axes.plot(
            point.x, point.y, _MARKS[point.kind], color=colour, markersize=6, markeredgecolor="white",
            markeredgewidth=0.8, zorder=6,
        )  # fmt: skip
    told = "further right is better" + (" (axis reversed)" if reverse else "")
    axes.set_xlabel(f"{_AXIS_NAMES[axis]}\n{told}")
    axes.set_ylabel(_consistency_name(comparison, "higher is better"))
    _legend(axes, [point.kind for point in shown])
    _write_labels(axes, shown, comparison["focus"], corners)


def _consistency_name(comparison: Mapping[str, Any], direction: str) -> str:
    """With what decides it: the rate, the profile, what is made of English, and the temperature."""
    temperatures = ", ".join(f"{one:g}" for one in figure_of(comparison, "consistency")["temperatures"])
    judged = comparison["judged_by"]
    what = "responses whose lines all pass" if judged["rate"] == "lpr" else "responses that pass"
    english = f"English is {judged['english']}, " if judged["english"] else ""
    return f"consistency: {what}, %; {direction}\nprofile {judged['profile']}, {english}temperature {temperatures}"


def _set_limits(axes: Axes, shown: Sequence[_Point], reverse: bool) -> None:
    xs = [value for point in shown for value in (point.x, *point.x_range, *(x for x, _ in point.seeds))]
    ys = [value for point in shown for value in (point.y, *point.y_range, *(y for _, y in point.seeds))]
    margins = [0.1 * (max(values) - min(values)) or 1e-3 + 0.02 * abs(max(values)) for values in (xs, ys)]
    limits = (min(xs) - margins[0], max(xs) + margins[0])
    axes.set_xlim(limits[::-1] if reverse else limits)
    axes.set_ylim(min(ys) - margins[1], max(ys) + margins[1])
    axes.grid(color=LINE, linewidth=0.4, alpha=0.6)
    axes.set_axisbelow(True)
    axes.locator_params(axis="x", nbins=5)
    axes.tick_params(length=0)


def _write_labels(axes: Axes, shown: Sequence[_Point], focus: str | None, corners: Sequence[Any]) -> None:
    """Each point's name beside it, where it covers no other name, point, whisker or text in a corner."""
    figure: Any = axes.get_figure()
    figure.draw_without_rendering()
    texts = [axes.annotate(point.label, (point.x, point.y), xytext=(0, 0), textcoords="offset points", zorder=5,
                           fontsize=8.5, fontweight="bold" if point.label == focus else "normal",
                           color=_COLOURS[point.kind],
                           bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.4})
             for point in shown]  # fmt: skip
    sizes = [(box.width, box.height) for box in (text.get_window_extent() for text in texts)]
    transform = axes.transData.transform
    marks = [tuple(map(float, transform((point.x, point.y)))) for point in shown]
    whiskers = [_box(transform, point.x_range, (point.y, point.y)) for point in shown if point.kind != "base"]
    whiskers += [_box(transform, (point.x, point.x), point.y_range) for point in shown if point.kind != "base"]
    base = next(point for point in shown if point.kind == "base")
    whiskers += [_box(transform, axes.get_xlim(), (base.y, base.y)), _box(transform, (base.x, base.x), axes.get_ylim())]
    edge, *written = (_extent(item) for item in (axes, *corners))
    places = place_labels([(x, y) for x, y in marks], sizes, whiskers, edge, figure.dpi / 72, written)
    for text, (x, y), mark in zip(texts, places, marks, strict=True):
        text.set_position(((x - mark[0]) * 72 / figure.dpi, (y - mark[1]) * 72 / figure.dpi))


def _extent(item: Any) -> Box:
    found = item.get_window_extent()
    return Box(found.x0, found.y0, found.x1, found.y1)


def _box(transform: Any, xs: Sequence[float], ys: Sequence[float]) -> Box:
    corners = transform([(xs[0], ys[0]), (xs[1], ys[1])])
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return Box(float(x0), float(y0), float(x1), float(y1))


def _legend(axes: Axes, kinds: Sequence[str]) -> None:
    for kind in [kind for kind in _MARKS if kind in kinds]:
        axes.plot([], [], _MARKS[kind], color=_COLOURS[kind], markersize=5, label=_TOLD[kind])
    figure: Any = axes.get_figure()
    figure.legend(
        loc="outside upper center", ncols=len(set(kinds)), frameon=False, fontsize=7.5, handletextpad=0.1,
        columnspacing=1.0, labelcolor=SOFT,
    )  # fmt: skip


def _draw_alone(axes: Axes, comparison: Mapping[str, Any]) -> None:
    """Consistency alone, one row a method."""
    figure, base, found = figure_of(comparison, "consistency"), comparison["base"], outcomes(comparison)
    labels = [method["label"] for method in comparison["methods"] if method["label"] in figure["methods"]]
    for row, label in enumerate(labels):
        value, ends = _place(figure, label, base)
        kind = "base" if label == base else KINDS.get(found[label].key, "plain")
        axes.plot(ends if kind != "base" else (value, value), (row, row), color=_COLOURS[kind], linewidth=1.2)
        axes.plot(value, row, _MARKS[kind], color=_COLOURS[kind], markersize=6, zorder=6)
        for seed in _seeds(figure, label, base):
            axes.plot(seed, row, "o", color=_COLOURS[kind], **_SEED)
        if kind == "base":
            axes.axvline(value, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.grid(axis="x", color=LINE, linewidth=0.4, alpha=0.6)
    axes.set_xlabel(_consistency_name(comparison, "further right is better"))
    _legend(axes, ["base", *(KINDS.get(own.key, "plain") for own in found.values())])
