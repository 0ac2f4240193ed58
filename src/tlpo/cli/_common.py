"""What the verbs share: building the command from a function, option spelling, and usage errors in one line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from tlpo.config import read_yaml
from tlpo.errors import UserError, did_you_mean

_CONFIG = "tlpo.config"  # where a command's context keeps the path of its YAML file


def run_command(module: ModuleType, verb: str, args: list[str]) -> int:
    """Run the verb that ``module`` holds on ``args`` and return its exit status (0 when it returns nothing).

    Raises:
        UserError: an option is unknown, missing or has a bad value.
        KeyboardInterrupt: the user pressed Ctrl-C.
    """
    _show_messages()
    own = getattr(module, "command", None)
    if own is not None:
        status = own.main(args=args, prog_name=f"tlpo {verb}", standalone_mode=False)
        return status if isinstance(status, int) else 0
    return run_function(getattr(module, verb), verb, args)


def run_function(function: Any, verb: str, args: list[str]) -> int:
    """Run one typer-annotated function as the command ``tlpo <verb>``; its exit status and errors as `run_command`."""
    command = _from_function(function)
    try:
        # Not command.main(), which ends the process by itself when a pipe breaks or the user presses Ctrl-C.
        with command.make_context(f"tlpo {verb}", args) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.TyperException as error:
        raise UserError(f"{_message(error).rstrip('.')}{_from_file(error)}; see 'tlpo {verb} --help'") from None
    return 0


def listed(text: str | None) -> list[str] | None:
    """The items of a list as an option gives it, "ko, ja"; None for none."""
    return [item.strip() for item in text.split(",") if item.strip()] if text else None


class _Stderr(logging.Handler):
    """Writes to whatever stderr is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


def _show_messages() -> None:
    """What the package logs (a model is being converted, ...) is shown to the user of the command line."""
    logger = logging.getLogger("tlpo")
    if not any(isinstance(handler, _Stderr) for handler in logger.handlers):
        logger.addHandler(_Stderr())
        logger.setLevel(logging.INFO)
        logger.propagate = False


def _message(error: typer.TyperException) -> str:
    """What is wrong, with the value that is."""
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    refused = getattr(error.__cause__, "errors", None)  # by pydantic, which tells it apart from its message
    return f"{message.partition(', unable to ')[0]}, not {refused()[0]['input']!r}" if refused else message


def _from_file(error: typer.TyperException) -> str:
    """Names the YAML file if the value that is wrong comes from it."""
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    if context is None or parameter is None:
        return ""
    source = context.get_parameter_source(parameter.name)
    return f" (in {context.meta[_CONFIG]})" if source is not None and source.name == "DEFAULT_MAP" else ""


def _from_function(function: Any) -> Any:
    """The command of a verb: what `_command` makes of its function, and ``--config``."""
    command = _command(function)
    if not any(parameter.name == "config" for parameter in command.params):
        command.params.append(_command(_only_config).params[0])
    return command


def _take_options(context: typer.Context, path: Path | None) -> None:
    """Let a YAML file say what options are unless the command line does."""
    if path is None:
        return
    context.meta[_CONFIG] = path
    named = {parameter.opts[0].lstrip("-"): parameter for parameter in context.command.params}
    del named["config"]  # one file names no other
    options = {name: value for name, value in read_yaml(path).items() if value is not None}
    if unknown := [f"'{name}'{did_you_mean(name, named)}" for name in options if name not in named]:
        raise UserError(f"no such option: {', '.join(unknown)} (in {path})")
    context.default_map = {str(named[name].name): _as_given(named[name], value) for name, value in options.items()}


def _as_given(parameter: Any, value: Any) -> Any:
    """A value of YAML as the command line would give it."""
    if isinstance(value, Mapping):
        return json.dumps(value)
    if getattr(parameter, "multiple", False) or parameter.nargs != 1:
        return value if isinstance(value, list) else [value]
    return ",".join(map(str, value)) if isinstance(value, list) else value


def _only_config(
    config: Annotated[
        Path | None,
        typer.Option(
            help="YAML file with options; those of the command line win.",
            callback=_take_options,
            is_eager=True,  # before the others, which it gives their defaults
            expose_value=False,
        ),
    ] = None,
) -> None:
    """The option that every verb has."""


def _command(function: Any) -> Any:
    """A command from a typer-annotated function. Options are shown as ``--max_new_tokens``; dashes are accepted too."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    spelling = {"token_normalize_func": lambda token: token.replace("-", "_"), "help_option_names": ["-h", "--help"]}
    app.command(context_settings=spelling)(function)
    command = typer.main.get_command(app)
    for parameter in command.params:
        parameter.opts = [_underscored(option) for option in parameter.opts]
        parameter.secondary_opts = [_underscored(option) for option in parameter.secondary_opts]
    return command


def _underscored(option: str) -> str:
    return "--" + option[2:].replace("-", "_") if option.startswith("--") else option
