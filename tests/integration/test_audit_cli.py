"""``tlpo audit`` from the command line on a tiny model: what it writes, how it goes on, what it refuses."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from tests.models import tiny_model, tokenizer

from tlpo.cli.main import main
from tlpo.evaluation import audit as audit_module
from tlpo.evaluation.records import read_records

FIGURES = {
    "model", "language", "english", "n", "confused", "undecided", "rate", "ci95", "letters_share", "digits_share",
    "mean_length", "distinct_2", "eos_rate", "examples", "settings", "versions", "languages", "prompts",
}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_model().save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def run(model: Path, output: Path, *more: str) -> int:
    options = ["--model", str(model), "--output", str(output), "--max_new_tokens", "8", "--batch_size", "4"]
    return main(["audit", *options, *more])


def read(output: Path) -> dict[str, Any]:
    found = json.loads((output / "audit.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_everything_is_written(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "run"
    status = run(
        model, output, "--language", "ko", "--num_prompts", "5", "--num_samples", "2", "--english", "confusion"
    )
    assert status == 0
    found = read(output)
    records = read_records(output / "responses.jsonl")
    assert set(found) == FIGURES
    assert (found["language"], found["english"], found["n"], found["prompts"]) == ("ko", "confusion", 10, 5)
    assert [(record.index, record.sample) for record in records] == [(i, s) for i in range(5) for s in range(2)]
    assert found["confused"] == sum(record.verdict == "confused" for record in records)
    assert found["rate"] == found["confused"] / 10
    assert found["mean_length"] == sum(len(record.ids) for record in records) / 10
    assert found["settings"]["max_new_tokens"] == 8
    assert {"tlpo", "torch", "transformers", "python"} <= set(found["versions"])
    page = (output / "report.html").read_text(encoding="utf-8")
    assert page.count("<article") == 10
    printed = capsys.readouterr().out
    assert str(output / "report.html") in printed
    assert "ko 10" in " ".join(printed.split())


def test_ids_are_as_sampled_and_texts_theirs(model: Path, tmp_path: Path) -> None:
    assert run(model, tmp_path, "--language", "ko", "--num_prompts", "4") == 0
    for record in read_records(tmp_path / "responses.jsonl"):
        assert len(record.ids) <= 8
        assert (len(record.ids) == 8) or record.finished == "eos"
        assert record.response == tokenizer().decode(list(record.ids), skip_special_tokens=True)
        if record.confusion_point is not None:
            assert record.spans[0]["start"] == record.confusion_point
            span = record.spans[0]
            assert record.response[span["start"] : span["end"]] == span["text"]


def test_an_interrupted_audit_goes_on(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--language", "ko", "--num_prompts", "10", "--num_samples", "2")
    assert run(model, tmp_path / "unbroken", *options) == 0

    real, calls = audit_module._generate, []

    def interrupted(*args: Any) -> Any:
        calls.append(len(args[1]))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(audit_module, "_generate", interrupted)
    broken = tmp_path / "broken"
    assert run(model, broken, *options) == 130
    assert f"8 responses are kept in {broken}" in capsys.readouterr().err  # two chunks of 2 prompts x 2 samples
    assert not (broken / "audit.json").exists()
    with (broken / "responses.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"index": 9, "sam')  # killed in the middle of a line

    calls.clear()
    monkeypatch.setattr(audit_module, "_generate", lambda *args: (calls.append(len(args[1])), real(*args))[1])
    assert run(model, broken, *options) == 0
    assert calls == [2, 2, 2]
    assert (broken / "responses.jsonl").read_bytes() == (tmp_path / "unbroken" / "responses.jsonl").read_bytes()
    assert read(broken) == read(tmp_path / "unbroken")


def test_a_finished_audit_is_not_sampled_again(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--language", "ko", "--num_prompts", "2")
    assert run(model, tmp_path, *options) == 0
    monkeypatch.setattr(audit_module, "_generate", lambda *args: pytest.fail("sampled again"))
    assert run(model, tmp_path, *options) == 0


def test_temperature_0_is_greedy(model: Path, tmp_path: Path) -> None:
    for seed in ("0", "1"):
        assert run(model, tmp_path / seed, "--language", "ko", "--num_prompts", "3", "--temperature", "0",
                   "--seed", seed) == 0  # fmt: skip
    first, second = (read_records(tmp_path / seed / "responses.jsonl") for seed in ("0", "1"))
    assert [record.ids for record in first] == [record.ids for record in second]


def test_several_languages_in_one_file(model: Path, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.jsonl"
    rows = [("ko", "왜 하늘은 파란가요?"), ("ar", "كيف حالك؟"), ("ko", "안녕?"), ("ar", "ما هذا؟"), ("ko", "뭐해?")]
    prompts.write_text("".join(json.dumps({"language": code, "prompt": text}) + "\n" for code, text in rows))
    assert run(model, tmp_path / "all", "--prompts", str(prompts)) == 0
    found = read(tmp_path / "all")
    assert found["language"] == "mul"
    assert {code: figures["n"] for code, figures in found["languages"].items()} == {"ko": 3, "ar": 2}
    assert found["n"] == 5
    assert run(model, tmp_path / "two", "--prompts", str(prompts), "--num_prompts", "2") == 0
    assert {code: figures["n"] for code, figures in read(tmp_path / "two")["languages"].items()} == {"ko": 2, "ar": 2}


# peft still reads the old name of a transformers property
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_an_adapter_changes_the_responses(model: Path, tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    adapted = get_peft_model(tiny_model(), LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.fill_(0.5)
    adapted.save_pretrained(tmp_path / "adapter")
    options = ("--language", "ko", "--num_prompts", "3", "--temperature", "0")
    assert run(model, tmp_path / "plain", *options) == 0
    assert run(model, tmp_path / "adapted", *options, "--adapter", str(tmp_path / "adapter")) == 0
    plain, changed = (read_records(tmp_path / name / "responses.jsonl") for name in ("plain", "adapted"))
    assert [record.ids for record in plain] != [record.ids for record in changed]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--language", "kp"), "unknown language 'kp'"),
        (("--language", "ko", "--temperature", "-1"), "temperature is -1"),
        (("--language", "ko", "--english", "neutrl"), "did you mean 'neutral'"),
        (("--language", "ko", "--template", "Q:"), "lacks the placeholder {prompt}"),
        (("--language", "ko", "--max_new_tokens", "600"), "exceeds the model's context of 512"),
        (("--language", "ko", "--prompts", "absent.jsonl"), "absent.jsonl"),
        (("--language", "ko", "--adapter", "/no/such/adapter"), "/no/such/adapter"),
        (("--langauge", "ko"), "langauge"),
        ((), "language"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert run(model, tmp_path / "run", *options) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error


def test_a_folder_of_another_run_is_left_alone(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(model, tmp_path, "--language", "ko", "--num_prompts", "2") == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert run(model, tmp_path, "--language", "ko", "--num_prompts", "2", "--seed", "1") == 2
    assert "already holds another audit (seed was 0, now 1)" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_missing_model_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "absent", tmp_path / "run", "--language", "ko") == 2
    assert "does not exist" in capsys.readouterr().err


def test_without_training_gate_instruction_and_examples(model: Path, tmp_path: Path) -> None:
    """The gate leaves no letter of another script; instruction and examples change what the model reads."""
    options = ("--language", "ko,ru", "--num_prompts", "3", "--english", "confusion")
    shots = tmp_path / "shots.jsonl"
    shots.write_text(
        "".join(json.dumps({"prompt": "a?", "answer": "b", "language": code}) + "\n" for code in ("ko", "ru")),
        encoding="utf-8",
    )
    ways = {
        "plain": (),
        "gate": ("--gate",),
        "instruction": ("--instruction", "Answer in {language}."),
        "few_shot": ("--few_shot", str(shots)),
    }
    texts: dict[str, list[str]] = {}
    for name, more in ways.items():
        assert run(model, tmp_path / name, *options, *more) == 0
        records = read_records(tmp_path / name / "responses.jsonl")
        texts[name] = [record.response for record in records]
        if name == "gate":
            for record in records:
                scripts = ("HANGUL", "CJK") if record.language == "ko" else ("CYRILLIC",)
                for piece in tokenizer().batch_decode([[token] for token in record.ids], skip_special_tokens=True):
                    letters = [letter for letter in piece if letter.isalpha()]
                    assert all(unicodedata.name(letter).startswith(scripts) for letter in letters), piece
    assert len({tuple(found) for found in texts.values()}) == 4
    settings = json.loads((tmp_path / "gate" / "settings.json").read_text(encoding="utf-8"))
    assert settings["gate"] is True
