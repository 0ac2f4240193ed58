"""Configuration files and command-line overrides, as users of the Hugging Face trainers know them.

``--config run.yaml --learning_rate 1e-5``: the file is a flat mapping of option to value, options on the command line
win. The options are the fields of dataclasses. Everything that is wrong is reported at once, in one line.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tlpo.errors import UserError, did_you_mean


class _Unusable(Exception):
    """argparse's complaint about one value."""


def parse_config(types: Sequence[type], args: Sequence[str]) -> tuple[Any, ...]:
    """Build one instance of each dataclass from ``--config FILE`` and ``--option value`` pairs.

    Dashes in option names are read as underscores. Values in the file may be numbers, words, booleans, lists or
    mappings; ``1e-5`` is a number however YAML reads it.

    Raises:
        UserError: naming every unknown option (with the nearest known one), every value of the wrong kind, every
            missing option, and whatever the dataclasses themselves refuse.
    """
    path, overrides = _split(args)
    options = _read_yaml(path) if path is not None else {}
    where = dict.fromkeys(options, f" (in {path})")
    options |= overrides
    known = {field.name for kind in types for field in dataclasses.fields(kind) if field.init}
    problems = [
        f"no such option: '{name}'{where.get(name, '')}{did_you_mean(name, known)}"
        for name in options
        if name not in known
    ]
    parser = _parser(types)
    argv: list[str] = []
    for name, value in options.items():
        tokens = _tokens(name, value)
        if name not in known or not tokens:
            continue
        try:
            # Alone first, so that each bad value is named; required options are none of this value's business.
            parser.parse_known_args(tokens)
            argv += tokens
        except _Unusable as error:
            if "required" in str(error):
                argv += tokens
            else:
                problems.append(f"{error}{where.get(name, '')}")
    if problems:
        raise UserError("; ".join(problems))
    try:
        return tuple(parser.parse_args_into_dataclasses(args=argv, look_for_args_file=False))
    except _Unusable as error:
        raise UserError(f"{error}; give them on the command line or in the --config file") from None
    except (ValueError, TypeError, ImportError) as error:
        raise UserError(" ".join(str(error).split())) from error


def describe(kind: type, *, own: bool = True) -> list[tuple[str, Any, str]]:
    """(option, default, help) of a dataclass's fields; with ``own`` those it declares itself, not what it inherits."""
    names = set(inspect.get_annotations(kind)) if own else {field.name for field in dataclasses.fields(kind)}
    return [
        (field.name, None if field.default is dataclasses.MISSING else field.default, field.metadata.get("help", ""))
        for field in dataclasses.fields(kind)
        if field.name in names
    ]


def _split(args: Sequence[str]) -> tuple[Path | None, dict[str, Any]]:
    """The --config path and the other options, each with its list of values."""
    options: dict[str, Any] = {}
    name = None
    for arg in args:
        if arg.startswith("--") and len(arg) > 2:
            name, _, value = arg[2:].partition("=")
            name = name.replace("-", "_")
            options[name] = [value] if "=" in arg else []
        elif name is None:
            raise UserError(f"unexpected '{arg}': options are written --name value")
        else:
            options[name].append(arg)
    path = options.pop("config", None)
    if path is not None and len(path) != 1:
        raise UserError("--config needs exactly one file")
    return (Path(path[0]) if path else None), options


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"no such config file: {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{line}: not valid YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
        raise UserError(f"{path}: not a mapping of option to value: write lines like 'learning_rate: 1e-5'")
    return {name.replace("-", "_"): value for name, value in values.items()}


def _tokens(name: str, value: Any) -> list[str]:
    """An option as command-line words; none for a null, which leaves the default."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [f"--{name}", json.dumps(value)]
    if isinstance(value, list):
        return [f"--{name}", *map(str, value)]
    return [f"--{name}", str(value)]


def _parser(types: Sequence[type]) -> Any:
    from transformers import HfArgumentParser

    class Parser(HfArgumentParser):
        def error(self, message: str) -> Any:
            raise _Unusable(message.replace("argument --", "option ").replace("the following arguments", "options"))

    return Parser(
        list(types),  # type: ignore[arg-type]
        allow_abbrev=False,
        add_help=False,
        formatter_class=argparse.HelpFormatter,
    )
