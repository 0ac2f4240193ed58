"""``tlpo train``: a TLPO run from a YAML file and command-line overrides."""

from __future__ import annotations

import shlex
import sys
import warnings
from pathlib import Path
from typing import Any

_USAGE = """usage: tlpo train [--config FILE] [--method tlpo|sft|dpo|orpo|grpo] --model M --output_dir DIR
                  [--OPTION VALUE ...]

Train a model to stay in its language, with TLPO or with a method to compare it with. Options come from the YAML file;
those on the command line win. Every option of transformers.TrainingArguments is known too (--help_all lists them). An
interrupted run goes on when the same command is given again.
"""


_HELP = ("-h", "--help", "--help_all")


class _Train:
    """Options are the fields of two dataclasses, which are imported only when the verb runs."""

    def main(self, args: list[str], **_: Any) -> int:
        rest = [arg for arg in args if arg not in _HELP]
        if rest != args:
            print(_help(_method(rest), everything="--help_all" in args))
            return 0
        from tlpo.config import parse_config
        from tlpo.loop.config import RunConfig
        from tlpo.runs.methods import method
        from tlpo.runs.train import audited_training, show

        # peft and TRL ask transformers for a property by its old name; no user can do anything about that.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        name = _method(args)
        kinds = (RunConfig, method(name).config)
        run, training = parse_config(kinds, args, elsewhere=lambda unknown: _of_other_methods(name, unknown))
        result = audited_training(run, training, command=public_command(args))
        if training.process_index == 0:
            show(result, Path(training.output_dir))
        return 0


def _method(args: list[str]) -> str:
    """The method that the arguments or their configuration file name.

    Raises:
        UserError: there is no such method.
    """
    from tlpo.config import given_options
    from tlpo.errors import UserError
    from tlpo.loop.config import METHODS, unknown_method

    given = given_options(args).get("method")
    name = " ".join(map(str, given)) if isinstance(given, list) else given
    if name is None:
        return METHODS[0]
    if name not in METHODS:
        raise UserError(unknown_method(str(name)))
    return str(name)


def _of_other_methods(name: str, unknown: list[str]) -> str:
    """What to say about options that another method knows; nothing if there is none among them."""
    from tlpo.config import describe
    from tlpo.loop.config import METHODS, MethodConfig, RunConfig
    from tlpo.runs.methods import method

    theirs = {option for other in METHODS for option, _, _ in describe(method(other).config, own=False)}
    wrong = [option for option in unknown if option in theirs]
    if not wrong:
        return ""
    kinds = (RunConfig, MethodConfig, method(name).config)
    known = dict.fromkeys(option for kind in kinds for option, _, _ in describe(kind))
    return (
        f"method {name} does not know {', '.join(map(repr, wrong))}: leave that out; it knows {', '.join(known)} and "
        "the options of transformers.TrainingArguments"
    )


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


def _help(name: str, *, everything: bool) -> str:
    from tlpo.config import describe
    from tlpo.loop.config import MethodConfig, RunConfig
    from tlpo.runs.methods import method

    own = method(name).config
    sections = {
        "data and model": describe(RunConfig),
        f"of method {name}": describe(own),
        "of every method": describe(MethodConfig, own=not everything),
    }
    lines, told = [_USAGE], set()
    for title, options in sections.items():
        lines.append(f"{title}:")
        for option, default, text in options:
            if option not in told:  # a method's own default comes first
                shown = "" if default in (None, "") else f" [{default}]"
                lines.append(f"  --{option}{shown}\n        {' '.join(str(text).split())}")
            told.add(option)
    return "\n".join(lines)


command = _Train()

if __name__ == "__main__":
    sys.exit(command.main(sys.argv[1:]))
