"""Configuration files and command-line overrides, as users of the Hugging Face trainers know them.

``--config run.yaml --learning_rate 1e-5``: the file is a flat mapping of option to value, options on the command line
win. The options are the fields of dataclasses. Everything that is wrong is reported at once, in one line.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import json
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tlpo.errors import UserError, did_you_mean

# What dataclasses raise for values that they refuse, one by one or together.
_REFUSALS = (ValueError, TypeError, KeyError, ImportError, OSError, RuntimeError, UserError)
# Options that hold codes of languages. YAML 1.1 takes the code of Norwegian, no, for false.
_LANGUAGES = ("language", "languages", "also")
_BOOLEAN, _TEXT = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """YAML in which a key stands once, and ``language: no`` is Norwegian."""

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.MarkedYAMLError(problem=f"'{name}' is given twice", problem_mark=key.start_mark)
            seen.add(name)
            if name in _LANGUAGES:
                _read_as_codes(value)
        return node


def _read_as_codes(node: yaml.Node) -> None:
    """What YAML takes for a truth value is a text, in a list too."""
    for code in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        if code.tag == _BOOLEAN:
            code.tag = _TEXT


class _Unusable(Exception):
    """argparse's complaint about one value."""


def given_options(args: Sequence[str]) -> dict[str, Any]:
    """What the arguments and their ``--config`` file set: {option: its words, or the file's value}.

    Raises:
        UserError: the file cannot be read, or an argument is no option.
    """
    path, overrides = _split(args)
    return (read_yaml(path) if path is not None else {}) | overrides


def parse_config(
    types: Sequence[type], args: Sequence[str], *, elsewhere: Callable[[list[str]], str] | None = None
) -> tuple[Any, ...]:
    """Build one instance of each dataclass from ``--config FILE`` and ``--option value`` pairs.

    Dashes in option names are read as underscores. Values in the file may be numbers, words, booleans, lists or
    mappings; ``1e-5`` is a number however YAML reads it, and a null leaves the default.

    Args:
        types: the dataclasses.
        args: the words of the command line.
        elsewhere: called with the unknown options; what it says of them, if anything, is told first.

    Raises:
        UserError: naming every unknown option (with the nearest known one), every value of the wrong kind, every
            missing option, and whatever the dataclasses themselves refuse.
    """
    path, overrides = _split(args)
    options = read_yaml(path) if path is not None else {}
    where = dict.fromkeys(options.keys() - overrides.keys(), f" (in {path})")
    options |= overrides
    known = {field.name for kind in types for field in dataclasses.fields(kind) if field.init}
    unknown = [name for name in options if name not in known]
    problems = [told] if unknown and elsewhere is not None and (told := elsewhere(unknown)) else []
    problems += [
        f"no such option: '{name}'{where.get(name, '')}{did_you_mean(name, known)}"
        for name in unknown
        if not any(f"'{name}'" in problem for problem in problems)
    ]
    parser = _parser(types)
    argv: list[str] = []
    for name in (name for name in options if name in known):
        tokens = _tokens(name, options[name])
        try:
            # Each alone first, so that every bad value is named.
            _, unused = parser.parse_known_args(tokens)
            if unused:
                raise _Unusable(f"option {name}: takes one value, not {len(unused) + 1}")
            argv += tokens
        except _Unusable as error:
            problems.append(f"{error}{where.get(name, '')}")
    values, _ = parser.parse_known_args(argv)
    built = [_build(kind, vars(values), problems) for kind in types]
    if problems:
        raise UserError("; ".join(problems))
    return tuple(built)


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


def read_yaml(path: Path) -> dict[str, Any]:
    """The options of a file, dashes in their names read as underscores. Raises UserError when it is no mapping."""
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        raise UserError(f"no such config file: {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{line}: not valid YAML: {getattr(error, 'problem', error)}") from None
    if values is None:  # empty, or comments only
        return {}
    if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
        raise UserError(f"{path}: not a mapping of option to value: write lines like 'learning_rate: 1e-5'")
    options = {name.replace("-", "_"): value for name, value in values.items()}
    if len(options) < len(values):
        raise UserError(f"{path}: an option is given twice, once with dashes and once with underscores: remove one")
    return options


def _tokens(name: str, value: Any) -> list[str]:
    """An option as command-line words; none for a null, which leaves the default."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [f"--{name}={json.dumps(value)}"]
    if isinstance(value, list) and len(value) != 1:
        return [f"--{name}", *map(str, value)]
    # In one word, so that a value may begin with a dash.
    return [f"--{name}={value[0] if isinstance(value, list) else value}"]


def _build(kind: type, values: Mapping[str, Any], problems: list[str]) -> Any:
    """An instance of the dataclass; whatever prevents it is added to ``problems``."""
    fields = [field for field in dataclasses.fields(kind) if field.init]
    required = [
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    missing = [name for name in required if values[name] is None]
    problems += [f"option --{name} is missing: give it on the command line or in the --config file" for name in missing]
    if missing:
        return None
    try:
        return kind(**{field.name: values[field.name] for field in fields})
    except _REFUSALS as error:
        problems.append(" ".join(str(error).split()))
        return None


def _parser(types: Sequence[type]) -> argparse.ArgumentParser:
    from transformers import HfArgumentParser

    # Typed as one word or a list of words, which the library reads as one word only.
    one_or_more = {
        name
        for kind in types
        for name, hint in typing.get_type_hints(kind).items()
        if {str, list} <= {typing.get_origin(part) or part for part in typing.get_args(hint)}
    }

    class Parser(HfArgumentParser):
        @staticmethod
        def _parse_dataclass_field(parser: argparse.ArgumentParser, field: Any) -> None:
            if field.name in one_or_more:
                field.type = str  # the library fails at such a union unless its parts stand in one order
            HfArgumentParser._parse_dataclass_field(parser, field)

        def error(self, message: str) -> Any:
            raise _Unusable(re.sub(r"^argument --(\w+)\S*:", r"option \1:", message))

        def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
            values, unused = super().parse_known_args(*args, **kwargs)
            for name in one_or_more:
                given = getattr(values, name)
                setattr(values, name, given[0] if isinstance(given, list) and len(given) == 1 else given)
            return values, unused

    parser: argparse.ArgumentParser = Parser(list(types), allow_abbrev=False, add_help=False)  # type: ignore[arg-type]
    for action in parser._actions:
        action.required = False  # told of by _build, together with everything else
        if action.dest in one_or_more:
            action.nargs = "+"
    return parser
