"""Figures of an analysis of selected heads, each as PNG and SVG. matplotlib is imported when one is drawn."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from tlpo.errors import missing_extra
from tlpo.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Parameters = ParamSpec("Parameters")
# Wide enough for a column of text, and legible when a phone shows it at 360 pixels.
_WIDTH = 5.0
_STYLE: Any = {
    "font.size": 9, "axes.titlesize": 9, "axes.spines.top": False, "axes.spines.right": False, "savefig.dpi": 160,
    "svg.fonttype": "path", "axes.linewidth": 0.7, "figure.facecolor": "white",
    "text.parse_math": False,  # a task's name may hold dollar signs
}  # fmt: skip
_INK, _HIGH, _LOW, _RANDOM, _SOFT = "#1b1c1e", "#0f766e", "#c2410c", "#8a8d93", "#3b5bdb"


def _styled(draw: Callable[Parameters, Figure]) -> Callable[Parameters, Figure]:
    """Draw in the common style, which matplotlib looks up when each part of a figure is made."""

    @functools.wraps(draw)
    def styled(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Figure:
        try:
            import matplotlib
        except ImportError:
            raise missing_extra("matplotlib", "plot") from None
        with matplotlib.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


@_styled
def alpha_map(alpha: Sequence[Sequence[float]], top: float = 1.0) -> Figure:
    """alpha over layer (down) and head (across), from 0 (dark) to `top`."""
    figure, axes = _new(1.7, 0.5 + 0.115 * max(6, len(alpha)))
    _draw_alpha(axes, alpha, top)
    axes.set_ylabel("layer")
    axes.set_xlabel("head")
    return figure


@_styled
def alpha_maps(alphas: Mapping[str, Sequence[Sequence[float]]], top: float = 1.0) -> Figure:
    """All tasks' maps in one figure, four in a row."""
    across = min(4, len(alphas))
    down = -(-len(alphas) // across)
    depth = len(next(iter(alphas.values())))
    figure, grid = _new_grid(1.55 * across + 0.7, (0.45 + 0.1 * max(6, depth)) * down + 0.2, down, across)
    for place, axes in enumerate(grid):
        axes.set_visible(place < len(alphas))
    for axes, (task, alpha) in zip(grid, alphas.items(), strict=False):
        image = _draw_alpha(axes, alpha, top)
        axes.set_title(task, fontsize=8)
    figure.colorbar(image, ax=grid, fraction=0.03, ticks=[0, top / 2, top], label="alpha")
    figure.supxlabel("head", fontsize=9)
    figure.supylabel("layer", fontsize=9)
    return figure


@_styled
def patching(intra: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Strict exact match of each task with the soft selection, its high heads, its low heads, and random heads."""
    figure, axes = _new(_WIDTH, 0.9 + 0.42 * len(intra))
    for place, found in enumerate(intra.values()):
        axes.hlines(place, 0, 1, color="#e3e3de", linewidth=0.8, zorder=0)
        drawn = [draw["strict"] for draw in found["random"]]
        axes.scatter(drawn, [place] * len(drawn), s=22, color=_RANDOM, alpha=0.65, linewidths=0, zorder=2)
        for name, color, marker in (("low", _LOW, "v"), ("high", _HIGH, "^"), ("soft", _SOFT, "o")):
            low, high = found[name]["ci95"]
            shift = {"low": 0.2, "high": -0.2, "soft": 0.0}[name]
            axes.hlines(place + shift, low, high, color=color, linewidth=1.2, alpha=0.7)
            axes.scatter(found[name]["strict"], place + shift, s=30, color=color, marker=marker, zorder=3)
    handles = [
        axes.scatter([], [], s=30, color=color, marker=marker, label=label)
        for label, color, marker in (
            ("soft alpha", _SOFT, "o"), ("high heads only", _HIGH, "^"),
            ("low heads only", _LOW, "v"), ("random heads, one draw each", _RANDOM, "o"),
        )
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    axes.set_yticks(range(len(intra)), labels=list(intra))
    axes.set_xlim(-0.02, 1.02)
    axes.invert_yaxis()
    axes.set_xlabel("strict exact match")
    return figure


@_styled
def matrix(
    names: Sequence[str], values: Sequence[Sequence[float]], *, rows: str, columns: str, label: str,
    limits: tuple[float, float] = (0.0, 1.0),
) -> Figure:  # fmt: skip
    """A square matrix between tasks with its values written in."""
    size = len(names)
    figure, axes = _new(_WIDTH, 1.2 + 0.46 * size)
    image = axes.imshow(values, cmap="viridis", vmin=limits[0], vmax=limits[1], aspect="auto")
    middle = sum(limits) / 2
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            color = "white" if value < middle else _INK
            text = f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.0f}"
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize=8 if size <= 8 else 6.5)
    axes.set_xticks(range(size), labels=list(names), rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(size), labels=list(names))
    axes.set_xlabel(columns)
    axes.set_ylabel(rows)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, label=label)
    return figure


@_styled
def dendrogram(names: Sequence[str], linkage: Sequence[Sequence[float]]) -> Figure:
    """The tree of a hierarchical clustering as scipy's `linkage` returns it."""
    try:
        from scipy.cluster import hierarchy
    except ImportError:
        raise missing_extra("scipy", "plot") from None
    import numpy as np

    figure, axes = _new(_WIDTH, 0.8 + 0.28 * len(names))
    hierarchy.dendrogram(
        np.asarray(linkage, dtype=float), labels=list(names), orientation="left", ax=axes, color_threshold=0,
        above_threshold_color=_HIGH,
    )  # fmt: skip
    axes.tick_params(axis="y", labelsize=9)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("1 - correlation of the tasks' alpha")
    return figure


def save(figure: Figure, path: Path) -> str:
    """Write ``path``.png and ``path``.svg, replacing older ones when whole; returns the SVG's text."""
    import matplotlib

    contents = {}
    for kind in ("png", "svg"):
        buffer = io.BytesIO()
        # Equal figures give equal files: no date, and names inside the SVG that follow from what is drawn.
        with matplotlib.rc_context({**_STYLE, "svg.hashsalt": path.name}):
            figure.savefig(buffer, format=kind, metadata={"Date": None} if kind == "svg" else None)
        contents[kind] = buffer.getvalue()
    for kind, content in contents.items():
        write_bytes(path.with_name(f"{path.name}.{kind}"), content)
    return contents["svg"].decode("utf-8")


def _new(width: float, height: float) -> tuple[Figure, Axes]:
    figure, grid = _new_grid(width, height, 1, 1)
    return figure, grid[0]


def _new_grid(width: float, height: float, down: int, across: int) -> tuple[Figure, list[Axes]]:
    """A figure without pyplot's global state, and its axes from left to right, top to bottom."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(down, across, squeeze=False).flat)


def _draw_alpha(axes: Axes, alpha: Sequence[Sequence[float]], top: float) -> Any:
    image = axes.imshow(alpha, cmap="viridis", vmin=0, vmax=top, aspect="auto", interpolation="nearest")
    heads, layers = len(alpha[0]), len(alpha)
    axes.set_xticks(range(0, heads, max(1, heads // 4)))
    axes.set_yticks(range(0, layers, max(1, layers // 6)))
    axes.tick_params(labelsize=7, length=2)
    return image
