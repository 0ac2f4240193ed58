"""Methods against the base model: figures by hand, pairing by item, verdicts, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.evaluation.evaluations import write_evaluation, write_lines

from tlpo.errors import UserError
from tlpo.evaluation.compare_runs import CompareOptions, compare_runs, verdict
from tlpo.evaluation.run_files import EvaluatedRun, read_run
from tlpo.reports.comparison.verdict import outcomes, verdict_text

FAST = CompareOptions(resamples=400)
HALF = [[1, 0]] * 20
CLEAN = [[1, 1]] * 20
Make = Callable[..., EvaluatedRun]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    count = iter(range(100))

    def made(label: str, method: str = "", **options: Any) -> EvaluatedRun:
        options.setdefault("passed", {"ko": HALF})
        return read_run(write_evaluation(tmp_path / f"run{next(count)}", label, method, **options))

    return made


def axis(comparison: dict[str, Any], name: str) -> dict[str, Any]:
    key = comparison["axes"][name]
    found: dict[str, Any] = next(figure for figure in comparison["figures"] if figure["key"] == key)
    return found["methods"]  # type: ignore[no-any-return]


def test_figures_and_differences_by_hand(make: Make) -> None:
    mixed = [[1, 1]] * 10 + [[0, 0]] * 10
    runs = [
        make("base", "base", passed={"ko": mixed, "ja": HALF}, tasks={"copa": [1, 0, 1, 0], "piqa": [1, 1]},
             nll={"ko": [40, 44], "en": [30, 30]}, text={"mean_length": 60.0}),
        make("TLPO", "tlpo", passed={"ko": CLEAN, "ja": HALF}, tasks={"copa": [1, 0, 1, 0], "piqa": [1, 0]},
             nll={"ko": [41, 45], "en": [30, 30]}, text={"mean_length": 62.0}),
        make("TLPO", "tlpo", passed={"ko": mixed, "ja": HALF}, tasks={"copa": [1, 0, 1, 0], "piqa": [1, 1]},
             nll={"ko": [43, 47], "en": [30, 30]}, text={"mean_length": 64.0}),
    ]  # fmt: skip
    found = compare_runs(runs, FAST)
    assert (found["base"], found["focus"]) == ("base", "TLPO")
    assert found["axes"] == {"consistency": "consistency", "accuracy": "accuracy", "likelihood": "nll"}
    assert [(method["label"], method["seeds"]) for method in found["methods"]] == [("base", 1), ("TLPO", 2)]
    assert found["methods"][1]["text"] == {"mean_length": 63.0}
    consistency = axis(found, "consistency")
    assert consistency["base"]["value"] == pytest.approx((0.5 + 0.5) / 2)
    assert consistency["TLPO"]["runs"] == pytest.approx([(1.0 + 0.5) / 2, 0.5])  # a mean over languages
    assert consistency["TLPO"]["value"] == pytest.approx(0.625)
    assert consistency["TLPO"]["difference"] == pytest.approx(0.125)
    accuracy = axis(found, "accuracy")
    assert accuracy["base"]["value"] == pytest.approx((0.5 + 1.0) / 2)  # tasks count alike
    assert accuracy["TLPO"]["difference"] == pytest.approx(-0.125)
    nll = axis(found, "likelihood")
    assert nll["base"]["value"] == pytest.approx((4.2 + 3.0) / 2)
    assert nll["TLPO"]["difference"] == pytest.approx((0.1 + 0.3) / 2 / 2)
    english = next(figure for figure in found["figures"] if figure["key"] == "nll/en")
    assert (english["methods"]["TLPO"]["difference_ci95"], english["methods"]["TLPO"]["verdict"]) == ([0, 0], "same")
    assert english["methods"]["base"]["verdict"] is None


def test_the_divergence_has_an_interval_and_no_verdict(make: Make) -> None:
    moved = [0.1, 0.3] * 10
    runs = [make("base", "base", kl={"ko": [0.0] * 20}), make("A", kl={"ko": moved}), make("B", kl={"ko": [0.2] * 20})]
    found = {figure["key"]: figure for figure in compare_runs(runs, FAST)["figures"]}["text/kl_from_base/ko"]
    assert (found["title"], found["higher_is_better"]) == (
        "KL from the base model on clean text (nats a token), ko",
        None,
    )
    assert found["methods"]["A"]["value"] == pytest.approx(0.02)
    assert found["methods"]["A"]["difference"] == pytest.approx(0.02)  # the base is at no distance from itself
    low, high = found["methods"]["A"]["difference_ci95"]
    assert 0.01 < low < 0.02 < high < 0.03
    assert found["methods"]["B"]["difference_ci95"] == pytest.approx([0.02, 0.02])
    assert [told["verdict"] for told in found["methods"].values()] == [None] * 3


def test_divergences_from_different_base_models_are_told(make: Make) -> None:
    runs = [make("base", "base"), *(make(label, kl={"ko": [0.1]}, settings={"base": label}) for label in "AB")]
    told = "The divergences are from different base models: evaluate all with the same --base."
    assert told in compare_runs(runs, FAST)["caveats"]
    assert told not in compare_runs(runs[:2], FAST)["caveats"]


def test_how_consistency_was_judged_and_what_was_asked(make: Make) -> None:
    settings = {"english": "confusion", "definitions": {"default": "ours; English is confusion"}}
    runs = [make("base", "base"), make("A", settings=settings)]  # an older one tells nothing
    found = compare_runs(runs, CompareOptions(focus="A", resamples=400))
    assert found["judged_by"] == {
        "profile": "default", "definition": "ours; English is confusion", "english": "confusion", "rate": "rpr",
    }  # fmt: skip
    assert found["asked"] == {"focus": "A", "resamples": 400}
    assert compare_runs(runs[:1], FAST)["judged_by"]["english"] is None
    (one,) = found["methods"][1]["sources"]
    assert (one["folder"], one["model"], one["run"]) == (str(runs[1].folder), "A", None)


def test_what_items_are_like_cancels_out(make: Make) -> None:
    hard = [0.0, 90.0] * 20  # lines differ far more than models do
    found = compare_runs(
        [
            make("base", "base", nll={"ko": hard}),
            make("A", nll={"ko": [value + 1 + i % 3 for i, value in enumerate(hard)]}),
        ],
        FAST,
    )
    told = axis(found, "likelihood")["A"]
    assert told["verdict"] == "worse"
    assert told["difference_ci95"][1] - told["difference_ci95"][0] < 0.1
    assert told["ci95"][1] - told["ci95"][0] > 2


@pytest.mark.parametrize(
    ("interval", "higher", "told"),
    [
        ((0.01, 0.2), True, "better"), ((0.01, 0.2), False, "worse"), ((-0.2, -0.1), True, "worse"),
        ((-0.2, -0.1), False, "better"), ((-0.1, 0.1), True, "cannot tell"), ((0.0, 0.1), True, "cannot tell"),
        ((0.0, 0.0), False, "same"),
    ],
)  # fmt: skip
def test_verdicts(interval: tuple[float, float], higher: bool, told: str) -> None:
    assert verdict(interval, higher) == told


def test_each_run_is_taken_at_its_highest_temperature(make: Make) -> None:
    runs = [make("base", "base"), make("cool", "temperature", passed={"ko": CLEAN}, temperature=0.6)]
    found = compare_runs(runs, FAST)
    assert axis(found, "consistency")["cool"]["value"] == 1
    assert found["figures"][0]["title"] == "response pass rate (RPR, profile default, temperatures 0.6, 1)"
    assert found["figures"][0]["temperatures"] == [0.6, 1]
    assert found["caveats"] == [
        "Consistency is that at temperature 1; at their highest: cool (0.6).",
        "Evaluated with another temperature than [1.0] (base): cool: [0.6].",
    ]
    alone = [figure["key"] for figure in found["figures"] if list(figure["methods"]) == ["cool"]]
    assert alone == ["rpr/default/t0.6/all/ko", "wpr/default/t0.6/all/ko"]
    with pytest.raises(UserError, match="not every run was scored by the profile 'lcb': they share default"):
        compare_runs(runs, CompareOptions(profile="lcb"))


def test_the_temperature_asked_for(make: Make) -> None:
    runs = [make("base", "base"), make("A", temperature=0.6), make("A", temperature=0.6), make("B", temperature=0.6)]
    found = compare_runs(runs, CompareOptions(temperature=0.6, resamples=400))
    assert found["caveats"][0] == "Consistency is that at temperature 0.6; at their highest, as they lack it: base (1)."
    alone = compare_runs(runs[1:], CompareOptions(base="A", temperature=0.6, resamples=400))
    assert alone["figures"][0]["title"].endswith("(RPR, profile default, temperature 0.6)")
    assert alone["caveats"] == []
    with pytest.raises(UserError, match=r"no run was evaluated at temperature 0\.7: give --temperature one of 0\.6, 1"):
        compare_runs(runs, CompareOptions(temperature=0.7))


def test_seeds_that_were_evaluated_differently_are_told(make: Make) -> None:
    runs = [
        make("base", "base", settings={"top_p": 1.0, "gate": False}),
        make("A", settings={"top_p": 1.0, "gate": True}),
        make("A", settings={"top_p": 0.9, "gate": True}),
        make("older"),  # does not tell
    ]
    assert compare_runs(runs, FAST)["caveats"][1:] == [
        "Evaluated with another gate than False (base): A: True.",
        f"Evaluated with another top_p than 1.0 (base): A: 0.9 in {runs[2].folder}.",
    ]


def test_consistency_is_averaged_by_source_then_language_then_setting(make: Make) -> None:
    passing, failing = [[1]] * 4, [[0]] * 4
    base = {"monolingual/a/ko": passing, "monolingual/b/ko": failing, "monolingual/a/ja": failing,
            "crosslingual/c/ko": passing}  # fmt: skip
    runs = [make("base", "base", passed=base), make("A", passed={**base, "monolingual/b/ko": passing})]
    told = axis(compare_runs(runs, FAST), "consistency")
    assert told["base"]["value"] == ((((1 + 0) / 2) + 0) / 2 + 1) / 2 == 0.625
    assert told["A"]["value"] == (((1 + 1) / 2 + 0) / 2 + 1) / 2 == 0.75
    assert told["A"]["difference"] == 0.125


def test_figures_of_the_responses_by_hand(make: Make) -> None:
    said = ("hello 1", "가나")  # 6 characters, of them no Korean letter and one digit; 2 Korean letters
    runs = [
        make("base", "base", passed={"ko": [[0]] * 10}, answers=said),
        make("A", passed={"ko": [[1]] * 10}, answers=said),
        make("older", passed={"ko": [[1]] * 10}),
    ]
    found = {figure["key"]: figure for figure in compare_runs(runs, FAST)["figures"]}
    length, letters, digits = (found[f"response/{name}"] for name in ("mean_length", "letters_share", "digits_share"))
    assert length["title"] == "mean length of the responses, tokens (temperature 1)"
    assert (length["methods"]["base"]["value"], length["methods"]["A"]["value"]) == (7, 2)
    assert length["methods"]["A"]["difference_ci95"] == [-5, -5]
    assert length["methods"]["A"]["verdict"] == "worse"
    assert (letters["methods"]["base"]["value"], letters["methods"]["A"]["value"]) == (0, 1)
    assert letters["methods"]["A"]["verdict"] == "better"
    assert digits["methods"]["A"]["difference"] == pytest.approx(-1 / 6)
    assert digits["methods"]["A"]["difference_ci95"][1] == pytest.approx(-1 / 6 + 0.2775, abs=5e-5)  # Wilson, 0 of 10
    assert digits["methods"]["A"]["verdict"] == "cannot tell"
    assert list(length["methods"]) == ["base", "A"]


def test_rows_that_are_one_model_are_told(make: Make) -> None:
    runs = [
        make(label, "base" if label == "base" else "", model_hash=weights)
        for label, weights in (("base", "a"), ("gate", "a"), ("DPO", "b"), ("DPO", "b"), ("ORPO", "b"), ("SFT", "c"))
    ]
    found = compare_runs(runs, FAST)
    assert found["caveats"][1].startswith("With the weights of base: gate. Accuracy and NLL")
    assert found["caveats"][2:] == ["3 runs ended with the same weights: DPO, ORPO."]


def test_a_task_that_one_lacks_is_left_out_and_told(make: Make) -> None:
    found = compare_runs([make("base", "base", tasks={"a": [1, 0], "b": [1]}), make("A", tasks={"a": [1, 1]})], FAST)
    assert axis(found, "accuracy")["base"]["value"] == 0.5
    assert "Left out of the means, as not every run has it: task b." in found["caveats"]
    only = next(figure for figure in found["figures"] if figure["key"] == "task/b")
    assert list(only["methods"]) == ["base"]
    assert "accuracy" not in compare_runs([make("base", "base", tasks={"a": [1]}), make("A")], FAST)["axes"]


def test_the_focus_is_held_against_the_others(make: Make) -> None:
    runs = [
        make("base", "base"),
        make("weak", "tlpo"),
        make("strong", "tlpo", passed={"ko": CLEAN}),
        make("dpo", "dpo"),
    ]
    found = compare_runs(runs, FAST)
    assert found["focus"] == "strong"
    assert found["caveats"] == [
        "strong is the most consistent of weak, strong. It was chosen on this same evaluation, which flatters the one "
        "that was lucky in it: --focus names a method that was chosen beforehand."
    ]
    assert [row["label"] for row in found["against"]] == ["base", "weak", "dpo"]
    assert found["against"][2]["consistency"]["verdict"] == "better"
    other = compare_runs(runs, CompareOptions(focus="dpo", resamples=400))
    row = next(row for row in other["against"] if row["label"] == "strong")
    assert row["consistency"]["difference"] == pytest.approx(-0.5)
    assert other["caveats"] == []
    assert compare_runs([runs[0], runs[2], runs[3]], FAST)["caveats"] == []  # one TLPO run leaves no choice
    assert compare_runs(runs[:1], FAST)["focus"] is None


def test_what_is_refused(make: Make) -> None:
    base, one = make("base", "base"), make("A")
    with pytest.raises(UserError, match="give at least one evaluation folder"):
        compare_runs([])
    with pytest.raises(UserError, match="the base model is not among the runs: give one of A with --base"):
        compare_runs([one])
    with pytest.raises(UserError, match=r"is named by 2 labels \(base, other\)"):
        compare_runs([base, make("other", "base")])
    with pytest.raises(UserError, match=r"--base 'bse' is none of the runs \(did you mean 'base'\?\): base, A"):
        compare_runs([base, one], CompareOptions(base="bse"))
    with pytest.raises(UserError, match="is given twice: give each evaluation once"):
        compare_runs([base, base])
    with pytest.raises(UserError, match=r"holds 20 items and .* 3, not the same ones \(first: 10\)"):
        compare_runs([base, make("B", passed={"ko": [[1]] * 3})], FAST)
    with pytest.raises(UserError, match=r"item 0 is another one in .*\(prompt .*\) than in .*\(prompt .*\): evaluate"):
        compare_runs([make("base", "base", asked="one"), make("E", asked="other")], FAST)
    with pytest.raises(UserError, match=r"profile 'default': english is confusion in .* and neutral in .*--profile"):
        compare_runs([make("base", "base", settings={"english": "neutral"}),
                      make("F", settings={"english": "confusion"})])  # fmt: skip
    with pytest.raises(UserError, match=r"lines of clean text \(ko\) are not the same in"):
        compare_runs([make("base", "base", settings={"clean_text": {"ko": "aa", "en": "cc"}}),
                      make("G", settings={"clean_text": {"ko": "bb"}})])  # fmt: skip
    with pytest.raises(UserError, match="different prompts"):
        compare_runs([base, make("C", passed={"ja": HALF})])
    with pytest.raises(UserError, match="share no profile of consistency"):
        compare_runs([base, make("D", passed={}, nll={"ko": [1]})])
    with pytest.raises(UserError, match="resamples is 5"):
        CompareOptions(resamples=5)


def test_lcpr_is_the_harmonic_mean(make: Make, tmp_path: Path) -> None:
    base = write_evaluation(tmp_path / "lcb", "base", "base", passed={"ko": HALF}, profile="lcb")
    items = base / "items/consistency-t1.jsonl"
    items.write_text(items.read_text().replace('"rpr"', '"lpr"'))
    found = compare_runs([read_run(base)], FAST)
    values = {figure["key"]: figure["methods"]["base"]["value"] for figure in found["figures"]}
    assert values["lpr/lcb/t1/all/ko"] == 0.5
    assert values["wpr/lcb/t1/all/ko"] == 0.875
    assert values["lcpr/lcb/t1/all/ko"] == pytest.approx(2 * 0.5 * 0.875 / 1.375)
    assert "LPR, profile lcb" in found["figures"][0]["title"]
    assert found["judged_by"] == {"profile": "lcb", "definition": None, "english": None, "rate": "lpr"}


def test_two_methods_under_one_label_are_no_seeds(make: Make) -> None:
    with pytest.raises(UserError, match=r"'final' is the label of two methods, tlpo \(.*\) and sft \(.* --label"):
        compare_runs([make("base", "base"), make("final", "tlpo"), make("final", "sft")], FAST)


def silence(run: EvaluatedRun, kept: int) -> EvaluatedRun:
    """Its responses but those to the first prompts hold nothing to judge."""
    path = run.folder / "items/consistency-t1.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        if line["index"] >= kept:
            line["outcomes"]["default"] |= {"rpr": [0, 0], "wpr": [0, 0]}
    write_lines(path, lines)
    return read_run(run.folder)


def test_a_run_that_says_nothing_to_judge_spoils_no_other(make: Make) -> None:
    quiet = silence(make("quiet", "tlpo", passed={"ko": CLEAN, "ja": CLEAN}, nll={"ko": [40]}), 0)
    runs = [make("base", "base", passed={"ko": HALF, "ja": HALF}, nll={"ko": [40]}), quiet,
            make("A", passed={"ko": CLEAN, "ja": HALF}, nll={"ko": [40]})]  # fmt: skip
    found = compare_runs(runs, FAST)
    assert list(axis(found, "consistency")) == ["base", "A"]
    assert found["focus"] == "A"
    assert axis(found, "consistency")["A"]["value"] == 0.75  # of both languages, though one run is silent
    judged = next(figure for figure in found["figures"] if figure["key"] == "response/judged")["methods"]
    assert (judged["quiet"]["value"], judged["quiet"]["verdict"], judged["A"]["verdict"]) == (0, "worse", "cannot tell")
    told = outcomes(found)
    assert (told["quiet"].word, told["quiet"].phrase) == (
        "Harmful", "silent: not all of its runs hold responses that can be judged",
    )  # fmt: skip
    assert "quiet (NLL 0.000)" in verdict_text(found)
    with pytest.raises(UserError, match="nothing in the responses of base can be judged"):
        compare_runs([silence(make("base", "base"), 0), runs[2]], FAST)


def test_prompts_without_anything_to_judge_make_no_interval_narrower(make: Make) -> None:
    """Two prompts of twenty judged, both passing: Wilson's interval of 2 of 2 is 34 to 100 %."""
    found = compare_runs([make("base", "base"), silence(make("A", passed={"ko": CLEAN}), 2)], FAST)
    told = axis(found, "consistency")["A"]
    assert told["value"] == 1
    assert told["ci95"] == pytest.approx([2 / (2 + 1.959964**2), 1], abs=1e-6)
    assert told["verdict"] == "cannot tell"
    assert outcomes(found)["A"].word == "Cannot tell"


def test_a_figure_that_only_some_seeds_have(make: Make) -> None:
    runs = [make("base", "base"), make("A", tasks={"copa": [1, 0]}), make("A")]
    assert "task/copa" not in [figure["key"] for figure in compare_runs(runs, FAST)["figures"]]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_likelihood_that_is_no_number(make: Make, value: float) -> None:
    with pytest.raises(UserError, match=r"or its items are damaged .*a likelihood of (nan|inf) nats"):
        make("A", nll={"ko": [40, value]})
