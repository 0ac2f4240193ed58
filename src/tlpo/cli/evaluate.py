"""``tlpo evaluate``: a model's consistency and capability, with intervals, from options or a YAML file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_USAGE = """usage: tlpo evaluate [--config FILE] --model M --output DIR [--OPTION VALUE ...]
       tlpo evaluate --task_folder

Measure how consistent a model is with the language asked for, how capable it is, and how likely it finds clean text.
Options come from the YAML file; those on the command line win. An interrupted evaluation goes on when the same command
is given again. What was measured on the same weights, data and settings before is not measured again.

--task_folder prints the folder of task files for lm_eval --include_path (docs/evaluation.md).

options:"""


class _Evaluate:
    """Options are the fields of a dataclass, which is imported only when the verb runs."""

    def main(self, args: list[str], **_: Any) -> int:
        if "-h" in args or "--help" in args:
            print(_help())
            return 0
        if "--task_folder" in args:
            from tlpo.evaluation.harness import TASK_FOLDER

            print(TASK_FOLDER)
            return 0
        os.environ.setdefault("TQDM_DISABLE", "1")  # lm-eval's bars would run into ours
        from tlpo.config import parse_config
        from tlpo.evaluation.options import EvaluationConfig

        (config,) = parse_config((EvaluationConfig,), args)
        _run(config)
        return 0


def _run(config: Any) -> None:
    from rich.console import Console

    from tlpo.evaluation.evaluate import evaluate
    from tlpo.reports.evaluation import evaluation_tables, write_evaluation_page
    from tlpo.runs.progress import evaluation_progress

    output = Path(config.output)
    with evaluation_progress(output) as on_progress:
        report = evaluate(config, on_progress=on_progress)
    write_evaluation_page(output / "evaluation.md", report)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for table in evaluation_tables(report):
        console.print(table)
    for name in ("evaluation.md", "evaluation.json"):
        console.print(str(output / name), markup=False, soft_wrap=True)


def _help() -> str:
    from tlpo.config import describe
    from tlpo.evaluation.options import EvaluationConfig

    lines = [_USAGE]
    for name, default, text in describe(EvaluationConfig):
        shown = "" if default in (None, "", False) else f" [{default}]"
        lines.append(f"  --{name}{shown}\n        {text}")
    return "\n".join(lines)


command = _Evaluate()
