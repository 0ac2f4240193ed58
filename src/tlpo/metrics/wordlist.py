"""The English words that the word pass rate of `lcb` looks for.

The benchmark has its own list, one word a line (`words` in its repository). Without it the English dictionary of the
package pyspellchecker serves: it holds 99.98 % of the benchmark's words and about as many others, so the rate comes
out lower.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tlpo.errors import UserError, missing_extra

_SHORTEST = 4  # letters; shorter words are too often part of a name or a formula


@dataclass(frozen=True)
class WordList:
    """words: all lower-case, 4 letters or longer. source: where they come from, for the report."""

    words: frozenset[str]
    source: str


def load_word_list(path: str | Path | None = None) -> WordList:
    """The list of a file with one word a line, or, without a path, that of the package pyspellchecker.

    Raises:
        UserError: the file cannot be read or holds no usable word; or no path is given and the package is missing.
    """
    return _from_package() if path is None else _from_file(Path(path))


def _from_file(path: Path) -> WordList:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UserError(f"cannot read the word list '{path}': {reason}; give a file with one word a line") from None
    words = _usable(line.strip() for line in text.split("\n"))
    if not words:
        raise UserError(f"the word list '{path}' holds no lower-case word of {_SHORTEST} letters or more")
    return WordList(words, f"{path.name} ({len(words)} words)")


def _from_package() -> WordList:
    spec = importlib.util.find_spec("spellchecker")
    if spec is None or spec.origin is None:
        raise missing_extra("pyspellchecker", "metrics")
    with gzip.open(Path(spec.origin).parent / "resources" / "en.json.gz", "rt", encoding="utf-8") as file:
        words = _usable(json.load(file))
    return WordList(words, f"package pyspellchecker ({len(words)} words), not the benchmark's own list")


def _usable(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word for word in words if word.islower() and len(word) >= _SHORTEST)
