"""A gate at decoding time: tokens with a letter of a wrong script get no probability.

It needs no training and no list of tokens, and is the simple thing to compare with. What it cannot do: languages of
one script stay apart only by script, so it will not keep French out of Spanish; and a model that is barred from what it
wanted to say may say something worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from weakref import WeakKeyDictionary

import regex
import torch
from transformers import PreTrainedTokenizerBase

from tlpo.errors import UserError
from tlpo.languages import get_language
from tlpo.modeling.alignment import special_ids

_texts: WeakKeyDictionary[PreTrainedTokenizerBase, list[str]] = WeakKeyDictionary()


class ScriptGate:
    """Masks tokens that hold a letter of a wrong script.

    languages: codes of all languages that rows may be in.
    english: "neutral" lets Latin letters pass everywhere; "confusion" masks them where the language is not in Latin
        script. also: codes of further languages that are fine.
    allow: terms that may be written; every token that is a piece of one of them passes.
    fragments: many vocabularies spell rare characters by several tokens, none of which is a character. "allow" lets
        them pass, so that a rare wrong character may slip through; "block" masks them, rare right ones included.

    Special tokens always pass. The vocabulary is decoded once a tokenizer, the mask worked out once for each language.

    Raises:
        UserError: an unknown language or option.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        languages: Iterable[str],
        *,
        english: str = "neutral",
        also: Iterable[str] = (),
        allow: Iterable[str] = (),
        fragments: str = "allow",
    ) -> None:
        if english not in ("neutral", "confusion"):
            raise UserError(f"english is 'neutral' or 'confusion', not '{english}'")
        if fragments not in ("allow", "block"):
            raise UserError(f"fragments is 'allow' or 'block', not '{fragments}'")
        also, allow = _several(also), _several(allow)
        codes = list(dict.fromkeys(languages))
        self._index = {code: place for place, code in enumerate(codes)}
        self.banned = torch.stack(
            [
                banned_tokens(tokenizer, code, english=english, also=also, allow=allow, fragments=fragments)
                for code in codes
            ]
        )
        """Shape (languages, vocabulary), bool: what is masked, in the order in which the languages were first named."""

    def masked(self, scores: torch.Tensor, languages: Sequence[str]) -> torch.Tensor:
        """The scores, shape (rows, vocabulary), with banned tokens at minus infinity; languages: one a row."""
        width = scores.shape[1]
        self.banned = self.banned.to(scores.device)  # moves once
        known = min(width, self.banned.shape[1])  # models pad their vocabulary, or leave added tokens out
        places = [self._index[code] for code in languages]
        masked = scores.clone()
        masked[:, :known].masked_fill_(self.banned[places, :known], float("-inf"))
        return masked


# Of reasoning and of calls; some tokenizers do not mark them as special.
_MARKERS = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")


def banned_tokens(
    tokenizer: PreTrainedTokenizerBase,
    language: str,
    *,
    english: str = "neutral",
    also: Iterable[str] = (),
    allow: Iterable[str] = (),
    fragments: str = "allow",
) -> torch.Tensor:
    """Which tokens of the vocabulary the gate masks for a language: shape (vocabulary,), bool."""
    rows = [get_language(code) for code in (language, *_several(also))]
    scripts = tuple(dict.fromkeys(script for row in rows for script in row.scripts))
    wrong = wrong_letter(scripts if english == "confusion" else (*scripts, "Latn"))
    terms = [term.casefold() for term in _several(allow)]
    passing = special_ids(tokenizer)
    banned = [
        token not in passing
        and text not in _MARKERS
        and (wrong.search(text) is not None or (fragments == "block" and "�" in text))
        and not _piece_of(text, terms)
        for token, text in enumerate(token_texts(tokenizer))
    ]
    return torch.tensor(banned, dtype=torch.bool)


def wrong_letter(scripts: Sequence[str]) -> regex.Pattern[str]:
    """Matches a letter of none of the scripts (ISO 15924 codes, told by Script_Extensions).

    Letters without a script of their own, modifier letters and fullwidth Latin are no script's.
    """
    own = "".join(rf"\p{{scx={script}}}" for script in scripts)
    return regex.compile(rf"(?V1)[\p{{L}}--[{own}\p{{sc=Zyyy}}\p{{sc=Zinh}}\p{{Lm}}\uff21-\uff3a\uff41-\uff5a]]")


def token_texts(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """What each token of the vocabulary spells alone, in the order of the ids; decoded once a tokenizer."""
    if len(_texts.get(tokenizer, ())) != len(tokenizer):
        ids = [[token] for token in range(len(tokenizer))]
        _texts[tokenizer] = tokenizer.batch_decode(ids, clean_up_tokenization_spaces=False)
    return _texts[tokenizer]


def _several(values: Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def _piece_of(text: str, terms: Sequence[str]) -> bool:
    piece = text.strip().casefold()
    return any(piece in term for term in terms) if piece else False
