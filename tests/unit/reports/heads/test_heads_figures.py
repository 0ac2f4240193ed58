"""The figures: what is drawn in them, and the files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.reports.heads.analysis import ALPHA, analysis

from tlpo.reports.heads import figures

pytest.importorskip("matplotlib")
pytest.importorskip("scipy")


def image_values(figure: Any) -> list[list[list[float]]]:
    """The values of every image in a figure, colour bars left out."""
    return [image.get_array().tolist() for axes in figure.axes for image in axes.images]


def test_maps_show_alpha_from_0_to_its_end() -> None:
    figure = figures.alpha_map(ALPHA, 2.0)
    assert image_values(figure) == [ALPHA]
    assert figure.axes[0].images[0].get_clim() == (0, 2)
    together = figures.alpha_maps({str(number): ALPHA for number in range(5)})
    assert image_values(together) == [ALPHA] * 5
    titles = [axes.get_title() for axes in together.axes if axes.get_visible()]
    assert [title for title in titles if title] == list("01234")


def test_patching_has_a_line_a_task_and_a_point_a_draw() -> None:
    found = analysis()["intra"]
    axes = figures.patching(found).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["antonym", "capitalize"]
    drawn = [
        point for part in axes.collections if hasattr(part, "get_offsets") for point in part.get_offsets().tolist()
    ]
    for place in range(2):
        expected = [(0.2, place), (0.6, place), (0.0, place + 0.2), (0.75, place - 0.2), (0.8, place)]
        assert all(any(point == pytest.approx(wanted) for point in drawn) for wanted in expected)


def test_a_matrix_has_its_values_written_in() -> None:
    figure = figures.matrix(["a", "b"], [[1.0, 0.05], [-0.5, 0.25]], rows="r", columns="c", label="l", limits=(-1, 1))
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["1", ".05", "-.50", ".25"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("r", "c")
    assert image_values(figure)[0] == [[1.0, 0.05], [-0.5, 0.25]]


def test_a_tree_names_every_task() -> None:
    axes = figures.dendrogram(["x", "y", "z"], [[0, 1, 0.2, 2], [2, 3, 0.9, 3]]).axes[0]
    assert sorted(label.get_text() for label in axes.get_yticklabels()) == ["x", "y", "z"]
    assert max(axes.get_xlim()) >= 0.9


def test_names_with_dollar_signs_are_no_formulas(tmp_path: Path) -> None:
    names, line = ["cost $x_{$", "b"], {"strict": 0.5, "ci95": (0.4, 0.6)}
    intra = {name: {"soft": line, "high": line, "low": line, "random": [line]} for name in names}
    drawn = {
        "maps": figures.alpha_maps(dict.fromkeys(names, ALPHA)),
        "patching": figures.patching(intra),
        "matrix": figures.matrix(names, [[1.0, 0.0], [0.0, 1.0]], rows="r", columns="c", label="l"),
        "tree": figures.dendrogram(names, [[0, 1, 0.2, 2]]),
    }
    for name, figure in drawn.items():
        assert "</svg>" in figures.save(figure, tmp_path / name)


def test_both_files_are_whole_and_equal_figures_give_equal_files(tmp_path: Path) -> None:
    texts = [figures.save(figures.alpha_map(ALPHA), tmp_path / "map") for _ in range(2)]
    assert texts[0] == texts[1] == (tmp_path / "map.svg").read_text(encoding="utf-8")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert re.search(r"<svg [^>]*viewBox", texts[0])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.png", "map.svg"]
