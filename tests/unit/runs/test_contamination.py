"""A run's own check: once, in its folder and on the screen."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.baselines import arguments, sampled, write_lines

from tlpo.baselines.records import load_material
from tlpo.data import load_prompts
from tlpo.errors import UserError
from tlpo.loop.config import RunConfig
from tlpo.runs.contamination import note_contamination


def run(**options: Any) -> RunConfig:
    return RunConfig(model="m", **options)


def note(config: RunConfig, folder: Path, *, new: bool = False, **options: Any) -> dict[str, Any]:
    return note_contamination(config, arguments(config.method, folder, **options), folder, new=new)


def test_the_bundled_prompts_are_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = note(run(language=["ko", "fr"]), tmp_path)
    assert (found["train"], found["evaluation"], found["exact"], found["near"]) == (200, 120, 0, 0)
    assert found["not_checked"] == []
    assert json.loads((tmp_path / "contamination.json").read_text(encoding="utf-8")) == found
    assert capsys.readouterr().err.startswith("no contamination: of 200 training and 120 evaluation prompts")


def test_offending_pairs_are_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held_out = load_prompts(language="ko", split="eval")
    path = tmp_path / "p.jsonl"
    records = [{"id": "bad", "prompt": held_out[7].prompt + "!", "language": "ko"}, {"prompt": "밥", "language": "ko"}]
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    for printed in (True, False):
        found = note(run(prompts=str(path)), tmp_path)
        (pair,) = found["pairs"]
        assert (pair["kind"], pair["train"]["id"], pair["evaluation"]["id"]) == ("exact", "bad", held_out[7].id)
        told = capsys.readouterr().err
        assert ("1 training prompts are evaluation prompts" in told) == printed
        assert (str(tmp_path / "contamination.json") in told) == printed


def test_methods_that_learn_from_responses_are_checked_by_their_data(tmp_path: Path) -> None:
    held_out = load_prompts(language="ja", split="eval")
    path = tmp_path / "pairs.jsonl"
    pair = {"prompt": held_out[0].prompt, "language": "ja", "chosen": "はい", "rejected": "yes"}
    path.write_text(json.dumps(pair) + "\n", encoding="utf-8")
    found = note(run(method="dpo", data=str(path)), tmp_path)
    assert (found["train"], found["exact"]) == (1, 1)


def test_of_a_data_file_what_is_trained_on_counts(tmp_path: Path) -> None:
    """Six records of four responses: one without a pair, one that is not among the prompts, three that are paid for."""
    held_out = load_prompts(language="ko", split="eval")
    rows = [row | {"prompt": one.prompt} for row, one in zip(sampled(6), held_out, strict=False)]
    rows[0]["responses"] = rows[0]["responses"][::2]  # clean ones alone
    data = write_lines(tmp_path / "samples.jsonl", rows)
    prompts = write_lines(tmp_path / "prompts.jsonl", [{"prompt": row["prompt"]} for row in rows[:5]])
    options: dict[str, Any] = {"method": "dpo", "data": str(data), "language": ["ko"]}
    for given, budget, trained in (({}, None, 5), ({"prompts": str(prompts)}, None, 4), ({}, 12, None)):
        config = run(**options, **given)
        found = note(config, tmp_path, new=True, rollout_budget=budget)
        used = load_material(config, arguments("dpo", tmp_path, rollout_budget=budget)).examples
        assert [pair["train"]["where"] for pair in found["pairs"]] == [example.where for example in used]
        assert found["exact"] == found["train"] == len(used)
        assert len(used) == trained if trained else len(used) in (2, 3)  # the one without a pair may be among the paid


def test_a_run_that_begins_compares_anew(tmp_path: Path) -> None:
    """What lies there is of a run that ended before it had a result, and whose prompts were changed since."""
    held_out = load_prompts(language="ko", split="eval")
    path = tmp_path / "p.jsonl"
    for prompt, exact in ((held_out[0].prompt, 1), ("밥을 짓는 법", 0)):
        write_lines(path, [{"prompt": prompt, "language": "ko"}])
        found = note(run(prompts=str(path)), tmp_path, new=True)
        assert found["exact"] == exact
    write_lines(path, [{"prompt": "swali", "language": "sw"}])
    assert note(run(prompts=str(path)), tmp_path, new=True)["pairs"] == []


@pytest.mark.parametrize("method", ["tlpo", "grpo"])
def test_methods_that_sample_their_own_responses_take_no_data(method: str) -> None:
    with pytest.raises(UserError) as error:
        run(method=method, data="pairs.jsonl")
    assert str(error.value) == (f"data is 'pairs.jsonl', but method {method} samples its own responses: leave data out")


def test_a_file_of_evaluation_prompts(tmp_path: Path) -> None:
    train, other = tmp_path / "train.jsonl", tmp_path / "eval.jsonl"
    train.write_text('{"prompt": "a question", "language": "sw"}\n', encoding="utf-8")
    other.write_text('{"prompt": "A question?", "language": "sw"}\n', encoding="utf-8")
    found = note(run(prompts=str(train), eval_prompts=str(other)), tmp_path)
    assert found["exact"] == 1


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_the_benchmark_as_evaluation_prompts(tmp_path: Path, kind: str) -> None:
    train, text = tmp_path / "train.jsonl", "prompt,source,language\nA question?,okapi,ko\nAnother one,okapi,ja\n"
    train.write_text('{"prompt": "a question", "language": "ko"}\n', encoding="utf-8")
    name = "test_sets/monolingual/okapi/ko.csv"
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "test_sets.zip", "w") as archive:
            archive.writestr(name, text)
    else:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    path = tmp_path / ("test_sets.zip" if kind == "zip" else "test_sets")
    found = note(run(prompts=str(train), eval_prompts=str(path)), tmp_path)
    assert (found["train"], found["evaluation"], found["exact"]) == (1, 2, 1)


def test_of_a_file_with_splits_the_evaluation_split_counts(tmp_path: Path) -> None:
    path = tmp_path / "both.jsonl"
    rows = [{"prompt": "a question", "language": "ko", "split": "train"},
            {"prompt": "something else", "language": "ko", "split": "eval"}]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = note(run(prompts=str(path), eval_prompts=str(path)), tmp_path)
    assert (found["train"], found["evaluation"], found["exact"]) == (1, 1, 0)


def test_languages_without_evaluation_prompts_are_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = tmp_path / "train.jsonl"
    train.write_text('{"prompt": "swali", "language": "sw"}\n', encoding="utf-8")
    for told in ("contamination: not checked: no evaluation prompts for sw; name a file with --eval_prompts\n", ""):
        found = note(run(prompts=str(train)), tmp_path)
        assert (found["train"], found["evaluation"], found["pairs"], found["not_checked"]) == (1, 0, [], ["sw"])
        assert json.loads((tmp_path / "contamination.json").read_text(encoding="utf-8")) == found
        assert capsys.readouterr().err == told


def test_languages_without_evaluation_prompts_beside_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prompts = {"sw": "swali", "ko": "밥", "hu": "á"}
    rows = [{"prompt": prompt, "language": code} for code, prompt in prompts.items()]
    train, other = write_lines(tmp_path / "train.jsonl", rows), write_lines(tmp_path / "eval.jsonl", rows[2:])
    found = note(run(prompts=str(train)), tmp_path, new=True)
    assert (found["train"], found["evaluation"], found["not_checked"]) == (3, 60, ["sw", "hu"])
    compared, missing = capsys.readouterr().err.splitlines()
    assert compared.startswith("no contamination: of 3 training and 60 evaluation prompts")
    assert missing == "contamination: not checked: no evaluation prompts for sw, hu; name a file with --eval_prompts"
    found = note(run(prompts=str(train), eval_prompts=str(other)), tmp_path, new=True)
    assert (found["exact"], found["not_checked"]) == (1, ["sw", "ko"])
    assert capsys.readouterr().err.endswith(f"no evaluation prompts for sw, ko; add some to {other}\n")
