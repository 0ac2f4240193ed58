"""The table of languages. A new language is a new row (see docs/adding-a-language.md).

Scripts are ISO 15924 codes, used as values of the Unicode properties Script and Script_Extensions.
``segmentation`` names the word splitter that the word metrics use for the language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from tlpo.errors import UserError, did_you_mean

Segmentation = Literal["space", "jieba", "mecab", "none"]


@dataclass(frozen=True)
class Language:
    """One language.

    code: BCP-47 code. name: English name. scripts: ISO 15924 codes of the scripts it is written in.
    latin: whether it is written in Latin script (words, not letters, then tell the language).
    segmentation: how words are split. notes: what a reader should know.
    """

    code: str
    name: str
    scripts: tuple[str, ...]
    latin: bool
    segmentation: Segmentation
    notes: str = ""


def _row(code: str, name: str, scripts: str, segmentation: Segmentation = "space", notes: str = "") -> Language:
    parts = tuple(scripts.split())
    return Language(code, name, parts, "Latn" in parts, segmentation, notes)


_ROWS = (
    _row("af", "Afrikaans", "Latn"),
    _row("am", "Amharic", "Ethi"),
    _row("ar", "Arabic", "Arab", notes="Persian and Urdu share the script and are told by their own letters"),
    _row("az", "Azerbaijani", "Latn"),
    _row("be", "Belarusian", "Cyrl"),
    _row("bg", "Bulgarian", "Cyrl"),
    _row("bn", "Bengali", "Beng"),
    _row("ca", "Catalan", "Latn"),
    _row("cs", "Czech", "Latn"),
    _row("da", "Danish", "Latn"),
    _row("de", "German", "Latn"),
    _row("el", "Greek", "Grek"),
    _row("en", "English", "Latn"),
    _row("es", "Spanish", "Latn"),
    _row("et", "Estonian", "Latn"),
    _row("fa", "Persian", "Arab"),
    _row("fi", "Finnish", "Latn"),
    _row("fr", "French", "Latn"),
    _row("gu", "Gujarati", "Gujr"),
    _row("he", "Hebrew", "Hebr"),
    _row("hi", "Hindi", "Deva", notes="Marathi and Nepali share the script"),
    _row("hr", "Croatian", "Latn", notes="Bosnian and Serbian in Latin script are not told from it"),
    _row("hu", "Hungarian", "Latn"),
    _row("hy", "Armenian", "Armn"),
    _row("id", "Indonesian", "Latn", notes="Malay is not told from it"),
    _row("it", "Italian", "Latn"),
    _row("ja", "Japanese", "Hira Kana Hani", "mecab", "Chinese is told by the lack of kana and by its own characters"),
    _row("ka", "Georgian", "Geor"),
    _row("kk", "Kazakh", "Cyrl"),
    _row("km", "Khmer", "Khmr", "none"),
    _row("kn", "Kannada", "Knda"),
    _row("ko", "Korean", "Hang", notes="a hanja gloss in brackets after a Korean word is Korean"),
    _row("lo", "Lao", "Laoo", "none"),
    _row("lt", "Lithuanian", "Latn"),
    _row("lv", "Latvian", "Latn"),
    _row("mk", "Macedonian", "Cyrl"),
    _row("ml", "Malayalam", "Mlym"),
    _row("mn", "Mongolian", "Cyrl"),
    _row("mr", "Marathi", "Deva"),
    _row("ms", "Malay", "Latn", notes="Indonesian is not told from it"),
    _row("my", "Burmese", "Mymr", "none"),
    _row("ne", "Nepali", "Deva"),
    _row("nl", "Dutch", "Latn"),
    _row("no", "Norwegian", "Latn", notes="Bokmaal; Danish is hard to tell from it"),
    _row("or", "Odia", "Orya"),
    _row("pa", "Punjabi", "Guru"),
    _row("pl", "Polish", "Latn"),
    _row("pt", "Portuguese", "Latn"),
    _row("ro", "Romanian", "Latn"),
    _row("ru", "Russian", "Cyrl", notes="Ukrainian, Bulgarian and Serbian share the script"),
    _row("si", "Sinhala", "Sinh"),
    _row("sk", "Slovak", "Latn"),
    _row("sl", "Slovenian", "Latn"),
    _row("sr", "Serbian", "Cyrl Latn", notes="both scripts; sr-Cyrl and sr-Latn ask for one of them"),
    _row("sr-Cyrl", "Serbian (Cyrillic)", "Cyrl"),
    _row("sr-Latn", "Serbian (Latin)", "Latn"),
    _row("sv", "Swedish", "Latn"),
    _row("sw", "Swahili", "Latn"),
    _row("ta", "Tamil", "Taml"),
    _row("te", "Telugu", "Telu"),
    _row("th", "Thai", "Thai", "none"),
    _row("tl", "Tagalog", "Latn"),
    _row("tr", "Turkish", "Latn"),
    _row("uk", "Ukrainian", "Cyrl"),
    _row("ur", "Urdu", "Arab"),
    _row("vi", "Vietnamese", "Latn"),
    _row("zh", "Chinese", "Hani Bopo", "jieba", "simplified or traditional"),
    _row("zh-Hans", "Chinese (simplified)", "Hani Bopo", "jieba", "treated as zh"),
    _row("zh-Hant", "Chinese (traditional)", "Hani Bopo", "jieba", "treated as zh"),
)

LANGUAGES: Mapping[str, Language] = MappingProxyType({row.code: row for row in _ROWS})
_BY_FOLDED = {code.casefold(): row for code, row in LANGUAGES.items()}


def get_language(code: str) -> Language:
    """The row of ``code``; case and "_" do not matter, and an unknown region is dropped: "pt-BR" is "pt", "sr-Latn-RS"
    is "sr-Latn".

    Raises UserError, with the nearest known code, if there is none.
    """
    folded = code.strip().replace("_", "-").casefold() if isinstance(code, str) else ""
    parts = folded.split("-")
    for length in range(len(parts), 0, -1):
        row = _BY_FOLDED.get("-".join(parts[:length]))
        if row is not None:
            return row
    raise UserError(f"unknown language {code!r}{_nearest(folded)}; known: {', '.join(LANGUAGES)}")


def language_called(name: str) -> Language | None:
    """The row with this English name ("Korean"), whatever its case; None if there is none."""
    folded = name.strip().casefold()
    return next((row for row in _ROWS if row.name.casefold() == folded), None)


# Country codes that people write for the language.
_COUNTRIES = {
    "kr": "ko",
    "jp": "ja",
    "cn": "zh",
    "cz": "cs",
    "ua": "uk",
    "gr": "el",
    "vn": "vi",
    "se": "sv",
    "dk": "da",
}


def _nearest(folded: str) -> str:
    called = language_called(folded)
    code = called.code if called else _COUNTRIES.get(folded) or _other_code_of(folded.partition("-")[0])
    if code is not None:
        return f" (did you mean {code!r}?)"
    return did_you_mean(folded, list(LANGUAGES))


def _other_code_of(code: str) -> str | None:
    """The language that a code of ISO 639-2 or 639-3 stands for, or the code of one of its kinds ("kor", "nb")."""
    from langcodes import standardize_tag  # for errors alone
    from langcodes.tag_parser import LanguageTagError

    def standard(given: str) -> str | None:
        try:
            return standardize_tag(given, macro=True)
        except LanguageTagError:
            return None

    found = standard(code)
    return next((known for known in LANGUAGES if found is not None and standard(known) == found), None)
