"""How common a word is in each language, from the word lists of the package wordfreq (Speer 2022).

Read on first use, and only the lists, not the package's code: a list is msgpack, entry i > 0 being the words of
frequency 10^(-i/100).
"""

from __future__ import annotations

import functools
import gzip
import importlib.util
from collections.abc import Mapping
from pathlib import Path

from tlpo.errors import TLPOError

# Code of the language table -> wordfreq's, where they differ.
_LIST = {"no": "nb", "tl": "fil", "hr": "sh", "sr": "sh"}
_LISTS = """
ar bg ca cs da de en es fa fi fil fr hi hu id is it lt lv mk ms nb nl pl pt ro ru sh sk sl sv tr uk ur vi
"""
_LATIN = "ca cs da de en es fi fr hr hu id it lt lv ms nl no pl pt ro sk sl sv tl tr vi"
_LISTED = frozenset(_LISTS.split())

# The languages of Latin script that have a list.
LATIN: tuple[str, ...] = tuple(_LATIN.split())

# Words kept of a list, and what a word outside it counts as, in hundredths of a decade (600: one in a million).
KEPT = 25_000
ABSENT = 640


def has_list(code: str) -> bool:
    """Whether there is a word list for the language ``code``."""
    return _LIST.get(code, code) in _LISTED


@functools.lru_cache(maxsize=1)
def _folder() -> Path:
    spec = importlib.util.find_spec("wordfreq")
    if spec is None or not spec.submodule_search_locations:
        raise TLPOError("the package 'wordfreq', which holds the word lists, is missing: pip install wordfreq")
    return Path(spec.submodule_search_locations[0]) / "data"


_shared: dict[str, str] = {}

# Articles and prepositions elided before a vowel ("l" and "d" are left out: they stand in names everywhere), and where.
_ELIDED = {"dell", "nell", "all", "sull", "dall", "qu", "quest", "quell", "jusqu", "lorsqu", "puisqu", "un", "gli"}
_ELIDING = ("ca", "fr", "it")


@functools.lru_cache(maxsize=64)
def word_costs(code: str) -> Mapping[str, int]:
    """word -> -100 log10(frequency) of the commonest words of ``code``: 0 to ABSENT; the higher, the rarer."""
    import msgpack

    with gzip.open(_folder() / f"small_{_LIST.get(code, code)}.msgpack.gz") as file:
        bins = msgpack.load(file)
    costs: dict[str, int] = {}
    for cost, words in enumerate(bins[1:]):
        for word in words:
            costs[_shared.setdefault(word, word)] = cost
        if len(costs) > KEPT:
            break
    return costs


@functools.lru_cache(maxsize=16384)
def latin_costs(word: str) -> tuple[int, ...]:
    """The cost of a folded word in each language of LATIN, ABSENT where its list lacks it.

    An elided word (l'homme, dell'arte) counts by what follows the apostrophe, where the whole is not listed; one elided
    as only Romance languages do, in those alone.
    """
    head, apostrophe, rest = word.partition("'")
    if not apostrophe:
        return tuple(table.get(word, ABSENT) for table in _tables())
    tail = rest if len(head) <= 6 and rest else head
    eliding = _ELIDING if rest and head in _ELIDED else LATIN
    return tuple(
        min(table.get(word, ABSENT), table.get(tail, ABSENT) if code in eliding else ABSENT)
        for code, table in zip(LATIN, _tables(), strict=True)
    )


@functools.lru_cache(maxsize=1)
def _tables() -> tuple[Mapping[str, int], ...]:
    return tuple(word_costs(code) for code in LATIN)
