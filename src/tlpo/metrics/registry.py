"""The profiles by name."""

from __future__ import annotations

from pathlib import Path

from tlpo.errors import UserError, did_you_mean
from tlpo.metrics.profile import Profile

PROFILES = ("lcb", "tlpo", "default")
_ENGLISH = ("neutral", "confusion")


def get_profile(name: str, *, english: str = "neutral", word_list: str | Path | None = None) -> Profile:
    """The profile `name`, ready to count.

    english: "neutral" or "confusion", for `tlpo` and `default`. word_list: the English words for `lcb`, a file with
    one word a line; without it a package's list serves, and the profile's `definition` says so.

    Raises:
        UserError: no such profile or setting, an option that the profile has not, or an unreadable word list.
    """
    if name not in PROFILES:
        raise UserError(f"no such profile: '{name}'{did_you_mean(name, PROFILES)}; profiles: {', '.join(PROFILES)}")
    if english not in _ENGLISH:
        raise UserError(f"english is 'neutral' or 'confusion', not '{english}'{did_you_mean(english, _ENGLISH)}")
    if name != "lcb" and word_list is not None:
        raise UserError(f"a word list ('{word_list}') is for the profile 'lcb' only; '{name}' has none: leave it out")
    if name == "lcb":
        return _lcb(english, word_list)
    if name == "tlpo":
        from tlpo.metrics.passrates import TLPOProfile

        return TLPOProfile("confusion" if english == "confusion" else "neutral")
    from tlpo.metrics.consistency import ConsistencyProfile

    return ConsistencyProfile("confusion" if english == "confusion" else "neutral")


def _lcb(english: str, word_list: str | Path | None) -> Profile:
    if english != "neutral":
        raise UserError("the profile 'lcb' has no setting for English: leave english out, or take the profile 'tlpo'")
    from tlpo.metrics.lcb import LCBProfile
    from tlpo.metrics.wordlist import load_word_list

    return LCBProfile(load_word_list(word_list))
