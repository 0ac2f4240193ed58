"""The table of languages."""

from __future__ import annotations

import langcodes
import pytest

from tlpo.errors import UserError
from tlpo.languages import LANGUAGES, get_language

_ASKED_FOR = """
ar de en es fr hi id it ja ko pt ru tr vi zh th el he fa ur uk bg sr ka hy am bn ta te kn ml mr gu pa ne si km lo my
nl pl cs sv fi ro hu
"""
ASKED_FOR = _ASKED_FOR.split()


def test_every_language_asked_for_has_a_row() -> None:
    assert set(ASKED_FOR) <= set(LANGUAGES)
    assert len(LANGUAGES) >= 45


def test_rows_are_consistent() -> None:
    for code, row in LANGUAGES.items():
        assert row.code == code
        assert row.name
        assert row.scripts
        assert row.latin == ("Latn" in row.scripts)
        assert all(len(script) == 4 and script.istitle() for script in row.scripts)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("KO", "ko"),
        ("pt-BR", "pt"),
        ("zh_hant", "zh-Hant"),
        (" sr-Latn ", "sr-Latn"),
        ("sr-Latn-RS", "sr-Latn"),
        ("zh-TW", "zh"),
    ],
)
def test_spellings(given: str, code: str) -> None:
    assert get_language(given).code == code


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("kr", "'ko'"),
        ("Korean", "'ko'"),
        ("jp", "'ja'"),
        ("frr", "'fr'"),
        ("kor", "'ko'"),
        ("zho-Hans", "'zh'"),
        ("ger", "'de'"),
        ("nb", "'no'"),
    ],
)
def test_an_unknown_language_names_the_nearest(given: str, hint: str) -> None:
    with pytest.raises(UserError, match=f"did you mean {hint}"):
        get_language(given)


def test_the_codes_of_three_letters_are_those_of_the_standard() -> None:
    for code in {code.partition("-")[0] for code in LANGUAGES}:
        standard = langcodes.Language.get(code)
        for variant in ("T", "B"):
            with pytest.raises(UserError, match=f"did you mean '{code}'"):
                get_language(standard.to_alpha3(variant=variant))


@pytest.mark.parametrize("given", ["", "xx-yy-zz"])
def test_an_unknown_language_is_a_user_error(given: str) -> None:
    with pytest.raises(UserError, match="unknown language"):
        get_language(given)
