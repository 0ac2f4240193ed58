"""From a command's options to its session: what the folder remembers, what was given, and the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from tlpo.errors import UserError
from tlpo.head_selection.settings import SelectorSettings
from tlpo.head_selection.tasks import load_task
from tlpo.loop.run_folder import alone_in
from tlpo.modeling.content import content_hash, local_folder
from tlpo.modeling.load import check_device
from tlpo.runs.heads.folder import HeadsFolder
from tlpo.runs.heads.session import Session
from tlpo.runs.heads.settings import AnalyzeOptions, EvaluateOptions, ExtractOptions

# Settings whose option has another name, because two sections share it.
OPTIONS = {("fit", "batch_size"): "fit_batch_size"}
# Settings of which a folder may hold several values: not fixed.
FREE = {"seed", "draws"}
STAGES = ("extract", "fit", "evaluate", "analyze")


@contextmanager
def open_session(stage: str, given: Mapping[str, Any]) -> Iterator[Session]:
    """The session that a command works in; meanwhile no other command may use the folder.

    stage: the command; its own settings and those of the stages before it are fixed in the folder.
    given: the command's options by name, None where the user set none. Those that are no part of the settings
    (`output`, `task`, `seed`, `device`, `trust_remote_code`) say where and how much, not how.

    Raises:
        UserError: an option is wrong, there is no model or task, or the folder belongs to something else.
    """
    folder = HeadsFolder(Path(given["output"]))

    def section(name: str, kind: type, **other: Any) -> dict[str, Any]:
        defaults = {field.name: field.default for field in fields(kind) if field.name not in FREE} | other

        def called(setting: str) -> str:
            return OPTIONS.get((name, setting), setting)

        wanted = {setting: given.get(called(setting)) for setting in defaults}
        return folder.claim(name, wanted, defaults, keep=STAGES.index(name) <= STAGES.index(stage), called=called)

    draws = {"draws": given["draws"]} if given.get("draws") is not None else {}
    try:
        extract = ExtractOptions(**section("extract", ExtractOptions))
        fit = SelectorSettings(**section("fit", SelectorSettings))
        # An option of both stages, which the folder may know from the first alone.
        evaluate = EvaluateOptions(**section("evaluate", EvaluateOptions, max_new_tokens=fit.max_new_tokens))
        analyze = AnalyzeOptions(**section("analyze", AnalyzeOptions), **draws)
    except (TypeError, AttributeError):  # the command line has checked the types of what was given
        raise folder.damaged() from None
    if not extract.model:
        raise UserError("there is no model: give --model with a short name, a folder or a hub id")
    tasks, seeds = folder.tasks(given["task"] or (), load_task), folder.seeds(given["seed"] or ())
    content = content_hash(local_folder(extract.model, revision=extract.revision))
    folder.claim("weights", {"content": content}, {})
    options = extract, fit, evaluate, analyze
    session = Session(folder, tasks, seeds, *options, load=lambda: _load(extract, given))
    session.check()
    if given["device"] is not None:
        check_device(given["device"])  # before the folder is claimed
    with alone_in(folder.path):
        folder.save()
        yield session


def _load(options: ExtractOptions, given: Mapping[str, Any]) -> tuple[Any, Any]:
    """The model and its tokenizer."""
    from tlpo.modeling.load import load_model, load_tokenizer

    common: Any = {"revision": options.revision, "trust_remote_code": given["trust_remote_code"]}
    model = load_model(options.model, dtype=options.dtype, device=given["device"], **common)  # type: ignore[arg-type]
    return model, load_tokenizer(options.model, **common)
