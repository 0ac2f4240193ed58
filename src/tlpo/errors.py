"""What can go wrong, and how it is told.

Every message is one line and says three things: what failed, the value that made it fail, and what to do about it.
The command line prints a :class:`UserError` as ``error: <message>`` and exits with status 2; anything else is a bug
and keeps its traceback.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class TLPOError(Exception):
    """Base of every error that this package raises on purpose."""


class UserError(TLPOError):
    """The input cannot be used: a file, an option, a model or a record. The message is one line with the remedy."""


@contextmanager
def at(place: str) -> Iterator[None]:
    """Put ``place``, a file and line or a record, before the message of a :class:`UserError` from inside the block."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{place}: {error}") from None


def did_you_mean(value: str, known: Iterable[str]) -> str:
    """A hint to append to a message: ``" (did you mean 'ko'?)"``, or ``""`` when nothing known is close.

    Case and ``-``/``_`` are ignored in the comparison; the hint shows the known spelling.
    """

    def plain(text: str) -> str:
        return text.strip().lower().replace("_", "-")

    spelling = {plain(name): name for name in known}
    close = difflib.get_close_matches(plain(value), spelling, n=1, cutoff=0.5)
    return f" (did you mean '{spelling[close[0]]}'?)" if close else ""


def missing_extra(package: str, extra: str) -> UserError:
    """The error for an optional package that is not installed: names the ``pip install`` line. The caller raises it."""
    return UserError(f"this needs the package '{package}', which is not installed: pip install 'tlpo[{extra}]'")


_FULL_DISK_TEXTS = ("No space left on device", "Disk quota exceeded", "PytorchStreamWriter failed writing")


def is_disk_full(error: BaseException) -> bool:
    """Whether ``error``, or what it was raised from, means that a disk had no room left.

    safetensors and ``torch.save`` report a failed write as errors of their own kinds, so their texts are looked at.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        text = str(seen)
        if any(part in text for part in _FULL_DISK_TEXTS) or ("inline_container" in text and "unexpected pos" in text):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
