"""``tlpo evaluate`` from the command line on tiny models: what it writes, what it does not measure twice."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from tests.commands import save_tiny_model
from tests.models import tiny_model, tokenizer
from tests.unit.evaluation.harness.questions import write_questions

from tlpo.cli.main import main
from tlpo.evaluation import audit as audit_module
from tlpo.evaluation.parts import read_items
from tlpo.modeling import load as load_module

pytest.importorskip("lm_eval", reason="needs pip install 'tlpo[eval]'")

SHORT = ("--language", "ko", "--num_prompts", "4", "--max_new_tokens", "6", "--resamples", "50", "--profiles", "tlpo")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders a and b, two models of one shape, and questions."""
    root = tmp_path_factory.mktemp("models")
    for seed, name in enumerate("ab"):
        save_tiny_model(root / name, seed=seed)
    write_questions(root / "questions")
    return root


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TLPO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def run(model: Path, output: Path, *more: str) -> dict[str, Any]:
    assert main(["evaluate", "--model", str(model), "--output", str(output), *more]) == 0
    found = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def forbid_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(load_module, "load_model", fail)


def test_everything_is_measured_and_written(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out"
    found = run(
        models / "a", output, "--language", "ko,ru", "--num_prompts", "3", "--num_samples", "2",
        "--max_new_tokens", "6", "--suite", "consistency,capability", "--capability_data", str(models / "questions"),
        "--tasks", "tlpo_en_arc_easy,tlpo_capability_ko", "--limit", "3",
        "--base", str(models / "b"), "--resamples", "50", "--method", "tlpo", "--label", "mine",
    )  # fmt: skip
    assert (found["schema"], found["complete"], found["method"], found["label"]) == (1, True, "tlpo", "mine")
    assert set(found["settings"]["definitions"]) == {"lcb", "tlpo", "default"}
    rows = found["consistency"]
    assert {(row["profile"], row["temperature"]) for row in rows} == {
        (name, temperature) for name in ("lcb", "tlpo", "default") for temperature in (0.0, 1.0)
    }
    assert {row["language"] for row in rows} == {"ko", "ru", "all"}
    for temperature, samples in (("0", 1), ("1", 2)):
        items = read_items(output / found["items"]["consistency"][temperature])
        assert len({item["id"] for item in items}) == len(items) == 6 * samples
        for row in (row for row in rows if format(row["temperature"], "g") == temperature and row["language"] == "ko"):
            own = [item["outcomes"][row["profile"]] for item in items if item["language"] == "ko"]
            assert row["n"] == len(own) == 3 * samples
            assert row["rate"] == pytest.approx(100 * sum(one["confused"] for one in own) / len(own), abs=1e-3)
            if row["wpr"] is not None and row["profile"] != "lcb":
                passed, judged = (sum(one["wpr"][place] for one in own) for place in (0, 1))
                assert row["wpr"] == pytest.approx(100 * passed / judged, abs=1e-3)
    tasks = {row["task"] for row in found["capability"]}
    kobest = {f"tlpo_ko_kobest_{name}" for name in ("boolq", "copa", "hellaswag", "sentineg", "wic")}
    assert tasks == {"tlpo_en_arc_easy", *kobest, "all"}
    for row in (row for row in found["capability"] if row["task"] != "all"):
        items = read_items(output / found["items"]["capability"][row["task"]])
        outcomes = [item["outcomes"][row["metric"]] for item in items]
        assert row["n"] == len(outcomes) <= 3
        assert row["value"] == pytest.approx(sum(outcomes) / len(outcomes))
        assert row["ci95"][0] <= row["value"] <= row["ci95"][1]
    text = found["text"]
    assert set(text["nll"]) == set(text["kl_from_base"]) == {"ko", "ru", "en"}
    assert text["kl_from_base"]["ko"]["value"] > 0
    assert text["temperature"] == 1.0
    assert 0 < text["mean_length"] <= 6
    page = (output / "evaluation.md").read_text(encoding="utf-8")
    assert "| tlpo_en_arc_easy | acc | 3 |" in page
    printed = capsys.readouterr().out
    assert "tlpo_ko_kobest_copa" in printed
    assert str(output / "evaluation.json") in printed


def test_the_method_is_the_runs_and_decides_no_figure(models: Path, tmp_path: Path) -> None:
    final = tmp_path / "run" / "final"
    shutil.copytree(models / "a", final)
    (tmp_path / "run" / "resolved_config.yaml").write_text("config: {method: sft, seed: 3}", encoding="utf-8")
    base, trained = run(models / "a", tmp_path / "base", *SHORT), run(final, tmp_path / "trained", *SHORT)
    assert (base["method"], base["run"], base["label"]) == ("base", None, "a")
    assert (trained["method"], trained["run"]["seed"], trained["label"]) == ("sft", 3, "run")
    assert base["content_hash"] == trained["content_hash"]


def test_without_training(models: Path, tmp_path: Path) -> None:
    """The gate keeps to the script, but for letters made of single bytes; the others change what the model reads."""
    shots = tmp_path / "shots.jsonl"
    shots.write_text('{"prompt": "질문", "answer": "대답", "language": "ko"}\n', encoding="utf-8")
    ways = {
        "plain": (),
        "gate": ("--gate", "true"),
        "instruction": ("--instruction", "Answer in {language}."),
        "few-shot": ("--few_shot", str(shots)),
    }
    responses, confused = {}, {}
    for name, words in ways.items():
        output = tmp_path / name
        found = run(models / "a", output, *SHORT, "--temperature", "1", "--english", "confusion", *words)
        items = read_items(output / found["items"]["consistency"]["1"])
        responses[name] = tuple(item["response"] for item in items)
        confused[name] = sum(item["outcomes"]["tlpo"]["confused"] for item in items)
    assert len(set(responses.values())) == len(ways)
    assert confused["gate"] < confused["plain"]


def test_results_go_by_content_and_not_by_name(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = (*SHORT, "--suite", "consistency,capability", "--capability_data", str(models / "questions"),
               "--tasks", "tlpo_en_copa")  # fmt: skip
    first = run(models / "a", tmp_path / "first", *options)
    renamed, edited = tmp_path / "another name", tmp_path / "a"
    for folder in (renamed, edited):
        shutil.copytree(models / "a", folder)
    weights = load_file(edited / "model.safetensors")
    with torch.no_grad():
        weights["model.norm.weight"][3] += 0.5
    save_file(weights, edited / "model.safetensors", metadata={"format": "pt"})

    changed = run(edited, tmp_path / "edited", *options)
    assert changed["model_hash"] != first["model_hash"]
    assert changed["text"]["nll"] != first["text"]["nll"]
    forbid_loading(monkeypatch)
    again = run(renamed, tmp_path / "again", *options)
    for name in ("consistency", "capability", "text", "content_hash", "model_hash"):
        assert again[name] == first[name]
    items = first["items"]["consistency"]["1"]
    assert (tmp_path / "again" / items).read_bytes() == (tmp_path / "first" / items).read_bytes()


def test_an_interrupted_evaluation_goes_on(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = (*SHORT, "--batch_size", "2")
    monkeypatch.setenv("TLPO_CACHE", str(tmp_path / "other cache"))
    unbroken = run(models / "a", tmp_path / "unbroken", *options)
    monkeypatch.setenv("TLPO_CACHE", str(tmp_path / "cache"))
    real, calls = audit_module._generate, []

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == 4:  # the second batch at the second temperature
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(audit_module, "_generate", interrupted)
    assert main(["evaluate", "--model", str(models / "a"), "--output", str(tmp_path / "out"), *options]) == 130
    assert "goes on from there" in capsys.readouterr().err
    partial = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert not partial["complete"]
    assert {row["temperature"] for row in partial["consistency"]} == {0.0}
    found = run(models / "a", tmp_path / "out", *options)
    assert len(calls) == 5
    for name in ("consistency", "text", "content_hash", "complete"):
        assert found[name] == unbroken[name]


def test_a_baseline_gives_paired_differences(models: Path, tmp_path: Path) -> None:
    before = run(models / "b", tmp_path / "before", *SHORT, "--label", "base")
    found = run(models / "a", tmp_path / "after", *SHORT, "--baseline", str(tmp_path / "before"))
    told = found["baseline"]
    assert (told["label"], told["content_hash"], told["notes"]) == ("base", before["content_hash"], [])
    for row in (row for row in told["consistency"] if row["language"] == "ko"):
        sides = [
            next(
                own[row["metric"]] for own in side["consistency"]
                if (own["temperature"], own["language"]) == (row["temperature"], "ko")
            )
            for side in (found, before)
        ]  # fmt: skip
        assert row["change"] == pytest.approx(sides[0] - sides[1], abs=2e-4)
        assert row["ci95"][0] <= row["change"] <= row["ci95"][1]
    change = told["text"]["nll"]["ko"]["change"]
    assert change == pytest.approx(found["text"]["nll"]["ko"]["value"] - before["text"]["nll"]["ko"]["value"])
    assert "Change from base, paired by item" in (tmp_path / "after" / "evaluation.md").read_text(encoding="utf-8")


def test_an_adapter_is_put_on_the_model(models: Path, tmp_path: Path) -> None:
    adapted = get_peft_model(tiny_model(), LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.fill_(0.5)
    adapted.save_pretrained(tmp_path / "adapter")
    options = (*SHORT, "--temperature", "0", "--base", str(models / "a"))
    plain = run(models / "a", tmp_path / "plain", *options)
    changed = run(models / "a", tmp_path / "adapted", *options, "--adapter", str(tmp_path / "adapter"))
    assert changed["model_hash"] != plain["model_hash"]
    assert plain["text"]["kl_from_base"]["ko"]["value"] == 0
    assert changed["text"]["kl_from_base"]["ko"]["value"] > 0.01


def test_a_folder_of_another_evaluation_is_left_alone(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(models / "a", tmp_path / "out", *SHORT, "--temperature", "0")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    command = ["evaluate", "--model", str(models / "b"), "--output", str(tmp_path / "out"), *SHORT]
    assert main([*command, "--temperature", "0"]) == 2
    assert "already holds another evaluation (model_hash was" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_the_benchmark_is_counted_by_setting_source_and_language(models: Path, tmp_path: Path) -> None:
    """Two settings share a source's name and a language; `num_prompts` counts in each cell of its own."""
    archive = tmp_path / "test_sets.zip"
    with zipfile.ZipFile(archive, "w") as sets:
        for setting in ("monolingual", "crosslingual"):
            for code in ("ko", "ja"):
                rows = "".join(f"{setting} {code} {number},okapi,{code}\n" for number in range(3))
                sets.writestr(f"test_sets/{setting}/okapi/{code}.csv", f"prompt,source,language\n{rows}")
    short = ("--prompts", str(archive), "--max_new_tokens", "6", "--resamples", "50", "--temperature", "0")
    found = run(models / "a", tmp_path / "out", *short, "--num_prompts", "2", "--profiles", "tlpo")
    cells = {(row["source"], row["language"]): row["n"] for row in found["consistency"]}
    for setting in ("monolingual", "crosslingual"):
        for code in ("ko", "ja"):
            assert cells[f"{setting}/okapi", code] == 2
    some = run(models / "a", tmp_path / "some", *short, "--sources", "crosslingual/okapi", "--language", "ja")
    lines = (tmp_path / "some" / "items" / "consistency-t0.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["prompt"] for line in lines] == [f"crosslingual ja {number}" for number in range(3)]
    assert {row["source"] for row in some["consistency"]} == {"crosslingual/okapi", "crosslingual/all"}


def test_another_vocabulary_is_refused_before_anything_is_measured(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    save_tiny_model(other)
    tokenizer("byte_level").save_pretrained(other)
    forbid_loading(monkeypatch)
    options = (*SHORT, "--base", str(other), "--output", str(tmp_path / "out"))
    assert main(["evaluate", "--model", str(models / "a"), *options]) == 2
    assert "has another vocabulary than" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "the bundled prompts need a language"),
        (("--language", "ko", "--suite", "capabilty"), "did you mean 'capability'"),
        (("--suite", "capability"), "needs --capability_data DIR"),
        (("--suite", "capability", "--capability_data", "/no/such/folder"), "does not exist"),
        (("--language", "ko", "--sources", "okapi"), "no prompts of the source 'okapi'"),
        (("--language", "ko", "--prompts", "absent.zip"), "absent.zip"),
        (("--language", "ko", "--baseline", "absent"), "no evaluation.json"),
        (("--language", "ko", "--base", "/no/such/model"), "/no/such/model"),
        (("--language", "ko", "--adapter", "/no/such/adapter"), "/no/such/adapter"),
        (("--language", "ko", "--word_list", "nope"), "cannot read the word list 'nope': No such file"),
        (("--language", "ko", "--device", "foo"), "device is 'foo', which cannot be used"),
        (("--language", "ko", "--clean_text", "ko"), "write it as LANGUAGE=FILE"),
        (("--language", "ko", "--temprature", "1"), "did you mean 'temperature'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert main(["evaluate", "--model", str(models / "a"), "--output", str(tmp_path / "out"), *options]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error


def test_help_and_the_task_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--help"]) == 0
    assert "--capability_data" in capsys.readouterr().out
    assert main(["evaluate", "--task_folder"]) == 0
    assert (Path(capsys.readouterr().out.strip()) / "lcb" / "monolingual.yaml").is_file()
