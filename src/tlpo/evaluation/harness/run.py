"""The capability suite: each task run by lm-eval on the loaded model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import UndefinedError

from tlpo.errors import UserError
from tlpo.evaluation.harness.answers import Answers
from tlpo.evaluation.harness.tasks import Selection, quiet, task_content
from tlpo.evaluation.options import EvaluationConfig
from tlpo.evaluation.parts import Item, Part, PartCache, PartResult
from tlpo.evaluation.subject import Subject

Progress = Callable[[int, int], None]


def task_part(config: EvaluationConfig, subject: Subject, task: Any) -> Part:
    """What decides a task's figures: the model, what the task asks, and how."""
    return Part(
        "capability",
        {
            **subject.identity,
            "task": task_content(task, config.limit, config.num_fewshot),
            "lm_eval": version("lm_eval"),
            "limit": config.limit,
            "num_fewshot": config.num_fewshot,
            "apply_chat_template": config.apply_chat_template,
            "batch_size": config.capability_batch_size,
        },
    )


class CapabilitySuite:
    """Runs tasks one by one on one model, which is loaded when the first task needs it."""

    def __init__(self, config: EvaluationConfig, subject: Subject, selection: Selection, cache: PartCache) -> None:
        self._config, self._subject, self._selection, self._cache = config, subject, selection, cache
        self._model: Any = None

    def run(self, name: str, on_progress: Progress) -> PartResult:
        """One task's items and lm-eval's own figures: facts {"metrics": {name: {value, stderr, higher_is_better}}}."""
        task = self._selection.tasks[name]

        def compute(work: Path) -> PartResult:
            self._harness_model().begin(Answers(work / "answers.jsonl"), on_progress)
            return self._evaluate(name, task)

        result = self._cache.get(task_part(self._config, self._subject, task), compute)
        on_progress(len(result.items), len(result.items))
        return result

    def _harness_model(self) -> Any:
        if self._model is None:
            from tlpo.evaluation.harness.model import HarnessModel

            model, tokenizer = self._subject.load()
            with quiet():
                self._model = HarnessModel(model, tokenizer, batch_size=self._config.capability_batch_size)
        return self._model

    def _evaluate(self, name: str, task: Any) -> PartResult:
        from lm_eval import simple_evaluate

        with quiet():
            try:
                found = simple_evaluate(
                    model=self._model,
                    tasks=[task],
                    num_fewshot=self._config.num_fewshot,
                    batch_size=self._config.capability_batch_size,
                    limit=self._config.limit,
                    apply_chat_template=self._config.apply_chat_template,
                    task_manager=self._selection.manager,
                )
            except (ValueError, AssertionError) as error:
                text = " ".join(str(error).split())[:200]
                raise UserError(f"lm-eval cannot run the task '{name}': {text or type(error).__name__}") from error
            except (KeyError, TypeError, UndefinedError) as error:
                text = " ".join(str(error).split())[:200]
                raise UserError(
                    f"lm-eval cannot run the task '{name}' ({type(error).__name__}: {text}), as where a field of a "
                    "record is missing or of another kind than the task needs: correct the task's file, or leave the "
                    "task out"
                ) from error
        raw = {key: value for key, value in found["results"][name].items() if isinstance(value, (int, float, str))}
        return PartResult(_items(found["samples"][name]), {"metrics": named_metrics(found, name), "lm_eval": raw})


def named_metrics(found: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """lm-eval's figures of a task as they are; metrics of a filter other than "none" are called "metric,filter"."""
    own, higher = found["results"][name], found["higher_is_better"].get(name, {})
    metrics: dict[str, dict[str, Any]] = {}
    for key, value in own.items():
        metric, _, filtered = key.partition(",")
        if not filtered or metric.endswith("_stderr") or not isinstance(value, (int, float)):
            continue
        stderr = own.get(f"{metric}_stderr,{filtered}")
        metrics[_metric_name(metric, filtered)] = {
            "value": float(value),
            "stderr": float(stderr) if isinstance(stderr, (int, float)) else None,
            "higher_is_better": higher.get(metric),
        }
    return metrics


def _items(samples: Sequence[Mapping[str, Any]]) -> list[Item]:
    """One item a question: its outcomes by metric, those of all filters together."""
    items: dict[int, Item] = {}
    for sample in samples:
        item = items.setdefault(
            sample["doc_id"],
            {
                "id": sample["doc_id"],
                "hash": sample["doc_hash"],
                "target": str(sample["target"]),
                "responses": sample["filtered_resps"],
                "outcomes": {},
            },
        )
        for metric in sample["metrics"]:
            value = sample[metric]
            if isinstance(value, (int, float)):
                item["outcomes"][_metric_name(metric, sample["filter"])] = float(value)
    return [items[number] for number in sorted(items)]


def _metric_name(metric: str, filtered: str) -> str:
    return metric if filtered == "none" else f"{metric},{filtered}"
