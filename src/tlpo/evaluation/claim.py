"""Whose an output folder is: a command goes on in its own, begins in an empty one, and leaves any other alone."""

from __future__ import annotations

from pathlib import Path

from tlpo.errors import UserError
from tlpo.files import holds_others, make_folder


def is_begun(settings: Path, results: Path, kind: str, remedy: str) -> bool:
    """Whether the folder of a settings file, made if need be, is that of an earlier call of the same command.

    Other commands write a file of that name too: it counts where results stand beside it, or nothing else does.

    Args:
        settings, results: what the command writes first, and what comes next.
        kind: what the folder should hold, for the error.
        remedy: what the user can do where it holds something else.

    Raises:
        UserError: it does, or it cannot be made or written into.
    """
    folder = settings.parent
    make_folder(folder)
    if settings.exists() and (results.exists() or not holds_others(folder, (settings.name,))):
        return True
    if holds_others(folder):
        raise UserError(f"{folder} holds other files and no {kind}: {remedy}")
    return False
