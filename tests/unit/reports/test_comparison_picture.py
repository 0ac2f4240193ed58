"""The picture: points and whiskers where the figures are, and labels that stay apart."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests.unit.reports.comparisons import comparison

from tlpo.reports.comparison.curves import draw_curves, draw_steps
from tlpo.reports.comparison.labels import Box, place_labels
from tlpo.reports.comparison.picture import draw_picture, points, save_picture

METHODS = {
    "TLPO": ((0.1, 0.05, 0.15), (0.0, -0.01, 0.01)),
    "SFT": ((-0.1, -0.2, -0.05), (-0.05, -0.06, -0.04)),
    "ORPO": ((0.01, -0.02, 0.3), (-0.05, -0.06, -0.04)),
}


def test_points_are_in_percent_with_the_interval_of_the_difference_around_them() -> None:
    shown = {point.label: point for point in points(comparison(METHODS), "accuracy")}
    assert [point.kind for point in shown.values()] == ["base", "good", "bad", "bad"]
    tlpo, orpo = shown["TLPO"], shown["ORPO"]
    assert (tlpo.x, tlpo.y) == pytest.approx((80, 90))
    assert tlpo.x_range == pytest.approx((79, 81))
    assert tlpo.y_range == pytest.approx((85, 95))
    assert orpo.y_range == pytest.approx((78, 100))  # a share has an end
    base = shown["base"]
    assert base.x_range == pytest.approx((base.x, base.x))


def test_a_figure_of_which_less_is_better_runs_the_other_way() -> None:
    found = comparison({"A": ((0.1, 0.05, 0.15), (0.03, 0.02, 0.04))}, ability="likelihood")
    shown = {point.label: point for point in points(found, "likelihood")}
    assert shown["A"].x == pytest.approx(0.03)  # the rise over the base
    assert shown["A"].x_range == pytest.approx((0.02, 0.04))
    assert shown["A"].kind == "bad"
    axes = draw_picture(found, "likelihood").axes[0]
    assert axes.get_xlim()[0] > axes.get_xlim()[1]
    assert "further right is better (axis reversed)" in axes.get_xlabel()
    assert axes.get_ylabel() == (
        "consistency: responses that pass, %; higher is better\nprofile tlpo, English is neutral, temperature 1"
    )
    found["judged_by"] = {"profile": "lcb", "definition": None, "english": None, "rate": "lpr"}
    assert draw_picture(found, "likelihood").axes[0].get_ylabel() == (
        "consistency: responses whose lines all pass, %; higher is better\nprofile lcb, temperature 1"
    )


def test_each_seed_is_a_faint_dot() -> None:
    found = comparison({"A": ((0.1, 0.05, 0.15), (0.03, 0.02, 0.04))}, ability="likelihood")
    up, right = (figure["methods"]["A"] for figure in found["figures"])
    up["runs"], right["runs"] = [0.7, 0.95, 0.99], [4.01, 4.0, 4.08]
    base, shown = points(found, "likelihood")
    assert base.seeds == ()
    assert [pytest.approx(seed) for seed in shown.seeds] == [(0.01, 70), (0.0, 95), (0.08, 99)]
    for axis, places in (("likelihood", shown.seeds), (None, [(seed[1], 1) for seed in shown.seeds])):
        axes = draw_picture(found, axis).axes[0]
        dots = [line for line in axes.get_lines() if line.get_alpha() == 0.4]
        assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in dots] == [pytest.approx(at) for at in places]
    axes = draw_picture(found, "likelihood").axes[0]
    assert axes.get_xlim()[0] > 0.08  # reversed: none is cut off
    assert axes.get_ylim()[0] < 70


def test_every_method_is_named_in_the_saved_picture(tmp_path: Path) -> None:
    svg = save_picture(draw_picture(comparison(METHODS, focus="TLPO"), "accuracy"), tmp_path / "p")
    for label in ("base", *METHODS):
        assert f">{label}</text>" in svg
    assert (tmp_path / "p.svg").read_text(encoding="utf-8") == svg
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    alone = save_picture(draw_picture(comparison({k: (v[0], None) for k, v in METHODS.items()}), None), tmp_path / "q")
    assert ">ORPO</text>" in alone


def test_equal_comparisons_give_equal_files(tmp_path: Path) -> None:
    one, two = (save_picture(draw_picture(comparison(METHODS), "accuracy"), tmp_path / name) for name in "ab")
    assert one == two
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_scripts_that_the_font_lacks_are_no_warning(tmp_path: Path) -> None:
    found = comparison({"한국어 $x$": METHODS["TLPO"]})
    assert ">한국어 $x$</text>" in save_picture(draw_picture(found, "accuracy"), tmp_path / "p")


def test_curves_over_the_learning_rate() -> None:
    points = [{"rate": rate, "confusion": value, "nll_rise": None} for rate, value in ((1e-5, 0.05), (1e-6, 0.1))]
    told = {"base": {"confusion": 0.2}, "methods": {"A": {"chosen": 1e-5, "points": points}}}
    panels = draw_curves(told).axes
    base, line, chosen = panels[0].get_lines()
    assert base.get_ydata() == pytest.approx([20, 20])
    assert line.get_xdata() == pytest.approx([1e-6, 1e-5])
    assert line.get_ydata() == pytest.approx([10, 5])
    assert (chosen.get_xdata(), chosen.get_ydata()) == (pytest.approx([1e-5]), pytest.approx([5]))
    assert all(len(line.get_xdata()) == 0 for line in panels[1].get_lines())


def test_curves_over_the_steps_of_trainings() -> None:
    one = [{"done": 1.0, "confusion": 0.05}, {"done": 0.5, "confusion": 0.1, "eos_rate": 0.25}]
    panels = draw_steps({"A": [one, [{"done": 1.0, "confusion": 0.2}]], "B": [[{"done": 1.0, "confusion": 0.3}]]}).axes
    first, second, other = panels[0].get_lines()
    assert (first.get_xdata(), first.get_ydata()) == (pytest.approx([0.5, 1]), pytest.approx([10, 5]))
    assert (second.get_ydata(), other.get_ydata()) == (pytest.approx([20]), pytest.approx([30]))
    assert first.get_color() == second.get_color() != other.get_color()
    assert panels[0].get_legend_handles_labels()[1] == ["A", "B"]
    assert [len(line.get_xdata()) for line in panels[1].get_lines()] == [1, 0, 0]
    assert panels[1].get_lines()[0].get_ydata() == pytest.approx([25])


def test_labels_stay_apart_and_inside() -> None:
    bounds = Box(0, 0, 400, 300)
    marks = [(200, 150), (204, 152), (200, 158), (390, 150), (10, 290), (206, 148)]
    sizes = [(60.0, 12.0)] * len(marks)
    places = place_labels(marks, sizes, [], bounds, 1.0)
    boxes = [Box(x, y, x + w, y + h) for (x, y), (w, h) in zip(places, sizes, strict=True)]
    for one, other in itertools.combinations(boxes, 2):
        apart = one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0
        assert apart
    for box in boxes:
        assert box.x0 >= 0
        assert box.x1 <= 400
        assert box.y0 >= 0
        assert box.y1 <= 300
    for (x, y), box in zip(marks, boxes, strict=True):  # beside its point, not on it
        assert not (box.x0 < x < box.x1 and box.y0 < y < box.y1)
