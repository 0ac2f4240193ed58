"""The tokens of a vocabulary that leave a language by themselves, and those that probably do.

A token of a wrong script is wrong whatever stands around it. A word of another language of the same script may stand in
a name or a loan: whether it is wrong is for its continuation to tell, but as a candidate it is worth a try.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from tlpo.confusion import ConfusionDetector


Find = Callable[[Sequence[bytes], "ConfusionDetector"], Sequence[int]]
"""(bytes of each token id, detector) -> the ids that are meant."""


class TokenMasks:
    """Masks over the vocabulary, one for each language, each made when it is first asked for.

    Args:
        find: `confused_alone` or `foreign_words`.
        table: bytes of each token id.
        size: V, of the model's logits; ids beyond the table are no tokens, and not meant.
        detector_of: the detector of a language code.
        device: where the masks lie.
    """

    def __init__(
        self,
        find: Find,
        table: Sequence[bytes],
        size: int,
        detector_of: Callable[[str], ConfusionDetector],
        device: torch.device | str,
    ) -> None:
        self._find, self._table, self._size = find, table, size
        self._detector_of, self._device = detector_of, device
        self._masks: dict[str, Tensor] = {"": torch.zeros(size, dtype=torch.bool, device=device)}

    def of(self, languages: Sequence[str]) -> Tensor:
        """(P, V) bool: a row for each language code; none is meant in the language ``""``."""
        for language in languages:
            if language not in self._masks:
                found = torch.zeros(self._size, dtype=torch.bool)
                found[list(self._find(self._table[: self._size], self._detector_of(language)))] = True
                self._masks[language] = found.to(self._device)
        rows = [self._masks[language] for language in languages]
        return torch.stack(rows) if rows else self._masks[""].new_zeros(0, self._size)


def confused_alone(table: Sequence[bytes], detector: ConfusionDetector) -> list[int]:
    """The ids of the tokens that leave the language by themselves.

    A token that also holds a letter of the language is none of them, and so among languages of one script hardly any
    is. Bytes of an unfinished character say nothing yet. 50 to 100 microseconds a token.
    """

    @cache  # many tokens are there twice, with a blank before them and without
    def confused(text: str) -> bool:
        letters = any(map(str.isalpha, text)) and not detector.has_target_letter(text)
        return letters and detector.confusion_point(text) is not None

    return [token for token, piece in enumerate(table) if confused(piece.decode(errors="ignore").strip())]


def foreign_words(table: Sequence[bytes], detector: ConfusionDetector) -> list[int]:
    """The ids of tokens in the language's own script that begin a word which strict detection finds foreign."""
    strict = detector.strict()

    @cache
    def foreign(text: str) -> bool:
        return detector.has_target_letter(text) and strict.confusion_point(text) is not None

    return [token for token, piece in enumerate(table) if piece[:1] == b" " and foreign(piece.decode(errors="ignore"))]
