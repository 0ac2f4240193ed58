"""The tokens that masking looks at, against a plain reading of what they are."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tlpo.confusion.masking import find_masks

# Characters of a token (visible ASCII and accented Latin letters, composed or not), and what makes one worth a look.
_PART = re.compile("[!-~À-ɏḀ-ỿ\u0300-\u036f]")
_SPECIAL = re.compile(r"[0-9_@#/\\=(]|[.~-][A-Za-z]|[a-z][A-Z]")
_TEXTS = st.text(st.sampled_from("aZé0_ .-=(/@w가\n\u0301"), max_size=30)


def tokens_of(text: str) -> list[tuple[int, int]]:
    """(start, end) of the longest runs of token characters, one character at a time."""
    runs: list[tuple[int, int]] = []
    for i, char in enumerate(text):
        if not _PART.match(char):
            continue
        if runs and runs[-1][1] == i:
            runs[-1] = (runs[-1][0], i + 1)
        else:
            runs.append((i, i + 1))
    return runs


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
def test_only_tokens_with_something_special_are_looked_at(text: str) -> None:
    from tlpo.confusion.masking import _special_tokens

    assert list(_special_tokens(text)) == [span for span in tokens_of(text) if _SPECIAL.search(text[slice(*span)])]


def test_what_is_masked() -> None:
    text = "Das Modul main.py nutzt foo_bar und wiegt 5 kg bei 3 km/h."
    covered = {text[start:end] for start, end in find_masks(text, None).latin}
    assert {"main.py", "foo_bar", "5 kg"} <= covered
    assert not any("Modul" in part or "nutzt" in part for part in covered)
