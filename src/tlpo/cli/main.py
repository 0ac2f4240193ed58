"""Entry point of the ``tlpo`` command: finds the verb, imports only its module, and turns errors into one line.

A verb is a module ``tlpo.cli.<verb>`` that holds either a typer-annotated function of the same name or, under the
name ``command``, any click-like command. Exit status: 0 done, 2 bad input or a full disk, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from tlpo import __version__
from tlpo.errors import UserError, did_you_mean, is_disk_full

VERBS = {
    "detect": "mark where texts leave their language (JSON lines in, JSON lines out)",
    "metrics": "score responses with the published language-confusion metrics",
    "audit": "sample responses from a model and report how often it leaves the language",
    "evaluate": "measure a model's consistency and capability, with intervals",
    "data": "filter prompts, sample responses, make preference pairs",
    "train": "train a model with TLPO, or with SFT, DPO, ORPO or GRPO to compare",
    "compare": "put evaluations of several methods into one table, one picture and one page",
    "study": "train and evaluate a grid of methods, learning rates and seeds, and compare them",
    "heads": "teach a frozen model a task through selected attention heads (SITE)",
    "demo": "audit, train and audit again on a small model",
}

_USAGE = (
    "usage: tlpo VERB [OPTIONS]\n\nTrain a language model to stay in the language it is asked to write.\n\nverbs:\n"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``tlpo`` on ``argv`` (default: the process's own) and return the exit status."""
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        _check_streams()
        status = _run(args)
        sys.stdout.flush()  # here, where a reader that has gone or a full disk is told as below
        return status
    except UserError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except (BrokenPipeError, SystemExit) as gone:
        # The reader of our output has gone (`tlpo detect f | head`): not an error. Rich makes a SystemExit of it.
        if not isinstance(gone, BrokenPipeError) and not isinstance(gone.__context__, BrokenPipeError):
            raise
        # Point stdout at nothing so that the interpreter's last flush does not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if not is_disk_full(error):
            raise
        where = getattr(error, "filename", None)
        place = f" while writing {where}" if where else ""
        return _fail(f"the disk is full{place}: free some space and try again, or choose another output folder", 2)


def _check_streams() -> None:
    """Refuse to work for nobody. Python has None for a standard stream that was closed before it began (``>&-``)."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    if sys.stdout is None:
        raise UserError("standard output is closed: send it to a file, or to /dev/null")


def _run(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help", "help"):
        sys.stdout.write(help_text())
        return 0
    if args[0] in ("-V", "--version"):
        print(f"tlpo {__version__}")
        return 0
    verb = args[0]
    if verb not in VERBS:
        kind = "option" if verb.startswith("-") else "verb"
        hint = did_you_mean(verb, VERBS)
        raise UserError(f"no such {kind}: '{verb}'{hint}; the verbs are {', '.join(VERBS)}")
    from tlpo.cli._common import run_command

    return run_command(importlib.import_module(f"tlpo.cli.{verb}"), verb, args[1:])


def help_text() -> str:
    """What ``tlpo --help`` prints."""
    lines = [f"  {verb:<8} {summary}" for verb, summary in VERBS.items()]
    tail = "\n\n`tlpo VERB --help` tells the options of a verb; `tlpo --version` the version.\n"
    return _USAGE + "\n".join(lines) + tail


def _fail(message: str, status: int) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n" if status == 2 else f"{message}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
