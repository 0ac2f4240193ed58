"""Stages: what changes their folder and what does not, and what the commands are given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tests.unit.runs.study.studies import make_plan, small_study

from tlpo.data import load_prompts
from tlpo.errors import UserError
from tlpo.runs.study import plan
from tlpo.runs.study.plan import Stage
from tlpo.runs.study.process import tlpo_command
from tlpo.runs.study.prompts import split_prompts
from tlpo.training.config import RECIPES


def test_what_decides_a_stage_names_its_folder(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("one")
    options = {"model": "m", "prompts": str(notes), "list": [1, 2], "text": "a{b}c"}
    stage = Stage("train", "A, 1e-06, seed 0", options)
    same = Stage("train", "A, 1e-06, seed 0", dict(reversed(options.items())), places={"cache": "x"})
    assert stage.digest == same.digest
    assert stage.folder(tmp_path).name == f"A-1e-06-seed-0-train-{stage.digest}"
    assert Stage("train", "A", {**options, "list": [2, 1]}).digest != stage.digest
    assert Stage("validate", "A", options).digest != stage.digest
    other = tmp_path / "moved.txt"
    other.write_text("one")
    assert Stage("train", "A", {**options, "prompts": str(other)}).digest == stage.digest  # the same content
    other.write_text("other")
    assert Stage("train", "A", {**options, "prompts": str(other)}).digest != stage.digest


def test_other_defaults_make_another_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a recipe says where the study says nothing may change from one version to the next."""

    def digests() -> list[str]:
        plan._defaults_digest.cache_clear()
        return [Stage(kind, "A", {"method": method}).digest for kind, method in KINDS]

    KINDS = [("train", "tlpo"), ("train", "sft"), ("validate", "tlpo")]
    before = digests()
    monkeypatch.setitem(RECIPES["default"], "temperature", 3.0)
    assert [one == other for one, other in zip(before, digests(), strict=True)] == [False, True, True]
    monkeypatch.undo()
    assert digests() == before


def test_what_a_stage_needs_decides_it_too(tmp_path: Path) -> None:
    one, two = Stage("sample", "data", {"model": "m"}), Stage("sample", "data", {"model": "n"})
    after = [
        Stage("pairs", "data", {"samples": "{samples}"}, {"samples": stage, "pairs": stage}) for stage in (one, two)
    ]
    assert after[0].digest != after[1].digest
    assert after[0].needs == (one,)
    assert after[0].resolved(tmp_path)["samples"] == str(one.folder(tmp_path) / "samples.jsonl")
    assert one.needs == ()


def test_folders_of_models_count_by_content(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_text("1")
    before = Stage("train", "A", {"model": str(model)}).digest
    (model / "README.md").write_text("a card decides nothing")
    assert Stage("train", "A", {"model": str(model)}).digest == before
    (model / "weights").write_text("2")
    assert Stage("train", "A", {"model": str(model)}).digest != before


def test_the_commands_of_a_cell(tmp_path: Path) -> None:
    plan = make_plan(small_study(tmp_path))
    study = plan.study
    tlpo = next(method for method in study.methods if method.kind == "tlpo")
    dpo = next(method for method in study.methods if method.kind == "dpo")

    train = plan.train(dpo, 1e-6, 1)
    assert train.needs == (plan.pairs(1),)
    assert plan.pairs(1).needs == (plan.sample(1),)
    assert plan.sample(1).resolved(study.output)["seed"] == plan.pairs(1).resolved(study.output)["seed"] == 1
    options = train.resolved(study.output)
    assert options["data"] == str(plan.pairs(1).result(study.output))
    assert (options["method"], options["learning_rate"], options["seed"]) == ("dpo", 1e-6, 1)
    assert (options["rollout_budget"], options["audit_prompts"], options["language"]) == (32, 0, ["ko"])
    assert options["output_dir"] == str(train.folder(study.output) / "run")
    assert plan.train(tlpo, 1e-6, 1).needs == ()
    assert "data" not in plan.train(tlpo, 1e-6, 1).options

    evaluate = plan.evaluate(tlpo, 1e-6, 0)
    options = evaluate.resolved(study.output)
    assert options["model"] == str(plan.train(tlpo, 1e-6, 0).folder(study.output) / "run/final")
    assert (options["label"], options["method"], options["base"]) == ("TLPO", "tlpo", "m")
    assert options["num_samples"] == 2
    assert "prompts" not in options
    validate = plan.validate(tlpo, 1e-6).resolved(study.output)
    assert (validate["suite"], validate["prompts"]) == ("consistency", str(plan.files.validation))
    assert validate["num_samples"] == 1
    assert validate["clean_text"] == [f"{code}={path}" for code, path in plan.files.validation_texts.items()]
    base = plan.evaluate(study.base)
    assert (base.needs, base.options["model"], "base" in base.options) == ((), "m", False)
    assert base.digest == plan.evaluate(study.base).digest

    for stage in (evaluate, plan.validate(tlpo, 1e-6), base, plan.validate(study.base, None), plan.sample(0)):
        assert stage.options["dtype"] == "float32"  # as trainings load and save the model
    other = replace(tlpo, evaluate={**tlpo.evaluate, "dtype": "bfloat16"})
    assert plan.evaluate(other, 1e-6, 0).options["dtype"] == "bfloat16"
    assert plan.evaluate(other, 1e-6, 0).digest != evaluate.digest

    adapter = replace(tlpo, train={**tlpo.train, "lora": True})
    options = plan.evaluate(adapter, 1e-6, 0).resolved(study.output)
    assert options["model"] == "m"
    assert options["adapter"].endswith("run/final")


def test_options_go_into_a_file_or_onto_the_command_line(tmp_path: Path) -> None:
    plan = make_plan(small_study(tmp_path))
    root = plan.study.output
    train = plan.train(plan.study.methods[-1], 1e-6, 0)
    train.folder(root).mkdir(parents=True)
    words = tlpo_command(train, root)
    assert words[1:5] == ["-m", "tlpo.cli.main", "train", "--config"]
    assert yaml.safe_load(Path(words[5]).read_text(encoding="utf-8")) == train.resolved(root)
    sample = Stage("sample", "data", {"model": "m", "language": ["ko", "ja"], "fast": True, "slow": False, "top": None})
    assert tlpo_command(sample, root)[3:-2] == ["data", "sample", "--model", "m", "--language", "ko,ja", "--fast"]
    assert tlpo_command(sample, root)[-2:] == ["--output", str(sample.folder(root) / "samples.jsonl")]


def test_the_split_of_the_prompts(tmp_path: Path) -> None:
    study = replace(small_study(tmp_path), languages=("ko", "ja"), validation_prompts=10)
    files = split_prompts(study, tmp_path / "one")
    train, validation = load_prompts(files.train), load_prompts(files.validation)
    assert (len(train), len(validation)) == (180, 20)
    texts = [{(record.language, record.prompt) for record in records} for records in (train, validation)]
    assert not texts[0] & texts[1]
    bundled = load_prompts(language=["ko", "ja"], split="train")
    assert texts[0] | texts[1] == {(record.language, record.prompt) for record in bundled}
    assert set(files.validation_texts) == {"ko", "ja", "en"}
    clean = files.validation_texts["ko"].read_text(encoding="utf-8").splitlines()
    assert sorted(clean) == sorted(str(record.prompt) for record in validation if record.language == "ko")
    again = split_prompts(study, tmp_path / "two")
    assert again.train.read_bytes() == files.train.read_bytes()
    with pytest.raises(UserError, match="validation_prompts is 100, but there are 100 prompts to train on in 'ko'"):
        split_prompts(replace(study, validation_prompts=100), tmp_path / "three")


def test_a_prompt_that_stands_twice_is_not_on_both_sides_of_the_split(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("".join(f"질문 {number}은 무엇인가요?\n" for number in [*range(6), *range(6)]), encoding="utf-8")
    study = replace(small_study(tmp_path), prompts=str(path), validation_prompts=3)
    files = split_prompts(study, tmp_path / "split")
    train, validation = ({record.prompt for record in load_prompts(file)} for file in (files.train, files.validation))
    assert (len(train), len(validation)) == (3, 3)
    assert not train & validation
