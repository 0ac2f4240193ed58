"""The gate of `tlpo.modeling.gate` for ``model.generate``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from transformers import LogitsProcessor, PreTrainedTokenizerBase

from tlpo.integrations.rows import row_languages
from tlpo.modeling.gate import ScriptGate


class ConfusionLogitsProcessor(LogitsProcessor):
    """Masks tokens that hold a letter of a wrong script.

        gate = ConfusionLogitsProcessor(tokenizer, "ko", english="confusion", allow=["iPhone"])
        model.generate(**inputs, logits_processor=[gate])

    language: one code, or one for each prompt. english, also, allow, fragments: as in `ScriptGate`.

    Raises:
        UserError: an unknown language or option; while generating: languages do not fit the rows.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        language: str | Sequence[str],
        *,
        english: str = "neutral",
        also: Iterable[str] = (),
        allow: Iterable[str] = (),
        fragments: str = "allow",
    ) -> None:
        self._language = language
        codes = [language] if isinstance(language, str) else language
        self._gate = ScriptGate(tokenizer, codes, english=english, also=also, allow=allow, fragments=fragments)

    @property
    def banned(self) -> torch.Tensor:
        """What is masked: shape (languages, vocabulary), bool, in the order in which the languages were first named."""
        return self._gate.banned

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The scores with banned tokens at minus infinity. Both shapes (rows, ...); scores (rows, vocabulary)."""
        return self._gate.masked(scores, row_languages(self._language, scores.shape[0]))
