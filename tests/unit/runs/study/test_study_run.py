"""A study run with programs that stand for its commands: order, choice, resumption and crashes."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.runs.study.studies import EVERYTHING, calls, run, small_study, wish

from tlpo.errors import UserError
from tlpo.runs.study.config import StudyConfig
from tlpo.runs.study.report import plan_lines, plan_table
from tlpo.runs.study.study import make_schedule, run_study

pytestmark = pytest.mark.usefixtures("_quickly")


def test_the_whole_grid_once_and_only_once(study: StudyConfig, control: Path) -> None:
    result = run(study, control)
    assert (result.finished, result.failed) == (True, ())
    assert calls(control) == EVERYTHING
    assert result.outcome is not None
    found = result.outcome.comparison
    assert [(method["label"], method["seeds"]) for method in found["methods"]] == [
        ("base", 1), ("cool", 1), ("DPO", 2), ("TLPO", 2),
    ]  # fmt: skip
    assert (found["focus"], found["resamples"], found["nll_margin"]) == ("TLPO", 200, 0.03)
    notes = "\n".join(found["study"]["notes"])
    assert "TLPO: 5e-06 was chosen. Tried: 1e-06 (confusion 15.0 %, NLL +0.000); 5e-06 (confusion 5.0 %" in notes
    assert "Sampled responses a training run: 32, equal for 2 trained methods, within the budget of 32." in notes
    assert "rises by at most 0.05 nats a token" in notes
    assert found["study"]["methods"]["TLPO"]["learning rate"] == "5e-06"
    curves = found["study"]["curves"]
    assert curves["base"]["confusion"] == pytest.approx(0.2)
    assert [point["confusion"] for point in curves["methods"]["TLPO"]["points"]] == pytest.approx([0.15, 0.05, 0.0])
    assert curves["methods"]["TLPO"]["chosen"] == 5e-6
    steps = [{"done": 0.5, "confusion": 0.2}, {"done": 1.0, "confusion": 0.1}]
    assert found["study"]["steps"] == {"TLPO": [steps, steps]}  # two seeds; DPO does not sample as it trains
    told = found["study"]["methods"]
    names = ("roll-outs a run", "tokens sampled", "tokens explored")
    assert [[told[label].get(name) for name in names] for label in ("DPO", "TLPO", "cool")] == [
        ["32", "400", "0"], ["32", "300", "96"], [None, None, None],
    ]  # fmt: skip
    assert "budget of 32. Tokens sampled are those of these responses" in notes
    # DPO has one rate, so nothing was chosen; TLPO's lies between its neighbours.
    assert "at the edge of those tried" not in notes
    # 80 of 100 bundled prompts train, 20 validate, 60 are held out.
    overlap = (
        "Of 80 training prompts none is or resembles one of the 60 evaluation prompts; none is or resembles one of the "
        "20 validation prompts."
    )
    assert overlap in found["study"]["notes"]
    assert json.loads((study.output / "contamination.json").read_text(encoding="utf-8"))["told"] == overlap
    chosen = json.loads((study.output / "choices.json").read_text(encoding="utf-8"))
    assert chosen["methods"]["TLPO"]["choice"]["rate"] == 5e-6
    again = run(study, control)
    assert again.finished
    assert calls(control) == EVERYTHING


@pytest.mark.parametrize(
    ("passed", "rate", "told"),
    [
        ({"1e-06": 20, "5e-06": 19, "1e-05": 17}, "1e-06", "the lowest for TLPO."),
        ({"1e-06": 17, "5e-06": 19, "1e-05": 20}, "1e-05", "the highest for TLPO."),
    ],
)
def test_a_rate_at_the_edge_of_its_grid_is_told(
    study: StudyConfig, control: Path, passed: dict[str, int], rate: str, told: str
) -> None:
    for tried, number in passed.items():
        wish(control, f"TLPO, {tried}, seed 0, validate", passed=number)
    outcome = run(study, control).outcome
    assert outcome is not None
    assert outcome.comparison["study"]["methods"]["TLPO"]["learning rate"] == rate
    (note,) = [note for note in outcome.comparison["study"]["notes"] if "at the edge of those tried" in note]
    assert note.endswith(told)


def test_weights_that_are_needed_no_more_are_cleared_away(study: StudyConfig, control: Path) -> None:
    run(study, control)
    kept = sorted(path.parents[2].name.rpartition("-train-")[0] for path in study.output.glob("cells/*/run/final/*"))
    assert kept == ["DPO-1e-06-seed-0", "DPO-1e-06-seed-1", "TLPO-5e-06-seed-0", "TLPO-5e-06-seed-1"]
    assert len(list(study.output.glob("cells/*/run/run.json"))) == 6
    assert not list(study.output.glob("cells/*/run/checkpoint-*"))


def test_a_changed_setting_does_again_what_it_decides_and_no_more(study: StudyConfig, control: Path) -> None:
    run(study, control)
    tlpo = study.methods[-1]
    longer = replace(study, methods=(*study.methods[:-1], replace(tlpo, evaluate={**tlpo.evaluate, "num_samples": 4})))
    assert run(longer, control).finished
    fresh = calls(control)[len(EVERYTHING) :]
    # The validation has a setting of its own, so the choice stands; the chosen weights are still there.
    assert fresh == ["TLPO, 5e-06, seed 0, evaluate", "TLPO, 5e-06, seed 1, evaluate"]


def test_weights_cleared_away_are_trained_again_when_they_are_needed(study: StudyConfig, control: Path) -> None:
    bare = replace(study, keep_weights="none", methods=study.methods[:3])
    assert run(bare, control).finished
    assert not list(study.output.glob("cells/*/run/final"))
    before = len(calls(control))
    dpo = bare.methods[-1]
    other = replace(bare, methods=(*bare.methods[:-1], replace(dpo, evaluate={"num_samples": 4})))
    assert run(other, control).finished
    assert "DPO, 1e-06, seed 0, train" in calls(control)[before:]


@pytest.mark.parametrize("kind", ["validate", "evaluate"])
def test_an_evaluation_that_has_vanished_is_made_again(study: StudyConfig, control: Path, kind: str) -> None:
    run(study, control)
    before = len(calls(control))
    (cell,) = study.output.glob(f"cells/TLPO-5e-06-seed-0-{kind}-*")
    (cell / "evaluation/evaluation.json").unlink()
    assert run(study, control).finished
    assert calls(control)[before:] == [f"TLPO, 5e-06, seed 0, {kind}"]


@pytest.mark.parametrize(("age", "kept"), [(3600, False), (-3600, True)])
def test_what_was_evaluated_of_an_earlier_training_is_dropped(
    study: StudyConfig, control: Path, age: int, kept: bool
) -> None:
    """An evaluation was interrupted; if its model was trained again since, its weights may differ in the last bits."""
    run(study, control)
    (cell,) = study.output.glob("cells/TLPO-5e-06-seed-0-evaluate-*")
    record = json.loads((cell / "stage.json").read_text(encoding="utf-8"))
    (cell / "stage.json").write_text(json.dumps({**record, "status": "stopped"}), encoding="utf-8")
    for name in ("settings.json", "part"):
        (cell / "evaluation" / name).write_text("{}", encoding="utf-8")
    (final,) = study.output.glob("cells/TLPO-5e-06-seed-0-train-*/run/final")
    then = final.stat().st_mtime - age
    os.utime(cell / "evaluation/settings.json", (then, then))
    assert run(study, control).finished
    assert (cell / "evaluation/part").exists() == kept


def test_a_crash_loses_nothing_else_and_is_tried_again(study: StudyConfig, control: Path) -> None:
    for seed in (0, 1):
        wish(control, f"data, seed {seed}, pairs", "crash")
    wish(control, "TLPO, 5e-06, seed 0, validate", "crash")
    result = run(study, control)
    assert result.finished  # but for what failed
    assert result.failed == (
        "data, seed 0, pairs: exit status 1: error: out of luck",
        "data, seed 1, pairs: exit status 1: error: out of luck",
        "TLPO, 5e-06, seed 0, validate: exit status 1: error: out of luck",
    )
    assert result.outcome is not None
    found = result.outcome.comparison
    assert [method["label"] for method in found["methods"]] == ["base", "cool", "TLPO"]
    # Of the rates that could be validated, 1e-6 keeps to the bound.
    assert found["study"]["methods"]["TLPO"]["learning rate"] == "1e-06"
    assert any("out of luck" in note for note in found["study"]["notes"])
    assert not [name for name in calls(control) if name.startswith("DPO")]

    for seed in (0, 1):
        wish(control, f"data, seed {seed}, pairs", "{}")
    wish(control, "TLPO, 5e-06, seed 0, validate", passed=19, nll=40.4)
    result = run(study, control)
    assert (result.finished, result.failed) == (True, ())
    assert result.outcome is not None
    assert result.outcome.comparison["study"]["methods"]["TLPO"]["learning rate"] == "5e-06"


def test_a_piece_that_ends_after_a_crash_is_not_finished(study: StudyConfig, control: Path) -> None:
    wish(control, "base, evaluate", "crash")
    wish(control, "cool, evaluate", "hang")
    result = run(study, control, max_hours=4 / 3600)
    assert not result.finished
    assert result.failed == ("base, evaluate: exit status 1: error: out of luck",)


def test_without_the_base_models_validation_no_rate_is_tried(study: StudyConfig, control: Path) -> None:
    wish(control, "base, validate", "crash")
    result = run(study, control, only=["TLPO"])
    assert result.finished
    assert calls(control) == ["base, evaluate", "base, validate"]


def test_a_full_disk_stops_the_study(study: StudyConfig, control: Path) -> None:
    wish(control, "cool, evaluate", "full")
    with pytest.raises(UserError, match=r"no space left in .*make room"):
        run(study, control)
    assert calls(control) == ["base, evaluate", "cool, evaluate"]
    wish(control, "cool, evaluate", "{}")
    assert run(study, control).finished


def test_a_validation_that_cannot_be_used_is_told(study: StudyConfig, control: Path) -> None:
    wish(control, "TLPO, 1e-06, seed 0, validate", passed=17, nll=float("nan"))
    result = run(study, control)
    assert result.finished
    assert [told.split(":")[0] for told in result.failed] == ["TLPO, 1e-06, seed 0, validate"]
    assert result.outcome is not None
    assert result.outcome.comparison["study"]["methods"]["TLPO"]["learning rate"] == "5e-06"
    assert any(note.startswith("Not usable: TLPO, 1e-06") for note in result.outcome.comparison["study"]["notes"])


def test_only_some_methods(study: StudyConfig, control: Path) -> None:
    assert run(study, control, only=["cool"]).finished
    assert calls(control) == ["base, evaluate", "cool, evaluate"]
    with pytest.raises(UserError, match=r"--only 'TLP' is none of the methods \(did you mean 'TLPO'\?\)"):
        run(study, control, only=["TLP"])


def test_the_plan_counts_what_is_done(study: StudyConfig, control: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    def shown() -> str:
        Console(width=120).print(plan_table(make_schedule(study)))
        return capsys.readouterr().out

    before = shown()
    assert [line.split()[-3:] for line in before.splitlines() if line.startswith((" TLPO", " done"))] == [
        ["0/4", "0/3", "0/2"], ["0/6", "0/4", "0/6"],
    ]  # fmt: skip
    run(study, control)
    assert "6/6" in shown()
    lines = plan_lines(make_schedule(study))
    assert any(line.startswith("Minutes a stage so far: ") and "train 0.0" in line for line in lines)
    assert lines[-1].startswith("16 of 16 done, about 0.0 h left; results in ")


def test_labels_and_titles_are_no_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    text = """
title: "Small [red]"
model: m
language: ko
methods:
  base: {method: base}
  "TLPO [paper]": {method: tlpo, learning_rate: 1e-6}
  "x[/b]": {method: "cool[/i]"}
"""
    Console(width=120).print(plan_table(make_schedule(small_study(tmp_path, text))))
    shown = capsys.readouterr().out
    for label in ("Small [red]", "TLPO [paper]", "x[/b]", "cool[/i]"):
        assert label in shown


def test_a_study_whose_folder_is_a_file(study: StudyConfig, control: Path) -> None:
    study.output.parent.mkdir(parents=True, exist_ok=True)
    study.output.write_text("notes", encoding="utf-8")
    for output in (study.output, study.output / "below"):
        with pytest.raises(UserError, match=rf"{output} is a file, or lies in one: give another output folder"):
            run(replace(study, output=output), control)
    assert study.output.read_text(encoding="utf-8") == "notes"


def test_a_command_that_writes_nothing_has_failed(study: StudyConfig) -> None:
    result = run_study(study, command=lambda stage, root: [sys.executable, "-c", ""], only=["cool"])
    assert result.failed[0] == "base, evaluate: the command wrote no evaluation"
