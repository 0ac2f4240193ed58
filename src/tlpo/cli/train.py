"""``tlpo train``: a TLPO run from a YAML file and command-line overrides."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

_USAGE = """usage: tlpo train [--config FILE] --model M --output_dir DIR [--OPTION VALUE ...]

Train a model to stay in its language. Options come from the YAML file; those on the command line win.
Every option of transformers.TrainingArguments is known too (--help_all lists them). An interrupted run goes on
when the same command is given again.
"""


class _Train:
    """Options are the fields of two dataclasses, which are imported only when the verb runs."""

    def main(self, args: list[str], **_: Any) -> int:
        if "-h" in args or "--help" in args or "--help_all" in args:
            print(_help(everything="--help_all" in args))
            return 0
        from tlpo.config import parse_config
        from tlpo.loop.config import RunConfig
        from tlpo.runs.train import audited_training, show
        from tlpo.training.config import TLPOConfig

        run, training = parse_config((RunConfig, TLPOConfig), args)
        result = audited_training(run, training, command=public_command(args))
        if training.process_index == 0:
            show(result, Path(training.output_dir))
        return 0


def public_command(args: list[str]) -> str:
    """The command for the model card, which others read: without access tokens (options that end in ``_token``)."""
    kept, secret = [], False
    for arg in args:
        if arg.startswith("--"):
            name = arg[2:].partition("=")[0].replace("-", "_")
            secret = name.endswith("_token") and name != "include_sampled_token"
        if not secret:
            kept.append(arg)
    return shlex.join(["tlpo", "train", *kept])


def _help(*, everything: bool) -> str:
    from tlpo.config import describe
    from tlpo.loop.config import MethodConfig, RunConfig
    from tlpo.training.config import TLPOConfig

    lines = [_USAGE]
    kinds = (("data and model", RunConfig), ("training", MethodConfig), ("tlpo", TLPOConfig))
    for title, kind in kinds:
        lines.append(f"{title}:")
        for name, default, text in describe(kind, own=not everything):
            shown = "" if default in (None, "") else f" [{default}]"
            lines.append(f"  --{name}{shown}\n        {' '.join(str(text).split())}")
    return "\n".join(lines)


command = _Train()

if __name__ == "__main__":
    sys.exit(command.main(sys.argv[1:]))
