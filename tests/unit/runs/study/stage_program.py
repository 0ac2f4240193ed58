"""Stands for every command of a study (see `studies.stand_in`). Imports nothing that takes time."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tests.unit.evaluation.evaluations import write_evaluation


def _work(told: dict[str, Any]) -> None:
    control, result = Path(told["control"]), Path(told["result"])
    with (control / "calls").open("a", encoding="utf-8") as file:
        file.write(told["name"] + "\n")
    wish = control / told["name"]
    text = wish.read_text(encoding="utf-8") if wish.is_file() else "{}"
    if text == "crash":
        sys.exit("error: out of luck")
    if text == "full":
        sys.exit("error: the disk is full: free some space and try again, or choose another output folder")
    while text in ("hang", "deaf"):
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            if text == "hang":
                sys.exit(130)
    if told["kind"] == "train":
        result.mkdir(parents=True)
        (result / "model.safetensors").write_text("weights", encoding="utf-8")
        tlpo = told["options"]["method"] == "tlpo"
        counts = {"responses": 32, "tokens": 300 if tlpo else 400, "explored_tokens": 96 if tlpo else 0}
        used = {"status": "finished", "rollouts": counts}
        (result.parent / "run.json").write_text(json.dumps(used), encoding="utf-8")
        (result.parent / "checkpoint-1").mkdir()
        rates = (0.2, 0.1) if tlpo else ()
        lines = [{"step": step, "confusion/rate": rate} for step, rate in enumerate(rates, start=1)]
        (result.parent / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    elif told["kind"] in ("sample", "pairs"):
        result.write_text('{"responses": [1, 2, 3, 4]}\n' * 8, encoding="utf-8")
    else:
        wanted = {"passed": 16, "nll": 40.0} | json.loads(text)
        options = told["options"]
        write_evaluation(
            result, options["label"], options["method"],
            passed={"ko": [[1]] * wanted["passed"] + [[0]] * (20 - wanted["passed"])},
            nll={"ko": [wanted["nll"]] * 20}, temperature=float(options.get("temperature", 1)),
        )  # fmt: skip


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _work(json.loads(sys.argv[1]))
