"""Scripts by the Unicode properties Script and Script_Extensions.

The ``regex`` module knows the properties; the standard ``re`` module searches a character class two to three times
faster. So classes are listed once with ``regex`` and written out as ranges for ``re``.
"""

from __future__ import annotations

import functools

import regex

# Planes 0 and 1 hold every script but Han's extensions, which lie in the two planes after.
_LISTED = range(0x20000)
_UNLISTED = ((0x20000, 0x323AF), (0x323B0, 0x10FFFF))

# Scripts that a span may be named by; the rest are "Zzzz".
_SCRIPT_CODES = """
Latn Hani Hang Hira Kana Bopo Cyrl Arab Deva Grek Hebr Thai Armn Geor Beng Taml Telu Knda Mlym Gujr Guru Orya Sinh
Khmr Laoo Mymr Ethi Tibt Mong Syrc Thaa Cher Cans Copt Tfng Nkoo Yiii Goth Runr Ogam Glag Vaii Bali Java
"""
SCRIPTS = tuple(_SCRIPT_CODES.split())

# Letters that say nothing about the language: the ideographic zero and numerals, feminine and masculine ordinals,
# Roman and fullwidth forms, letterlike symbols, phonetic and modifier letters (but not the repetition marks of Thai,
# Lao and Khmer, which are modifier letters too).
NEUTRAL = (
    r"[\u3007\u3021-\u3029\u3038-\u303a\xaa\xba\u2100-\u218f\uff21-\uff3a\uff41-\uff5a"
    r"[\p{Lm}--[\u0e46\u0ec6\u17d7]]\u0250-\u02af\u1d00-\u1dbf]"
)


@functools.lru_cache(maxsize=1)
def _listed() -> str:
    return "".join(map(chr, _LISTED))


@functools.lru_cache(maxsize=512)
def char_class(expression: str) -> str:
    """The inside of an ``re`` character class that holds what the ``regex`` set ``expression`` (V1 syntax) holds."""
    pattern = regex.compile(expression, regex.V1)
    runs = [(m.start(), m.end() - 1) for m in regex.compile(f"{expression}+", regex.V1).finditer(_listed())]
    runs += [(a, b) for a, b in _UNLISTED if pattern.match(chr(a))]
    return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in runs)


def rare_class(expression: str) -> str:
    """An ``re`` character class, brackets included, for what is rare in the text to be searched.

    It is written as "none of the others": ``re`` looks a character of plane 0 up in a table and, only where that fails,
    goes through the ranges of the planes above. So the common case must be the one the table answers.
    """
    return f"[^{char_class(f'[^{expression}]')}]"


def rare_class_of(points: set[int]) -> str:
    """The same for a set of code points of plane 0 and everything in the planes of Han's extensions."""
    others = [point for point in range(0x10000) if point not in points]
    edges = [i for i in range(1, len(others)) if others[i] != others[i - 1] + 1]
    starts, ends = [others[i] for i in [0, *edges]], [others[i - 1] for i in [*edges, len(others)]]
    runs = [*zip(starts, ends, strict=True), (0x10000, 0x1FFFF), _UNLISTED[1]]
    return "[^" + "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in runs) + "]"


def letters_expression(scripts: tuple[str, ...]) -> str:
    """The ``regex`` set of the letters written in any of ``scripts`` (ISO 15924 codes)."""
    wanted = "".join(rf"\p{{scx={script}}}" for script in scripts)
    return rf"[[[{wanted}]&&\p{{L}}]--{NEUTRAL}]"


def letters_of(scripts: tuple[str, ...]) -> str:
    """The ``re`` class inside of the letters written in any of ``scripts``."""
    return char_class(letters_expression(scripts))


def foreign_expression(scripts: tuple[str, ...]) -> str:
    """The ``regex`` set of letters (and CJK radicals) of no script in ``scripts``, Latin and neutral ones aside."""
    own = "".join(rf"\p{{scx={script}}}" for script in scripts)
    return rf"[[\p{{L}}\p{{sc=Hani}}]--[{own}\p{{Latn}}\p{{sc=Zyyy}}\p{{sc=Zinh}}]--{NEUTRAL}]"


@functools.lru_cache(maxsize=8192)
def script_of(char: str) -> str:
    """ISO 15924 code of the script of one character; "Zyyy" if it has none of its own."""
    if regex.match(r"[\p{sc=Zyyy}\p{sc=Zinh}]", char):
        return "Zyyy"
    return next((script for script in SCRIPTS if regex.match(rf"\p{{sc={script}}}", char)), "Zzzz")
