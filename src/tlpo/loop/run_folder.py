"""A run's output folder: whose it is, and how far the run has come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from filelock import FileLock, Timeout

from tlpo.errors import UserError
from tlpo.files import check_folder, holds_others, make_folder, write_text
from tlpo.loop.checkpoints import checkpoint_folders, last_complete
from tlpo.provenance import content_digest, git_commit, versions

if TYPE_CHECKING:
    from tlpo.loop.config import MethodConfig, RunConfig

CONFIG_FILE = "resolved_config.yaml"
STATE_FILE = "run.json"
# Options that may differ when a run goes on: they change what is shown or kept, not what is computed.
_FREE = {
    "dataloader_num_workers", "disable_tqdm", "log_level", "log_level_replica", "output_dir", "report_to",
    "resume_from_checkpoint", "save_total_limit",
}  # fmt: skip
# Options that name files: it is their contents that decide, wherever they lie.
_FILES = ("prompts", "data", "eval_prompts", "clean_text")
# While a folder has none of these, nothing is lost when its run gets other settings.
_RESULTS = ("before/responses.jsonl", "nll_before.json", "metrics.jsonl", "final")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other commands out of the folder, which is made if need be. The lock dies with the process.

    Raises:
        UserError: when another command is at work in it, or it cannot be made or written into.
    """
    make_folder(folder)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"another command is at work in {folder}: wait for it, or give another output folder") from None
    try:
        yield
    finally:
        lock.release()


def status_of(folder: Path, run: RunConfig, args: MethodConfig) -> str:
    """What the folder holds of this run: ``new`` (nothing), ``running`` or ``finished``.

    Raises:
        UserError: when it holds a run with other settings, one begun with another number of processes, one that has
            lost its model, or other files; or when it cannot be written into.
    """
    path = folder / CONFIG_FILE
    check_folder(folder)
    if not path.is_file():
        if holds_others(folder):
            raise UserError(f"{folder} holds other files and no run: give a new or empty output folder")
        return "new"
    if not checkpoint_folders(folder) and not any((folder / name).exists() for name in _RESULTS):
        return "new"
    config, now = resolved(run, args), _inputs(run)
    try:
        recorded = yaml.safe_load(path.read_text(encoding="utf-8"))
        known, processes = recorded["config"], recorded["processes"]
        known = _defaults(run, args) | known  # an older version may not have known every option
        seen = recorded.get("inputs") or {}
        moved = {name for name in now if seen.get(name) == now[name]}
        changed = sorted(name for name in config if known.get(name) != config[name] and name not in _FREE | moved)
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        raise UserError(f"{path} is damaged: give another output folder") from None
    if edited := [name for name in now if name in seen and seen[name] != now[name]]:
        raise UserError(
            f"{folder} already holds another run (the files of {', '.join(edited)} have changed since): "
            "give another output folder, or put them back"
        )
    if changed:
        told = ", ".join(f"{name} was {known.get(name)!r}, now {config[name]!r}" for name in changed[:5])
        raise UserError(f"{folder} already holds another run ({told}): give another output folder")
    status = _seen(folder)
    if status == "running" and (folder / STATE_FILE).is_file() and last_complete(folder) is None:
        raise UserError(
            f"{folder} holds a finished run, but neither its model (final) nor a checkpoint to save it from: put final "
            "back, or give another output folder"
        )
    if status == "running" and processes != args.world_size:
        # A checkpoint holds each process's random state and rows, and the global batch would be another.
        raise UserError(
            f"{folder} holds a run begun with {processes} process(es), but now there are {args.world_size}: "
            f"go on with torchrun --nproc_per_node {processes}, or give another output folder"
        )
    return status


def claim(folder: Path, run: RunConfig, args: MethodConfig) -> str:
    """Make the folder this run's unless it is already; returns what `status_of` found.

    Of several processes the main one alone looks and writes: the others follow, whatever they would see meanwhile.

    Raises:
        UserError: as `status_of`.
    """
    status = status_of(folder, run, args) if args.process_index == 0 else _seen(folder)
    if args.process_index == 0 and status == "new":
        make_folder(folder)
        provenance = {"versions": versions(), "git_commit": git_commit(), "processes": args.world_size}
        told = {"config": resolved(run, args), "inputs": _inputs(run), **provenance}
        write_text(folder / CONFIG_FILE, yaml.safe_dump(told, allow_unicode=True, sort_keys=True))
    return status


def _seen(folder: Path) -> str:
    """A finished run whose model was deleted is not: it goes on from its last checkpoint, and saves the model again."""
    return "finished" if (folder / STATE_FILE).is_file() and (folder / "final").is_dir() else "running"


def resolved(run: RunConfig, args: MethodConfig) -> dict[str, Any]:
    """Every option's final value, as YAML can hold it."""
    options: dict[str, Any] = args.to_dict()  # type: ignore[no-untyped-call]
    return {name: _plain(value) for name, value in sorted((asdict(run) | options).items())}


def _inputs(run: RunConfig) -> dict[str, list[str]]:
    """Digests of the files that options name, by option; what is no file here (a hub's data set, say) is left out."""
    found = {}
    for name in _FILES:
        value = getattr(run, name)
        entries = [("", "", value)] if isinstance(value, str) else [entry.rpartition("=") for entry in value or []]
        digests = [content_digest(Path(path)) for *_, path in entries]
        if any(digests):
            found[name] = [
                f"{head}{equals}{digest or path}" for digest, (head, equals, path) in zip(digests, entries, strict=True)
            ]
    return found


def _defaults(run: RunConfig, args: MethodConfig) -> dict[str, Any]:
    declared = [*fields(run), *fields(args)]
    return {entry.name: _plain(entry.default) for entry in declared if entry.default is not MISSING}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(entry) for entry in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
