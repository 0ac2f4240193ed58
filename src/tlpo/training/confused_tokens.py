"""The tokens of a vocabulary that leave a language by themselves, whatever stands around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from tlpo.confusion import ConfusionDetector


class ConfusedTokens:
    """Masks over the vocabulary, one for each language, each made when it is first asked for.

    Args:
        table: bytes of each token id.
        size: V, of the model's logits; ids beyond the table are no tokens, and not confused.
        detector_of: the detector of a language code.
        device: where the masks lie.
    """

    def __init__(
        self,
        table: Sequence[bytes],
        size: int,
        detector_of: Callable[[str], ConfusionDetector],
        device: torch.device | str,
    ) -> None:
        self._table, self._size, self._detector_of, self._device = table, size, detector_of, device
        self._masks: dict[str, Tensor] = {"": torch.zeros(size, dtype=torch.bool, device=device)}

    def of(self, languages: Sequence[str]) -> Tensor:
        """(P, V) bool: a row for each language code; nothing is confused in the language ``""``."""
        for language in languages:
            if language not in self._masks:
                found = torch.zeros(self._size, dtype=torch.bool)
                found[confused_alone(self._table[: self._size], self._detector_of(language))] = True
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
