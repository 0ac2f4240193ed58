"""Prompts that were seen before, exactly or nearly: found as they stream by.

MinHash (Broder 1997) turns a prompt's shingles into a short signature, and locality-sensitive hashing finds the earlier
prompts that share a band of it. Those alone are compared in truth, by the Jaccard similarity of their shingles, so that
whatever is reported is near; of the pairs right at the threshold about one in a hundred is missed, fewer above it.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from tlpo.data.similarity import NEAR, check_near, jaccard, normalise, shingles
from tlpo.errors import missing_extra

_VALUES = 64  # of a signature
_MISSED = 0.01


@dataclass(frozen=True)
class Prompt:
    """A prompt ready for comparison: its normalised text, shingles and signature (None without shingles)."""

    plain: str
    shingles: frozenset[str]
    signature: Any


@dataclass(frozen=True)
class Seen:
    """The earlier prompt that another one repeats: its name, and the Jaccard similarity in (0, 1]."""

    name: str
    similarity: float


class PromptIndex:
    """The prompts so far. near: Jaccard similarity from which two prompts count as near.

    Holds each prompt's text, its digest and its place in a few hash tables: about 3 kB a prompt.

    Raises UserError when ``near`` is not in (0, 1], or the package ``datasketch`` is missing.
    """

    def __init__(self, near: float = NEAR) -> None:
        try:
            from datasketch import MinHash, MinHashLSH
        except ImportError:
            raise missing_extra("datasketch", "data") from None
        self._near = check_near(near)
        self._empty = MinHash(num_perm=_VALUES, hashfunc=zlib.crc32)
        self._bands = MinHashLSH(num_perm=_VALUES, params=bands_for(near))
        self._texts: list[str] = []
        self._names: list[str] = []
        self._exact: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def prepare(self, text: str) -> Prompt:
        """What `exact`, `nearest` and `add` take."""
        plain = normalise(text)
        pieces = shingles(plain)
        signature = None
        if pieces:
            signature = self._empty.copy()
            signature.update_batch([piece.encode("utf-8", "surrogatepass") for piece in pieces])
        return Prompt(plain, pieces, signature)

    def exact(self, prompt: Prompt) -> Seen | None:
        """An earlier prompt with the same letters, marks and digits."""
        place = self._exact.get(_digest(prompt.plain))
        return None if place is None or not prompt.plain else Seen(self._names[place], 1.0)

    def nearest(self, prompt: Prompt) -> Seen | None:
        """The earlier prompt that is most alike, if it is near; the earliest of equals."""
        if prompt.signature is None:
            return None
        best: Seen | None = None
        for place in sorted(self._bands.query(prompt.signature)):
            similarity = jaccard(prompt.shingles, shingles(self._texts[place]))
            if similarity >= self._near and (best is None or similarity > best.similarity):
                best = Seen(self._names[place], similarity)
        return best

    def add(self, prompt: Prompt, name: str) -> None:
        """Remember a prompt under a name."""
        place = len(self._texts)
        self._texts.append(prompt.plain)
        self._names.append(name)
        self._exact.setdefault(_digest(prompt.plain), place)
        if prompt.signature is not None:
            self._bands.insert(place, prompt.signature, check_duplication=False)


@lru_cache(maxsize=16)
def bands_for(near: float) -> tuple[int, int]:
    """(bands, values a band): the longest bands that miss at most one in a hundred pairs of similarity ``near``.

    Two signatures agree in one value with the probability of their Jaccard similarity s, so all of b bands of r values
    miss the pair with (1 - s^r)^b.
    """
    rows = [r for r in range(1, _VALUES // 2 + 1) if (1 - near**r) ** (_VALUES // r) <= _MISSED]
    longest = max(rows, default=1)
    return _VALUES // longest, longest


def _digest(plain: str) -> bytes:
    return blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=16).digest()
