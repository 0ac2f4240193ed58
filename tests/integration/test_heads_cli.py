"""``tlpo heads`` from the command line on a tiny model: what it writes, how it goes on, what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tests.commands import save_tiny_model
from tests.unit.reports.page import Page
from transformers import MambaConfig, MambaForCausalLM

from tlpo.cli.main import main
from tlpo.head_selection.adapter import TaskAdapter
from tlpo.head_selection.generation import answer
from tlpo.head_selection.tasks import Task, load_task
from tlpo.head_selection.templates import Template
from tlpo.modeling.load import load_model, load_tokenizer
from tlpo.runs.heads import evaluate as evaluate_module
from tlpo.runs.heads import opening
from tlpo.runs.heads.methods import METHODS, few_shot_prompts
from tlpo.runs.heads.records import Result, read_results

TASKS = ("next_number", "first_letter")
SMALL = ("--shots", "2", "--num_prompts", "3", "--items", "5", "--max_new_tokens", "4", "--steps", "2",
         "--fit_batch_size", "2")  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"))


def options(model: Path, *tasks: str) -> list[str]:
    return ["--model", str(model), *(word for task in tasks for word in ("--task", task)), *SMALL]


@pytest.fixture(scope="module")
def finished(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two tasks and two seeds with everything evaluated; tests that write take a copy."""
    output = tmp_path_factory.mktemp("finished") / "run"
    seeds = ["--seed", "0", "--seed", "1"]
    assert main(["heads", "evaluate", "--output", str(output), *options(model, *TASKS), *seeds]) == 0
    return output


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def results_of(folder: Path) -> dict[tuple[str, str, int | None], Result]:
    return {result.key: result for result in read_results(folder / "results.jsonl")}


def read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def no_timings(value: Any) -> Any:
    """JSON without what differs from run to run."""
    timed = ("seconds", "faster")
    if isinstance(value, dict):
        return {name: no_timings(part) for name, part in value.items() if not any(word in name for word in timed)}
    return value


def test_there_is_one_result_for_each_task_method_and_seed(finished: Path) -> None:
    expected = {(task, method, seed) for task in TASKS for method in METHODS for seed in (0, 1)}
    expected = {(task, method, None if method == "zero_shot" else seed) for task, method, seed in expected}
    assert set(results_of(finished)) == expected
    assert len((finished / "results.jsonl").read_text().splitlines()) == len(expected)


def test_answers_are_scored_as_they_stand(finished: Path) -> None:
    for (task, *_), result in results_of(finished).items():
        expected = [item.output for item in load_task(task).test[:5]]
        assert len(result.answers) == 5
        assert list(result.strict) == [int(a.strip() == y) for a, y in zip(result.answers, expected, strict=True)]
        begins = [a.strip().lower().startswith(y.lower()) for a, y in zip(result.answers, expected, strict=True)]
        assert list(result.prefix) == list(map(int, begins))


def test_the_seed_reaches_embeddings_and_selections(finished: Path) -> None:
    for task in TASKS:
        one, two = (TaskAdapter.from_pretrained(finished / "adapters" / task / f"seed-{seed}") for seed in (0, 1))
        assert [adapter.embedding.meta["seed"] for adapter in (one, two)] == [0, 1]
        assert [adapter.meta["settings"]["seed"] for adapter in (one, two)] == [0, 1]
        assert not torch.equal(one.embedding.values, two.embedding.values)


def test_every_item_and_every_seed_has_examples_of_its_own() -> None:
    task, item = load_task("plural"), load_task("plural").test[0]
    session: Any = SimpleNamespace(extract=SimpleNamespace(shots=3), template=Template())
    one, two = (few_shot_prompts(session, task, [item, item], seed) for seed in (0, 1))
    assert len({*one, *two}) == 4
    assert one == few_shot_prompts(session, task, [item, item], 0)
    blocks = {Template().zero_shot(demo.input) + Template().answer(demo.output) for demo in task.train}
    for prompt in (*one, *two):
        *demos, query = prompt.split("\n\n")
        assert query == Template().zero_shot(item.input)
        assert len(demos) == len(blocks & {*demos}) == 3


def greedy(model: Any, tokenizer: Any, prompts: list[str]) -> list[str]:
    """The library's own decoding, one prompt at a time."""
    found = []
    for prompt in prompts:
        ids = torch.tensor([tokenizer(prompt).input_ids])
        with torch.no_grad():
            out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=4, do_sample=False)
        pieces = tokenizer.convert_ids_to_tokens(out[0, ids.shape[1] :].tolist())
        found.append(b"".join(map(as_bytes, pieces)).decode("utf-8", "replace").split("\n")[0])
    return found


def as_bytes(piece: str) -> bytes:
    """What a piece of the tiny vocabulary stands for: a byte, or text with its spaces marked."""
    return bytes([int(piece[3:5], 16)]) if piece.startswith("<0x") else piece.replace("▁", " ").encode()


def test_zero_shot_answers_are_those_of_the_librarys_greedy_decoding(finished: Path, model: Path) -> None:
    loaded, tokenizer = load_model(model), load_tokenizer(model)
    prompts = [f"Q: {item.input}\nA:" for item in load_task(TASKS[0]).test[:5]]
    assert greedy(loaded, tokenizer, prompts) == list(results_of(finished)[TASKS[0], "zero_shot", None].answers)


def test_figures_follow_from_the_results(finished: Path) -> None:
    found, results = read(finished / "results.json"), results_of(finished)
    assert found["mean_of"] == list(TASKS)
    for method in METHODS:
        seeds = [None] if method == "zero_shot" else [0, 1]
        own = [results[task, method, seed] for task in TASKS for seed in seeds]
        row = found["mean"][method]
        assert row["strict"] == pytest.approx(sum(sum(result.strict) for result in own) / 5 / len(own))
        assert row["seconds_per_item"] == pytest.approx(sum(result.seconds for result in own) / 5 / len(own))
        assert row["seeds"] == seeds
    assert found["settings"]["shots"] == 2
    assert {"tlpo", "torch", "transformers", "peft"} <= set(found["versions"])
    text = (finished / "results.md").read_text(encoding="utf-8")
    assert "2-shot ICL" in text
    assert all(task in text for task in TASKS)


def test_trained_parameters_are_counted(finished: Path) -> None:
    """The model has two layers of two heads; LoRA of rank 8 updates 16 to 16 and 16 to 8 in each layer."""
    rows = read(finished / "results.json")["mean"]
    assert {method: row["parameters"] for method, row in rows.items()} == {
        "zero_shot": 0, "icl": 0, "untrained": 0, "site": 4, "hard": 4, "lora": 2 * 8 * (16 + 16 + 16 + 8),
    }  # fmt: skip
    assert all(rows[method]["fit_seconds"] > 0 for method in ("site", "hard", "lora"))


def test_the_table_is_printed_with_where_the_files_are(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["heads", "evaluate", "--output", str(copy)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert sum(line.startswith("untrained alpha = 0.5 ") for line in lines) == 3
    assert lines[-1] == str(copy / "results.jsonl")


def test_a_finished_folder_needs_no_model(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_load", lambda *_: pytest.fail("the model was loaded"))
    before = no_timings(read(copy / "results.json"))
    assert main(["heads", "evaluate", "--output", str(copy)]) == 0
    assert no_timings(read(copy / "results.json")) == before


def counting(monkeypatch: pytest.MonkeyPatch, stop_at: int | None = None) -> list[tuple[Any, ...]]:
    """Watch what is run, and press Ctrl-C at one of the calls."""
    real: Callable[..., Result] = evaluate_module.run_method
    calls: list[tuple[Any, ...]] = []

    def run(session: Any, method: str, task: str, seed: int | None, report: Any) -> Result:
        calls.append((task, method, seed))
        if len(calls) == stop_at:
            raise KeyboardInterrupt
        return real(session, method, task, seed, report)

    monkeypatch.setattr(evaluate_module, "run_method", run)
    return calls


def test_an_interrupted_evaluation_goes_on(
    model: Path, tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "run"
    given = ["heads", "evaluate", "--output", str(output), *options(model, *TASKS)]
    counting(monkeypatch, stop_at=5)
    assert main([*given, "--seed", "0"]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    kept = results_of(output)
    assert len(kept) == 4
    with (output / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"task": "next_num')  # killed in the middle of a line
    monkeypatch.undo()
    calls = counting(monkeypatch)
    assert main([*given, "--seed", "0", "--seed", "1"]) == 0
    assert not set(calls) & set(kept)
    assert len(calls) + 4 == len(results_of(output)) == 22
    unbroken = results_of(finished)
    for key, result in results_of(output).items():
        assert (result.answers, result.parameters) == (unbroken[key].answers, unbroken[key].parameters)


def test_stages_build_on_each_other(model: Path, tmp_path: Path, finished: Path) -> None:
    """Embeddings and selections made by their own commands are those that `evaluate` makes by itself."""
    output = tmp_path / "run"
    extract = [*options(model, TASKS[0])[:4], *SMALL[:4]]
    assert main(["heads", "extract", "--output", str(output), *extract]) == 0
    fit = ["--steps", "2", "--fit_batch_size", "2", "--max_new_tokens", "4"]
    assert main(["heads", "fit", "--output", str(output), *fit]) == 0
    place = Path("adapters") / TASKS[0] / "seed-0"
    one, two = (TaskAdapter.from_pretrained(folder / place) for folder in (output, finished))
    assert torch.equal(one.embedding.values, two.embedding.values)
    assert torch.equal(one.logits, two.logits)
    stamps = {path: path.stat().st_mtime_ns for path in output.rglob("site_adapter*")}
    chosen = ["--items", "2", "--method", "site", "--method", "icl"]
    assert main(["heads", "evaluate", "--output", str(output), *chosen]) == 0
    assert {path: path.stat().st_mtime_ns for path in output.rglob("site_adapter*")} == stamps
    assert {method for _, method, _ in results_of(output)} == {"site", "icl"}
    assert read(output / "settings.json")["evaluate"]["max_new_tokens"] == 4  # left out: taken from the folder


@pytest.fixture(scope="module")
def analyzed(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("matplotlib")
    pytest.importorskip("scipy")
    folder = tmp_path_factory.mktemp("analyzed") / "run"
    shutil.copytree(finished, folder)
    assert main(["heads", "analyze", "--output", str(folder), "--draws", "3", "--inter_items", "4"]) == 0
    return folder


def patched(folder: Path) -> dict[tuple[str, str, int | None], Result]:
    return {result.key: result for result in read_results(folder / "analysis" / "patching.jsonl")}


def answers(model: Path, adapter: TaskAdapter, task: Task, items: int) -> tuple[str, ...]:
    prompts = [Template().zero_shot(item.input) for item in task.test[:items]]
    return tuple(answer(load_model(model), load_tokenizer(model), prompts, max_new_tokens=4, adapter=adapter))


def test_a_borrowed_selection_meets_the_tasks_own_embedding(analyzed: Path, model: Path) -> None:
    own, other = (TaskAdapter.from_pretrained(analyzed / "adapters" / task / "seed-0") for task in TASKS)
    expected = answers(model, TaskAdapter(own.embedding, other.logits, {}, other.max_alpha), load_task(TASKS[0]), 4)
    assert patched(analyzed)[TASKS[0], f"from {TASKS[1]}", 0].answers == expected


def test_low_heads_are_all_but_the_high_ones(analyzed: Path, model: Path) -> None:
    own = TaskAdapter.from_pretrained(analyzed / "adapters" / TASKS[0] / "seed-0")
    low = TaskAdapter(own.embedding, torch.where(own.alpha > 0.5, -torch.inf, torch.inf))  # 0 and 1
    assert patched(analyzed)[TASKS[0], "low", 0].answers == answers(model, low, load_task(TASKS[0]), 5)


def test_what_evaluate_has_found_is_not_answered_again(analyzed: Path) -> None:
    results, patches = results_of(analyzed), patched(analyzed)
    for task in TASKS:
        assert patches[task, "soft", 0].answers == results[task, "site", 0].answers
        assert patches[task, "high", 0].seconds == results[task, "hard", 0].seconds


def test_the_analysis_holds_everything(analyzed: Path) -> None:
    found, patches = read(analyzed / "analysis" / "analysis.json"), patched(analyzed)
    first, second = TASKS
    assert found["inter"]["tasks"] == list(TASKS)
    assert found["inter"]["strict"][1][0] == patches[first, f"from {second}", 0].score
    assert found["inter"]["strict"][0][0] == sum(patches[first, "soft", 0].strict[:4]) / 4
    assert [len(found["intra"][task]["random"]) for task in TASKS] == [3, 3]
    adapters = [TaskAdapter.from_pretrained(analyzed / "adapters" / first / f"seed-{seed}") for seed in (0, 1)]
    mean = torch.stack([adapter.alpha for adapter in adapters]).double().mean(0)
    assert torch.allclose(torch.tensor(found["tasks"][first]["alpha"], dtype=torch.float64), mean)
    assert found["intra"][first]["heads"] == int((adapters[0].alpha > 0.5).sum())
    assert len(found["similarity"]["linkage"]) == 1


def test_figures_and_page_are_written(analyzed: Path) -> None:
    names = {"alpha", "alpha-first_letter", "alpha-next_number", "patching", "inter", "similarity", "tree"}
    files = {path.name for path in (analyzed / "analysis" / "figures").iterdir()}
    assert files == {f"{name}.{kind}" for name in names for kind in ("png", "svg")}
    page = Page((analyzed / "analysis" / "report.html").read_text(encoding="utf-8"))
    assert len(page.attributes("img")) == 6  # all but the one figure of all maps
    assert "Methods" in page.texts("h2")


def test_more_draws_go_on_from_there(analyzed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tlpo.runs.heads import analyze as analyze_module

    real, calls = analyze_module.run_patch, []
    monkeypatch.setattr(analyze_module, "run_patch", lambda *args: (calls.append(args[1].name), real(*args))[1])
    assert main(["heads", "analyze", "--output", str(analyzed), "--draws", "4"]) == 0
    assert calls == ["random-3", "random-3"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evalaute"], "no such stage of 'tlpo heads': 'evalaute' (did you mean 'evaluate'?)"),
        (["fit", "--task", "plural"], "there is no model"),
        (["fit", "--model", "MODEL"], "there is no task"),
        (["fit", "--model", "MODEL", "--task", "plurals"], "did you mean 'plural'"),
        (["fit", "--model", "absent/of/it", "--task", "plural"], "does not exist"),
        (["extract", "--model", "MODEL", "--task", "plural", "--shots", "5000"], "too few for prompts of 5000 shots"),
        (["extract", "--model", "MODEL", "--task", "plural", "--num_prompts", "0"], "num_prompts is 0"),
        (["extract", "--model", "MODEL", "--task", "plural", "--dtype", "float8"], "dtype is 'float8'"),
        (
            ["extract", "--model", "MODEL", "--task", "plural", "--device", "cuda:99"],
            "device is 'cuda:99', which",
        ),
        (["extract", "--model", "MODEL", "--task", "plural", "--template", "{input}"], "template '{input}'"),
        (["fit", "--model", "MODEL", "--task", "plural", "--steps", "0"], "steps"),
        (["fit", "--model", "MODEL", "--task", "plural", "--loss", "nothing"], "loss"),
        (["evaluate", "--model", "MODEL", "--task", "plural", "--method", "sit"], "did you mean 'site'"),
        (["evaluate", "--model", "MODEL", "--task", "plural", "--items", "-1"], "items is -1"),
        (
            ["evaluate", "--model", "MODEL", "--task", "plural", "--lora_learning_rate", "1e300"],
            "lora_learning_rate is 1e+300",
        ),
        (["fit", "--model", "MODEL", "--task", "plural", "--fit_batch_size", "0"], "--fit_batch_size"),
        (["analyze", "--model", "MODEL", "--task", "plural", "--draws", "0"], "draws is 0"),
        (["analyze", "--model", "MODEL", "--task", "plural", "--seed", "-1"], "seed"),
        (["evaluate", "--modle", "MODEL"], "modle"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    words = [str(model) if word == "MODEL" else word for word in words]
    assert main(["heads", words[0], "--output", str(tmp_path / "run"), *words[1:]]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    assert error[0].startswith("error: ")
    assert message in error[0]
    assert not (tmp_path / "run" / "settings.json").exists()


def test_a_model_without_attention_is_refused(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(model, tmp_path / "mamba")
    MambaForCausalLM(MambaConfig(hidden_size=16, num_hidden_layers=1, vocab_size=480)).save_pretrained(
        tmp_path / "mamba"
    )
    output = ["--output", str(tmp_path / "run")]
    assert main(["heads", "extract", *output, *options(tmp_path / "mamba", "plural")[:4], *SMALL[:4]]) == 2
    assert "MambaForCausalLM has no softmax attention" in capsys.readouterr().err


def test_other_settings_are_refused(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    assert main(["heads", "evaluate", "--output", str(copy), "--shots", "3", "--num_prompts", "3"]) == 2
    assert "(shots was 2, now 3)" in capsys.readouterr().err
    assert main(["heads", "evaluate", "--output", str(copy), "--fit_batch_size", "3"]) == 2
    assert "(fit_batch_size was 2, now 3)" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("change", [{"stepps": 2}, {"steps": "two"}])
def test_options_that_are_none_of_this_command_are_refused(
    copy: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any]
) -> None:
    settings = read(copy / "settings.json")
    settings["fit"] |= change
    (copy / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    assert main(["heads", "evaluate", "--output", str(copy)]) == 2
    assert "settings.json is damaged" in capsys.readouterr().err


def test_another_model_of_the_same_name_is_refused(
    copy: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(model, moved)
    settings = json.loads((copy / "settings.json").read_text(encoding="utf-8"))
    settings["extract"]["model"] = str(moved)
    (copy / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    assert main(["heads", "evaluate", "--output", str(copy)]) == 0  # a copy of the folder is the same model
    save_tiny_model(moved, seed=1)
    assert main(["heads", "evaluate", "--output", str(copy)]) == 2
    assert "content was" in capsys.readouterr().err


def test_help_tells_the_stages_and_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["heads"]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n  {stage} " in printed for stage in ("extract", "fit", "evaluate", "analyze"))
    assert main(["heads", "evaluate", "--help"]) == 0
    assert "--lora_rank" in capsys.readouterr().out
