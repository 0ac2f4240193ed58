"""Whether a prompt names a language: in its own language's words, or in English.

The names come from the Unicode CLDR (package ``babel``), how they are used from :mod:`tlpo.data.language_usage`. A
prompt that names a language may rightly be answered in another one than its own, and would teach the wrong lesson.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import regex

from tlpo.data.finder import Finder, finder, words_in
from tlpo.data.language_usage import USAGES, Usage
from tlpo.errors import missing_extra
from tlpo.languages import LANGUAGES, get_language

# Beside the project's own: languages that prompts ask for, or speak of.
_MORE = (
    "la", "sa", "eo", "yue", "ga", "cy", "is", "eu", "gl", "sq", "bs", "uz", "jv", "su", "ku", "ps", "sd", "ug", "bo",
    "mt", "lb", "gd", "haw", "xh", "zu", "yo", "ig", "so",
)  # fmt: skip
_SHORTEST = 3
_LETTER = r"[\p{L}\p{M}\p{N}]"


@lru_cache(maxsize=128)
def mentions_in(language: str) -> Finder:
    """What finds the words that name a language in texts written in ``language``.

    Raises UserError for an unknown language, or when the package ``babel`` is missing.
    """
    code = get_language(language).code
    usage = USAGES.get(code) or USAGES.get(code.split("-")[0]) or Usage(alone="")
    own, english = _names(code), _names("en")
    parts = [*_parts(usage, own), *(_english_parts(code, usage, english) if code != "en" else ())]
    skipped = rf"(?:{usage.unless})(*SKIP)(*FAIL)|" if usage.unless else ""
    stems = {_stem(name, usage) for name in {*own, *english, *_made(own, usage)}}
    return finder(skipped + "|".join(parts), [*stems, *(words_in(usage.extra) if usage.extra else ())])


def _parts(usage: Usage, names: Iterable[str]) -> list[str]:
    """One alternative for each way in which a language's own names are used."""
    base = _any({*names, *_made(names, usage)})
    stems = _any({_stem(name, usage) for name in names})
    inflected = f"(?:{stems}(?:{usage.endings})|{base})" if usage.endings else base
    start, end = (f"(?<!{_LETTER})", f"(?!{_LETTER})") if usage.bounded else ("", "")
    found = []
    if usage.alone is not None:
        found.append(_cased(f"{stems}(?:{usage.alone})", usage.case))
    if usage.before:
        found.append(f"(?i:{usage.before}){usage.gap}{_cased(base, usage.case)}{end}{usage.after}")
    if usage.words:
        first, second = (usage.words, inflected) if usage.words_first else (inflected, usage.words)
        found.append(f"(?i:(?:{first}){usage.gap}(?:{second}))")
    if usage.extra:
        found.append(f"(?i:{usage.extra})")
    label = rf"\(\s*(?i:{inflected})\s*[:：]"  # a gloss: (Latin: ...)
    return [*(f"{start}(?:{part}){end}" for part in found), label]


def _made(names: Iterable[str], usage: Usage) -> set[str]:
    """Further names, made from those of the dictionary."""
    return {regex.sub(pattern, to, name) for name in names for pattern, to in usage.forms}


def _stem(name: str, usage: Usage) -> str:
    """What all forms of a name begin with; of a very short name all of it."""
    stem: str = regex.sub(usage.cut, "", name) if usage.cut else name
    return stem if len(stem) >= _SHORTEST else name


def _english_parts(code: str, usage: Usage, names: Iterable[str]) -> list[str]:
    """English names in a text of another language: among its own words, or in an English sentence."""
    found = _parts(USAGES["en"], names)
    if not LANGUAGES[code].latin:
        # not in a name of several Latin words, as of a film or a company
        found.append(rf"(?<![A-Za-z][ -]?){_any(names)}(?![ -]?[A-Za-z])")
    elif usage.before:
        found.append(rf"(?<!{_LETTER})(?i:{usage.before}){usage.gap}{_any(names)}(?!{_LETTER})")
    return found


def _any(words: Iterable[str]) -> str:
    return "(?:" + "|".join(regex.escape(word) for word in sorted(words, key=lambda word: (-len(word), word))) + ")"


def _cased(pattern: str, case: bool) -> str:
    return pattern if case else f"(?i:{pattern})"


@lru_cache(maxsize=128)
def _names(code: str) -> tuple[str, ...]:
    """What the CLDR calls the languages, in the language ``code``."""
    try:
        from babel import Locale
    except ImportError:
        raise missing_extra("babel", "data") from None
    known = Locale.parse(code.replace("-", "_")).languages
    asked = [*dict.fromkeys(row.split("-")[0] for row in LANGUAGES), *_MORE]
    return tuple(dict.fromkeys(known[one] for one in asked if one in known))
