"""``lm_eval`` from its own command line: the same figures as ours, and our tasks and metrics by name."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.commands import save_tiny_model
from tests.unit.evaluation.harness.questions import write_questions

from tlpo.evaluation.evaluate import evaluate
from tlpo.evaluation.harness import TASK_FOLDER
from tlpo.evaluation.options import EvaluationConfig
from tlpo.metrics import get_profile

pytest.importorskip("lm_eval", reason="needs pip install 'tlpo[eval]'")

# One of each kind of task that is shipped: letters or texts for choices, sentences with a gap, answers in words.
TASKS = (
    "tlpo_en_arc_easy", "tlpo_it_xcopa", "tlpo_de_mgsm", "tlpo_ko_kobest_boolq", "tlpo_ko_kobest_hellaswag",
    "tlpo_ja_jcommonsenseqa", "tlpo_en_winogrande",
)  # fmt: skip
LCB = "lcb_monolingual_native_ko"
OWN = """
task: mine
custom_dataset: !function tlpo.evaluation.harness.data.lcb
dataset_kwargs: {setting: monolingual, source: native, language: ko}
output_type: generate_until
test_split: test
doc_to_text: "질문: {{prompt}}\\n답변:"
doc_to_target: language
generation_kwargs: {until: ["\\n"], max_gen_toks: 12, do_sample: false}
metric_list:
  - {metric: !function tlpo.evaluation.harness.metrics.tlpo_wpr, aggregation: tlpo_pass_rate, higher_is_better: true}
  - {metric: tlpo_rpr, aggregation: tlpo_pass_rate, higher_is_better: true, profile: tlpo, english: confusion}
"""
LIMIT, BATCH = 3, 2


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, questions, two prompts of the benchmark, and a task of the user's own."""
    root = tmp_path_factory.mktemp("lm_eval")
    save_tiny_model(root / "model")
    write_questions(root / "questions")
    prompts = root / "benchmark" / "monolingual" / "native"
    prompts.mkdir(parents=True)
    (prompts / "ko.csv").write_text("prompt,source,language\n봄은 왜 오나요?,native,ko\n밥은 먹었나요?,native,ko\n")
    (root / "mine.yaml").write_text(OWN, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def theirs(root: Path) -> tuple[dict[str, Any], str]:
    """The results file of one `lm_eval` command, and what it printed."""
    return lm_eval(root, (*TASKS, LCB, str(root / "mine.yaml")), root / "results")


def lm_eval(root: Path, names: Sequence[str], output: Path, *more: str) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "lm_eval"), "run", "--model", "hf", "--device", "cpu",
            "--model_args", f"pretrained={root / 'model'}", "--tasks", ",".join(names),
            "--include_path", str(TASK_FOLDER),
            "--metadata", f"capability_data={root / 'questions'}", f"lcb_data={root / 'benchmark'}",
            "--limit", str(LIMIT), "--batch_size", str(BATCH), "--output_path", str(output), "--log_samples",
            *more,
        ],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    (path,) = output.rglob("results_*.json")
    return json.loads(path.read_text(encoding="utf-8")), done.stdout


def shown_in(printed: str) -> dict[tuple[str, str, str], str]:
    """The values of the table that `lm_eval` prints, by task, metric and filter; a task is named in its first row."""
    found, task = {}, ""
    for line in printed.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 9 and cells[5] in ("↑", "↓"):
            task = cells[0] or task
            found[task, cells[4], cells[2]] = cells[6]
    return found


def assert_equal_to_the_last_digit(
    root: Path, name: str, results_folder: str, theirs: tuple[dict[str, Any], str], **options: Any
) -> None:
    """Ours in the folder ``name`` against theirs: value, standard error, what is printed, and every single answer."""
    found = evaluate(
        EvaluationConfig(
            model=str(root / "model"), output=str(root / name), suite=["capability"],
            capability_data=str(root / "questions"), limit=LIMIT, capability_batch_size=BATCH, resamples=10,
            cache=str(root / "cache"), **options,
        )
    )  # fmt: skip
    results, printed = theirs
    rows = [row for row in found["capability"] if row["task"] != "all"]
    assert {row["task"] for row in rows} == set(options["tasks"])
    for row in rows:
        metric, _, kind = row["metric"].partition(",")
        kind = kind or "none"
        own = results["results"][row["task"]]
        assert row["value"] == own[f"{metric},{kind}"]
        expected = own[f"{metric}_stderr,{kind}"]
        assert row["stderr"] == (None if expected == "N/A" else expected)
        shown = shown_in(printed)[row["task"], metric, kind]
        assert shown == f"{row['value']:.{len(shown.partition('.')[2])}f}"
    for task, path in found["items"]["capability"].items():
        ours = {item["id"]: _plain(item["responses"]) for item in _lines(root / name / path)}
        answers = _answers(root / results_folder, task)
        assert ours.keys() == answers.keys() != set()
        for question, expected in answers.items():
            assert ours[question] == [one if isinstance(one, str) else pytest.approx(one, rel=1e-6) for one in expected]


def _answers(results: Path, task: str) -> dict[int, list[Any]]:
    """What the model answered to each question, as `--log_samples` has it: a text, or each choice's log-likelihood.

    `lm_eval` forwards several tasks' questions in one batch, so that sums round differently in the last digit.
    """
    (path,) = results.rglob(f"samples_{task}_*.jsonl")
    answers: dict[int, list[Any]] = {}
    for sample in _lines(path):
        answers.setdefault(sample["doc_id"], _plain(sample["filtered_resps"]))  # one line for each filter; the first's
    return answers


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _plain(answers: list[Any]) -> list[Any]:
    return [answer if isinstance(answer, str) else float(answer[0]) for answer in answers]


@pytest.mark.slow
def test_capability_equals_lm_eval_to_the_last_digit(root: Path, theirs: tuple[dict[str, Any], str]) -> None:
    """Choices by likelihood, and answers that are written and cut out by filters."""
    assert_equal_to_the_last_digit(root, "ours", "results", theirs, tasks=list(TASKS))


@pytest.mark.slow
def test_so_it_does_with_examples_before_the_questions(root: Path) -> None:
    theirs = lm_eval(root, TASKS[:1], root / "with_examples", "--num_fewshot", "1")
    assert theirs[0]["n-shot"][TASKS[0]] == 1
    assert_equal_to_the_last_digit(
        root, "ours_with_examples", "with_examples", theirs, tasks=list(TASKS[:1]), num_fewshot=1
    )


@pytest.mark.slow
def test_the_benchmark_and_its_metrics_by_name(root: Path, theirs: tuple[dict[str, Any], str]) -> None:
    results, printed = theirs
    (path,) = (root / "results").rglob(f"samples_{LCB}_*.jsonl")
    samples = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [sample["filtered_resps"][0] for sample in samples]
    assert len(texts) == 2
    for name in ("tlpo", "default"):
        profile = get_profile(name)
        for rate in ("rpr", "lpr", "wpr"):
            counts = [profile.tally(text, "ko")[profile.rates.index(rate)] for text in texts]
            judged = sum(total for _, total in counts)
            expected = sum(passed for passed, _ in counts) / judged if judged else math.nan
            assert results["results"][LCB][f"{name}_{rate},none"] == pytest.approx(expected, nan_ok=True)
    assert {"lcb_lpr,none", "lcb_wpr,none", "lcb_lcpr,none"} <= set(results["results"][LCB])
    assert "lcb_lpr" in printed


@pytest.mark.slow
def test_metrics_in_a_task_of_the_users_own(root: Path, theirs: tuple[dict[str, Any], str]) -> None:
    (path,) = (root / "results").rglob("samples_mine_*.jsonl")
    texts = [json.loads(line)["filtered_resps"][0] for line in path.read_text(encoding="utf-8").splitlines()]
    own = theirs[0]["results"]["mine"]
    for metric, profile, level in (
        ("tlpo_wpr", get_profile("default"), 2), ("tlpo_rpr", get_profile("tlpo", english="confusion"), 0),
    ):  # fmt: skip
        counts = [profile.tally(text, "ko")[level] for text in texts]
        judged = sum(total for _, total in counts)
        expected = sum(passed for passed, _ in counts) / judged if judged else math.nan
        assert own[f"{metric},none"] == pytest.approx(expected, nan_ok=True)
