"""Evaluation folders read: outcomes summed by prompt, and what is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.unit.evaluation.evaluations import write_evaluation

from tlpo.errors import UserError
from tlpo.evaluation.run_files import Setting, read_run


def test_samples_are_summed_by_prompt(tmp_path: Path) -> None:
    folder = write_evaluation(
        tmp_path / "run", "SFT", "sft", passed={"ko": [[1, 0], [1, 1], [0, 0]], "ja": [[1, 1]]}, temperature=0.6,
        tasks={"copa": [1, 0, 0.5]}, nll={"ko": [30, 50]},
        kl={"ko": [0.2, 0.3]}, text={"mean_length": 63.5, "distinct_1": None},
    )  # fmt: skip
    run = read_run(folder)
    assert (run.label, run.method, run.settings) == ("SFT", "sft", {"temperature": [0.6]})
    assert set(run.consistency) == {Setting("default", 0.6, "all", "ko"), Setting("default", 0.6, "all", "ja")}
    rates = run.consistency[Setting("default", 0.6, "all", "ko")]
    assert set(rates) == {"rpr", "wpr"}
    assert rates["rpr"].ids == ("0", "1", "2")
    assert rates["rpr"].contents == (None, None, None)
    assert run.responses == {}
    assert rates["rpr"].sums.numerators.tolist() == [1, 2, 0]
    assert rates["rpr"].sums.denominators.tolist() == [2, 2, 2]
    assert rates["wpr"].sums.numerators.tolist() == [7, 8, 6]
    assert run.capability["copa"].sums.value == pytest.approx(0.5)  # the main metric, not the other one
    assert run.nll["ko"].sums.value == pytest.approx(4.0)
    assert run.kl["ko"].sums.value == pytest.approx(0.5 / 20)
    assert run.text == {"mean_length": 63.5}


def test_what_the_items_are(tmp_path: Path) -> None:
    folder = write_evaluation(
        tmp_path / "run", "A", passed={"monolingual/okapi/ko": [[1, 0], [0, 0]]}, tasks={"copa": [1]}, nll={"ko": [30]},
        asked="x", answers=("ab 12", "가"), settings={"definitions": {"default": "ours"}, "resamples": 5},
    )  # fmt: skip
    run = read_run(folder)
    setting = Setting("default", 1.0, "monolingual/okapi", "ko", "monolingual")
    assert set(run.consistency) == {setting}
    assert setting.place == "monolingual/okapi/ko"
    first, second = run.consistency[setting]["rpr"].contents
    assert first == f"prompt {hashlib.sha256(json.dumps('x 0').encode()).hexdigest()[:16]}" != second
    assert run.capability["copa"].contents == ("question x 0",)
    assert run.nll["ko"].contents == ("10 tokens",)
    assert run.settings == {"temperature": [1.0], "definition of default": "ours"}
    responses = run.responses[setting._replace(profile="")]
    assert responses["mean_length"].contents == (first, second)
    assert responses["mean_length"].sums.numerators.tolist() == [1 + 5, 5 + 5]
    assert responses["mean_length"].sums.denominators.tolist() == [2, 2]
    assert responses["letters_share"].sums.numerators.tolist() == [1, 0]
    assert responses["letters_share"].sums.denominators.tolist() == [1 + 4, 4 + 4]
    assert responses["digits_share"].sums.numerators.tolist() == [2, 4]


def test_the_evaluation_inside_a_run_is_found(tmp_path: Path) -> None:
    write_evaluation(tmp_path / "run/evaluation", "A", passed={"ko": [[1]]})
    assert read_run(tmp_path / "run").folder == tmp_path / "run/evaluation"
    write_evaluation(tmp_path / "run/other", "A", passed={"ko": [[1]]})
    with pytest.raises(UserError, match=r"it holds 2 \(evaluation, other\)"):
        read_run(tmp_path / "run")


def test_rates_of_nothing_are_left_out(tmp_path: Path) -> None:
    folder = write_evaluation(tmp_path / "run", "A", passed={"ko": [[1]]})
    items = folder / "items/consistency-t1.jsonl"
    items.write_text(items.read_text().replace('"rpr": [1, 1]', '"rpr": [0, 0]'))
    assert set(read_run(folder).consistency[Setting("default", 1.0, "all", "ko")]) == {"wpr"}


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no folder"):
        read_run(tmp_path / "none")
    with pytest.raises(UserError, match="is no evaluation, and it holds none"):
        read_run(tmp_path)
    with pytest.raises(UserError, match="is not finished: give its command again"):
        read_run(write_evaluation(tmp_path / "a", "A", complete=False))
    lacking = write_evaluation(tmp_path / "b", "A", tasks={"copa": [1]})
    (lacking / "items/capability-copa.jsonl").unlink()
    with pytest.raises(UserError, match=r"capability-copa.jsonl cannot be read \(No such file"):
        read_run(lacking)
    damaged = write_evaluation(tmp_path / "c", "A", nll={"ko": [1]})
    (damaged / "items/nll-ko.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(UserError, match=r"damaged .*evaluate again"):
        read_run(damaged)
