"""The options of an evaluation: lists in either spelling, and every mistake in one message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tlpo.errors import UserError
from tlpo.evaluation.options import EvaluationConfig


def config(**options: Any) -> EvaluationConfig:
    return EvaluationConfig(model="m", output="out", **options)


def test_lists_take_words_commas_and_numbers() -> None:
    found = config(suite=["consistency,capability"], tasks=["a", "b,c"], temperature=[0, "0.60,1"], language=["KO,ja"])
    assert found.suite == ["consistency", "capability"]
    assert found.tasks == ["a", "b", "c"]
    assert found.temperatures == [0.0, 0.6, 1.0]
    assert found.language == ["ko", "ja"]
    assert config(temperature="1").temperatures == [1.0]


def test_greedy_takes_one_sample_and_the_gate_takes_the_setting_for_english() -> None:
    found = config(num_samples=4, english="confusion", gate=True)
    assert (found.sampling(0, "x").num_samples, found.sampling(1, "x").num_samples) == (1, 4)
    assert found.sampling(1, "x").english == "confusion"
    # Without a gate it is no matter to the sampling: the same responses serve either setting.
    assert config(english="confusion").sampling(1, "x") == config().sampling(1, "x")


def test_the_label_is_the_last_name() -> None:
    assert config().shown_label == "m"
    assert config(adapter="runs/tlpo/").shown_label == "tlpo"
    assert config(adapter="a", label="TLPO").shown_label == "TLPO"


@pytest.mark.parametrize(
    ("given", "label"),
    [
        ("runs/tlpo/final", "tlpo"), ("runs/tlpo/final/", "tlpo"), ("runs/tlpo/checkpoint-20", "tlpo checkpoint-20"),
        ("runs/tlpo/final/../checkpoint-20", "tlpo checkpoint-20"), ("runs/tlpo", "tlpo"),
        ("runs/tlpo/best", "best"), ("someone/final", "final"),  # no folder here: a name on the hub
        ("runs/seed-1/final", "final"),  # no such folder, either
    ],
)  # fmt: skip
def test_the_label_of_a_runs_model_is_the_run(
    given: str, label: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("final", "checkpoint-20", "best"):
        (tmp_path / "runs" / "tlpo" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert EvaluationConfig(model=given, output="out").shown_label == label
    assert EvaluationConfig(model="m", adapter=given, output="out").shown_label == label


def test_the_label_from_within_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tlpo" / "final").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "tlpo")
    assert EvaluationConfig(model="final", output="out").shown_label == "tlpo"


def test_the_method_is_that_of_the_run(tmp_path: Path) -> None:
    final = tmp_path / "run" / "final"
    final.mkdir(parents=True)
    (tmp_path / "run" / "resolved_config.yaml").write_text("config: {method: dpo}", encoding="utf-8")
    for found in (
        EvaluationConfig(model=str(final), output="out"),
        EvaluationConfig(model="m", adapter=str(final), output="out"),
        EvaluationConfig(model=str(final), output="out", gate=True),
    ):
        assert (found.shown_method, (found.origin or {})["folder"]) == ("dpo", str(tmp_path / "run"))
    assert EvaluationConfig(model=str(final), output="out", method="mine").shown_method == "mine"


def test_a_model_as_it_is_is_the_base(tmp_path: Path) -> None:
    assert (config().shown_method, config().origin) == ("base", None)
    assert config(temperature=["0.6"]).shown_method == "base"
    shots = tmp_path / "shots.jsonl"
    shots.write_text('{"prompt": "a", "answer": "b", "language": "ko"}\n', encoding="utf-8")
    for changed in ({"gate": True}, {"instruction": "In {language}."}, {"few_shot": str(shots)}, {"adapter": "a"}):
        assert config(**changed).shown_method is None
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")
    assert EvaluationConfig(model=str(tmp_path), output="out").shown_method is None
    assert config(gate=True, method="base").shown_method == "base"


def test_all_mistakes_at_once() -> None:
    with pytest.raises(UserError) as caught:
        config(suite=["consistancy"], profiles=["lbc"], num_prompts=0, dtype="int4", max_new_tokens=0, num_fewshot=-1)
    message = str(caught.value)
    for part in (
        "no such suite: 'consistancy' (did you mean 'consistency'?)", "no such profile: 'lbc'", "num_prompts is 0",
        "dtype is 'int4'", "max_new_tokens is 0", "num_fewshot is -1",
    ):  # fmt: skip
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"suite": ["capability"]}, "needs --capability_data DIR, or --tasks"),
        ({"temperature": ["warm"]}, "temperature is 'warm'"),
        ({"temperature": [-1]}, "temperature is -1"),
        ({"english": "no"}, "english is 'no'"),
        ({"language": ["xx"]}, "xx"),
        ({"suite": []}, "no suite given"),
        ({"seed": -1}, "seed is -1: give 0 or more"),
        ({"temperature": [""]}, "no temperature given: give numbers"),
    ],
)
def test_each_mistake(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        config(**options)
