"""Stop a row of ``model.generate`` where it leaves its language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase, StoppingCriteria

from tlpo.confusion import ConfusionDetector
from tlpo.errors import UserError
from tlpo.integrations.rows import row_languages

_LONGEST_CHARACTER = 8  # tokens; after so many without readable text the rest is taken as it is


class ConfusionStoppingCriteria(StoppingCriteria):
    """Ends each row as soon as its confusion is certain, whatever might follow.

        stop = ConfusionStoppingCriteria(tokenizer, "ko")
        model.generate(**inputs, stopping_criteria=[stop])
        stop.confusion_points   # one offset a row into its response, or None

    tokenizer: decodes the responses; special tokens are skipped. language: one code, or one for each prompt.
    prompt_length: tokens of the (padded) prompts, for generation of several tokens at a time (assisted decoding);
    None takes what stands before the first generated token, and one token at a time.
    options: of `ConfusionDetector` (english, also, allow, ...).

    The response is read once. One object serves one ``generate`` call after the other (with the same
    ``prompt_length``, if it is given), the turns of a chat among them, and no beam search, which reorders rows.

    Raises:
        UserError: an unknown language or option; while generating: languages do not fit the rows, or rows moved.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        language: str | Sequence[str],
        *,
        prompt_length: int | None = None,
        **options: Any,
    ) -> None:
        self._tokenizer, self._language, self._prompt_length = tokenizer, language, prompt_length
        codes = {language} if isinstance(language, str) else set(language)
        self._detectors = {code: ConfusionDetector(code, **options) for code in codes}
        self._rows: list[_Row] = []
        self._seen: torch.Tensor | None = None

    @property
    def confusion_points(self) -> list[int | None]:
        """For each row of the last call, the character offset into its response where it was stopped, or None."""
        return [row.point for row in self._rows]

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        """Which rows are done. input_ids: shape (rows, tokens), prompt included. Returns shape (rows,), bool."""
        start = self._new_from(input_ids)
        for row, ids in zip(self._rows, input_ids[:, start:].tolist(), strict=True):
            row.take(ids)
        self._seen = input_ids.clone()
        return torch.tensor([row.point is not None for row in self._rows], device=input_ids.device)

    def _new_from(self, input_ids: torch.Tensor) -> int:
        """The first token not taken yet; begins anew if this is another ``generate`` call."""
        rows, length = input_ids.shape
        seen, alone = self._seen, self._prompt_length is None
        # The next turn of a chat begins with the last one as well, but with more than one further token.
        if seen is not None and seen.shape[0] == rows and (seen.shape[1] == length - 1 or not alone):
            if torch.equal(input_ids[:, : seen.shape[1]], seen.to(input_ids.device)):
                return seen.shape[1]
            if alone:
                raise UserError(
                    "rows moved between two tokens: ConfusionStoppingCriteria cannot be used with beam search"
                )
        languages = row_languages(self._language, rows)
        self._rows = [_Row(self._tokenizer, self._detectors[code]) for code in languages]
        return length - 1 if self._prompt_length is None else self._prompt_length


class _Row:
    """The text of one row, as far as its tokens spell whole characters, and the detector that reads it."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, detector: ConfusionDetector) -> None:
        self._tokenizer, self._stream = tokenizer, detector.stream()
        self._ids: list[int] = []
        # Tokens before `_read` have been read; decoding starts at `_context` since blanks depend on the token before.
        self._context = self._read = 0
        self.point: int | None = None

    def take(self, ids: list[int]) -> None:
        """Read further tokens."""
        for token in ids:
            if self.point is None:
                self._ids.append(token)
                self.point = self._stream.feed(self._readable())

    def _readable(self) -> str:
        """The text that the last tokens add; "" while they end inside a character."""
        before = self._decode(self._ids[self._context : self._read])
        now = self._decode(self._ids[self._context :])
        unfinished = now.endswith("�") and len(self._ids) - self._read < _LONGEST_CHARACTER
        if unfinished or len(now) <= len(before):
            return ""
        self._context, self._read = self._read, len(self._ids)
        return now[len(before) :]

    def _decode(self, ids: list[int]) -> str:
        text = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text if isinstance(text, str) else "".join(text)
