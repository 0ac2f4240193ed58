"""What the learning rate does: curves of the validation figures, one line a trained method.

They show what a single figure hides: whether responses shorten, digits take over or clean text becomes less likely as a
method pulls harder. matplotlib is imported when they are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tlpo.reports.comparison.picture import LINE, SOFT, drawing, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS = (
    ("confusion", "confused responses, %", 100), ("nll_rise", "rise in NLL, nats a token", 1),
    ("mean_length", "mean length, tokens", 1), ("digits_share", "digits, % of the characters", 100),
)  # fmt: skip
# Okabe and Ito's colours that hold on white and on black.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MARKS = ("o", "s", "^", "D", "v", "P")


def draw_curves(curves: Mapping[str, Any]) -> Figure:
    """The figure.

    curves: {"base": {name: value}, "methods": {label: {"chosen": rate, "points": [{"rate", name: value}]}}}, with the
    names confusion, nll_rise, mean_length and digits_share; what a point lacks is left out.
    """
    with drawing():
        figure, grid = new_figure(4.6, 4.9, 2, 2)
        for axes, (name, title, scale) in zip(grid, _PANELS, strict=True):
            _panel(axes, curves, name, scale)
            axes.set_title(title, fontsize=8, loc="left")
        for axes in grid[2:]:
            axes.set_xlabel("learning rate", fontsize=8)
        lines = grid[0].get_legend_handles_labels()
        figure.legend(*lines, loc="outside upper center", ncols=3, frameon=False, fontsize=7.5, labelcolor=SOFT)
    return figure


def _panel(axes: Axes, curves: Mapping[str, Any], name: str, scale: float) -> None:
    base = curves["base"].get(name)
    if base is not None:
        axes.axhline(scale * base, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), label="base model")
    for number, (label, told) in enumerate(curves["methods"].items()):
        points = [point for point in told["points"] if point.get(name) is not None]
        colour, mark = _COLOURS[number % len(_COLOURS)], _MARKS[number % len(_MARKS)]
        _line(axes, points, name, scale, colour=colour, mark=mark, label=label)
        chosen = [point for point in points if point["rate"] == told["chosen"]]
        _line(axes, chosen, name, scale, colour=colour, mark=mark, size=7.5)
    axes.set_xscale("log")
    axes.minorticks_off()
    rates = sorted({point["rate"] for told in curves["methods"].values() for point in told["points"]})
    shown = rates[:: max(1, -(-len(rates) // 4))]
    axes.set_xticks(shown, [f"{rate:g}" for rate in shown])
    axes.grid(color=LINE, linewidth=0.4, alpha=0.6)
    axes.tick_params(length=0, labelsize=7)


def _line(
    axes: Axes,
    points: Sequence[Mapping[str, float]],
    name: str,
    scale: float,
    *,
    colour: str,
    mark: str,
    size: float = 3.5,
    label: str | None = None,
) -> None:
    ordered = sorted(points, key=lambda point: point["rate"])
    axes.plot(
        [point["rate"] for point in ordered], [scale * point[name] for point in ordered], color=colour, marker=mark,
        markersize=size, linewidth=1.1, alpha=0.9, label=label,
    )  # fmt: skip
