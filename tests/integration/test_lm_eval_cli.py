"""``lm_eval`` from its own command line: the same figures as ours, and our tasks and metrics by name."""

from __future__ import annotations

import json
import math
import subprocess
import sys
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

TASKS = ("tlpo_en_arc_easy", "tlpo_it_xcopa")
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
    names = ",".join((*TASKS, LCB, str(root / "mine.yaml")))
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "lm_eval"), "run", "--model", "hf", "--device", "cpu",
            "--model_args", f"pretrained={root / 'model'}", "--tasks", names, "--include_path", str(TASK_FOLDER),
            "--metadata", f"capability_data={root / 'questions'}", f"lcb_data={root / 'benchmark'}",
            "--limit", str(LIMIT), "--batch_size", str(BATCH), "--output_path", str(root / "results"), "--log_samples",
        ],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    (path,) = (root / "results").rglob("results_*.json")
    return json.loads(path.read_text(encoding="utf-8")), done.stdout


def shown_in(printed: str) -> dict[tuple[str, str], str]:
    """The values of the table that `lm_eval` prints, by task and metric; a task is named in its first row only."""
    found, task = {}, ""
    for line in printed.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 9 and cells[5] in ("↑", "↓"):
            task = cells[0] or task
            found[task, cells[4]] = cells[6]
    return found


@pytest.mark.slow
def test_capability_equals_lm_eval_to_the_last_digit(root: Path, theirs: tuple[dict[str, Any], str]) -> None:
    found = evaluate(
        EvaluationConfig(
            model=str(root / "model"), output=str(root / "ours"), suite=["capability"], tasks=list(TASKS),
            capability_data=str(root / "questions"), limit=LIMIT, capability_batch_size=BATCH, resamples=10,
            cache=str(root / "cache"),
        )
    )  # fmt: skip
    results, printed = theirs
    rows = [row for row in found["capability"] if row["task"] != "all"]
    assert {row["task"] for row in rows} == set(TASKS)
    for row in rows:
        own = results["results"][row["task"]]
        assert row["value"] == own[f"{row['metric']},none"]
        expected = own[f"{row['metric']}_stderr,none"]
        assert row["stderr"] == (None if expected == "N/A" else expected)
        shown = shown_in(printed)[row["task"], row["metric"]]
        assert shown == f"{row['value']:.{len(shown.partition('.')[2])}f}"


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
