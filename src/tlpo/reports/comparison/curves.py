"""What single figures hide: curves of the validation over the learning rates, and of the samples over a training.

They show whether responses shorten, digits take over or clean text becomes less likely as a method pulls harder, and
when. matplotlib is imported when they are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tlpo.reports.comparison.picture import LINE, SOFT, drawing, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Panel = tuple[str, str, float]
"""Name of a figure, its title, and what it is multiplied by to be shown."""
_OVER_RATES: tuple[Panel, ...] = (
    ("confusion", "confused responses, %", 100), ("nll_rise", "rise in NLL, nats a token", 1),
    ("mean_length", "mean length, tokens", 1), ("digits_share", "digits, % of the characters", 100),
)  # fmt: skip
_OVER_STEPS: tuple[Panel, ...] = (
    ("confusion", "confused responses, %", 100), ("eos_rate", "responses that end, %", 100),
    ("mean_length", "mean length, tokens", 1), ("digits_share", "digits, % of the characters", 100),
)  # fmt: skip
# Okabe and Ito's colours that hold on white and on black.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_MARKS = ("o", "s", "^", "D", "v", "P")


def draw_curves(curves: Mapping[str, Any]) -> Figure:
    """Over the learning rates, one line a trained method.

    curves: {"base": {name: value}, "methods": {label: {"chosen": rate, "points": [{"rate", name: value}]}}}, with the
    names confusion, nll_rise, mean_length and digits_share; what a point lacks is left out.
    """

    def draw(axes: Axes, name: str, scale: float) -> None:
        base = curves["base"].get(name)
        if base is not None:
            axes.axhline(scale * base, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), label="base model")
        for number, (label, told) in enumerate(curves["methods"].items()):
            points = _having(told["points"], name)
            chosen = [point for point in points if point["rate"] == told["chosen"]]
            _line(axes, points, ("rate", name), scale, number, label=label)
            _line(axes, chosen, ("rate", name), scale, number, size=7.5)
        axes.set_xscale("log")
        axes.minorticks_off()
        rates = sorted({point["rate"] for told in curves["methods"].values() for point in told["points"]})
        shown = rates[:: max(1, -(-len(rates) // 4))]
        axes.set_xticks(shown, [f"{rate:g}" for rate in shown])

    return _panels(_OVER_RATES, "learning rate", draw)


def draw_steps(steps: Mapping[str, Any]) -> Figure:
    """Over the steps of the trainings that sample as they go, one line a run, a method's runs alike.

    steps: {label: [[{"done", name: value}, ...], ...]}, a list of points a run, with the names confusion, eos_rate,
    mean_length and digits_share; done is the share of the run's steps, in [0, 1]. What a point lacks is left out.
    """

    def draw(axes: Axes, name: str, scale: float) -> None:
        for number, (label, runs) in enumerate(steps.items()):
            for place, points in enumerate(runs):
                own = None if place else label
                _line(axes, _having(points, name), ("done", name), scale, number, label=own, size=2.5)
        axes.set_xlim(0, 1.03)
        axes.set_ylim(bottom=0)  # a single response that ends early is no fall
        axes.set_xticks([0, 0.5, 1], ["start", "half", "end"])

    return _panels(_OVER_STEPS, "steps of the training", draw)


def _panels(panels: Sequence[Panel], below: str, draw: Callable[[Axes, str, float], None]) -> Figure:
    """Four panels in a square with one legend. draw: fills one, given the figure's name and scale."""
    with drawing():
        figure, grid = new_figure(4.6, 4.9, 2, 2)
        for axes, (name, title, scale) in zip(grid, panels, strict=True):
            draw(axes, name, scale)
            axes.set_title(title, fontsize=8, loc="left")
            axes.grid(color=LINE, linewidth=0.4, alpha=0.6)
            axes.tick_params(length=0, labelsize=7)
        for axes in grid[2:]:
            axes.set_xlabel(below, fontsize=8)
        lines = grid[0].get_legend_handles_labels()
        figure.legend(*lines, loc="outside upper center", ncols=3, frameon=False, fontsize=7.5, labelcolor=SOFT)
    return figure


def _having(points: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    return [point for point in points if point.get(name) is not None]


def _line(
    axes: Axes,
    points: Sequence[Mapping[str, Any]],
    names: tuple[str, str],
    scale: float,
    number: int,
    *,
    size: float = 3.5,
    label: str | None = None,
) -> None:
    """names: of what runs along and what runs up. number: of the method, which decides colour and mark."""
    along, up = names
    ordered = sorted(points, key=lambda point: float(point[along]))
    axes.plot(
        [point[along] for point in ordered], [scale * point[up] for point in ordered],
        color=_COLOURS[number % len(_COLOURS)], marker=_MARKS[number % len(_MARKS)],
        markersize=size, linewidth=1.1, alpha=0.9, label=label,
    )  # fmt: skip
