"""``tlpo data``: from prompts to what methods learn from; one file a stage, each imported only when it is called."""

from __future__ import annotations

import importlib
from typing import Any

from tlpo.cli._common import run_function
from tlpo.errors import UserError, did_you_mean

STAGES = {
    "filter": "drop prompts that name a language, ask for translation or code, are confused, too long or repeated",
    "sample": "sample several responses to each prompt from a model, and judge them",
    "pairs": "make preference pairs of sampled responses (for dpo and orpo)",
    "answers": "take reference answers, or else clean sampled ones (for sft)",
}
_USAGE = "usage: tlpo data STAGE [OPTIONS]\n\nPrepare training data: JSON lines in, JSON lines out.\n\nstages:\n"


class _Data:
    def main(self, args: list[str], **_: Any) -> int:
        if not args or args[0] in ("-h", "--help", "help"):
            print(_help())
            return 0
        stage = args[0]
        if stage not in STAGES:
            raise UserError(
                f"no such stage: '{stage}'{did_you_mean(stage, STAGES)}; the stages are {', '.join(STAGES)}"
            )
        module = importlib.import_module(f"tlpo.cli.data.{stage}")
        return run_function(module.main, f"data {stage}", args[1:])


def _help() -> str:
    lines = "\n".join(f"  {stage:<8} {summary}" for stage, summary in STAGES.items())
    return f"{_USAGE}{lines}\n\n`tlpo data STAGE --help` tells the options of a stage."


command = _Data()
