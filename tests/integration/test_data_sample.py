"""``tlpo data sample`` and what is made of it, on a tiny random model: files, resuming after a kill, bad input."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.commands import Command, Pause, forbid, save_tiny_model, tlpo
from tests.models import tokenizer

from tlpo.cli.main import main
from tlpo.confusion import ConfusionDetector

PROMPTS = [
    {"prompt": "김치찌개" * (1 + number % 5), "language": "ko", **({"id": f"k{number}"} if number != 3 else {})}
    for number in range(10)
]
TARGET = "tlpo.runs.sampling:_generate"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prompts") / "prompts.jsonl"
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in PROMPTS), encoding="utf-8")
    return path


def options(model: Path, prompts: Path, output: Path, /, **more: Any) -> list[str]:
    values = {
        "model": model, "prompts": prompts, "output": output, "num_samples": 4, "batch_size": 8, "max_new_tokens": 8,
        "english": "confusion", "temperature": 1.0, "seed": 5,
    } | more  # fmt: skip
    return ["data", "sample", *(f"--{name}={value}" for name, value in values.items())]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def unbroken(model: Path, prompts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("unbroken") / "samples.jsonl"
    assert main(options(model, prompts, output)) == 0
    return output


def test_every_prompt_has_its_responses(unbroken: Path) -> None:
    records = lines(unbroken)
    assert sorted(record["id"] for record in records) == sorted(record.get("id", "3") for record in PROMPTS)
    lengths = [len(tokenizer("byte_fallback")(f"질문: {record['prompt']}\n답변:").input_ids) for record in records]
    assert lengths == sorted(lengths, reverse=True)  # one block, the longest first
    detector = ConfusionDetector("ko", english="confusion")
    for record in records:
        assert list(record) == ["id", "prompt", "language", "responses"]
        assert len(record["responses"]) == 4
        for response in record["responses"]:
            assert list(response) == ["text", "ids", "verdict", "confusion_point", "finished"]
            if "\N{REPLACEMENT CHARACTER}" not in response["text"]:  # the library decodes broken bytes otherwise
                whole = tokenizer("byte_fallback").decode(response["ids"], skip_special_tokens=True)
                assert response["text"] == whole
            found = detector.check(response["text"])
            assert (response["verdict"], response["confusion_point"]) == (found.verdict, found.confusion_point)
            assert (len(response["ids"]) == 8) or response["finished"] == "eos"


def test_what_decides_the_responses_is_written_beside_them(unbroken: Path, model: Path) -> None:
    from tlpo.modeling.content import content_hash

    known = json.loads(unbroken.with_suffix(".settings.json").read_text(encoding="utf-8"))
    assert known["status"] == "finished"
    assert {"tlpo", "torch", "transformers", "python"} <= set(known["versions"])
    settings = known["settings"]
    assert (settings["seed"], settings["num_samples"], settings["temperature"]) == (5, 4, 1.0)
    assert settings["model_content"] == content_hash(model)
    assert "model" not in settings  # wherever it lies, it is the same model


def test_a_finished_file_is_not_sampled_again(unbroken: Path, model: Path, prompts: Path, tmp_path: Path) -> None:
    before = unbroken.read_bytes()
    prepare = partial(forbid, ["tlpo.evaluation.subject:Subject.load"])
    done = tlpo(*options(model, prompts, unbroken), streams=tmp_path / "streams", prepare=prepare)
    assert done.status == 0, done.err
    assert "40 responses to 10 prompts" in done.out
    assert unbroken.read_bytes() == before


def test_killed_and_gone_on_with_it_is_the_same_file(
    unbroken: Path, model: Path, prompts: Path, tmp_path: Path
) -> None:
    """A real SIGKILL in the third batch, and half a line of the fourth on top."""
    output = tmp_path / "samples.jsonl"
    pause = Pause(TARGET, tmp_path / "pause", call=3)
    command = Command(*options(model, prompts, output), streams=tmp_path / "streams", prepare=pause)
    pause.wait(command)
    assert command._process.pid is not None
    os.kill(command._process.pid, signal.SIGKILL)
    assert command.wait().status == -signal.SIGKILL
    assert len(lines(output)) == 4  # two batches of two prompts
    assert json.loads(output.with_suffix(".settings.json").read_text(encoding="utf-8"))["status"] == "running"
    with output.open("ab") as file:
        file.write(unbroken.read_bytes().splitlines(keepends=True)[4] + b'{"id": "k')  # half a batch, half a line
    assert main(options(model, prompts, output)) == 0
    assert output.read_bytes() == unbroken.read_bytes()
    settings = output.with_suffix(".settings.json").read_bytes()
    assert settings == unbroken.with_suffix(".settings.json").read_bytes()


def test_ctrl_c_says_what_is_kept(model: Path, prompts: Path, tmp_path: Path) -> None:
    output = tmp_path / "samples.jsonl"
    pause = Pause(TARGET, tmp_path / "pause", call=2)
    command = Command(*options(model, prompts, output), streams=tmp_path / "streams", prepare=pause)
    pause.interrupt(command)
    done = command.wait()
    assert done.status == 130
    assert f"8 responses are kept in {output}: the same command goes on from there" in done.err


def test_other_settings_do_not_mix(unbroken: Path, model: Path, prompts: Path, tmp_path: Path) -> None:
    line = tlpo(*options(model, prompts, unbroken, seed=6), streams=tmp_path / "streams").complaint()
    assert "already holds other responses (seed was 5, now 6): choose another --output" in line


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"output": "samples.txt"}, "is no JSON-lines file: give a name that ends in .jsonl"),
        ({"num_samples": 0}, "num_samples is 0: give at least 1"),
        ({"temperature": 0}, "num_samples is 4 at temperature 0"),
        ({"max_new_tokens": 600}, "exceeds the model's context of 512"),
        ({"language": "ja"}, "no prompt for ja: it has ko"),
        ({"model": "./nowhere"}, "the model folder './nowhere' does not exist"),
    ],
)
def test_bad_input_is_told_in_one_line(
    model: Path, prompts: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], more: dict[str, Any], message: str
) -> None:
    if "output" in more:
        more = {"output": tmp_path / more["output"]}
    assert main(options(model, prompts, tmp_path / "samples.jsonl", **more)) == 2
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == []


def test_a_file_that_was_changed_is_refused(unbroken: Path, model: Path, prompts: Path, tmp_path: Path) -> None:
    output = tmp_path / "samples.jsonl"
    text = unbroken.read_text(encoding="utf-8").splitlines(keepends=True)
    output.write_text(text[1] + text[0], encoding="utf-8")
    known = json.loads(unbroken.with_suffix(".settings.json").read_text(encoding="utf-8")) | {"status": "running"}
    output.with_suffix(".settings.json").write_text(json.dumps(known), encoding="utf-8")
    line = tlpo(*options(model, prompts, output), streams=tmp_path / "streams").complaint()
    assert "the file was changed; choose another --output" in line


def test_pairs_and_answers_of_the_samples(unbroken: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """On the file as it came, and with the responses judged anew."""
    known = {record["id"]: Counter(r["verdict"] for r in record["responses"]) for record in lines(unbroken)}
    mixed = [name for name, verdicts in known.items() if verdicts["clean"] and verdicts["confused"]]
    pairs = tmp_path / "pairs.jsonl"
    status = main(["data", "pairs", "--samples", str(unbroken), "--output", str(pairs), "--seed", "2"])
    printed = capfd.readouterr()
    if mixed:
        assert status == 0
        assert [pair["id"] for pair in lines(pairs)] == mixed
        report = json.loads(pairs.with_suffix(".report.json").read_text(encoding="utf-8"))
        assert report["pairs"] == len(mixed)
        assert sum(report["prompts"]["ko"].values()) == 10
        assert f"{len(mixed)} pair" in printed.out
    else:
        assert status == 2
        assert "no pair comes of it" in printed.err
        assert not pairs.exists()
    strict = main(
        [
            "data",
            "pairs",
            "--samples",
            str(unbroken),
            "--output",
            str(pairs),
            "--english=neutral",
            "--strictness=strict",
        ]
    )
    assert strict in (0, 2)
    assert main(["data", "pairs", "--samples", str(unbroken), "--output", str(pairs), "--english=no"]) == 2
    assert "english is 'no'; it must be one of neutral, confusion" in capfd.readouterr().err
