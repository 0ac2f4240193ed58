"""Examples as token ids: exactly the prompt that a roll-out starts from, and the response as it was sampled.

TRL gets ids and never text: its own tokenisation would apply the chat template again, re-tokenise what was sampled, and
end responses that were cut.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlpo.data.encoding import encode_prompt, refuse_long
from tlpo.errors import at
from tlpo.modeling.alignment import TokenText, token_bytes
from tlpo.modeling.generation import end_token_ids

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tlpo.baselines.records import Example, Response
    from tlpo.loop.config import MethodConfig

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodedExample:
    """Token ids of a prompt, of the response to learn and, for pairs, of the one to unlearn."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int] | None = None


class ResponseEncoder:
    """Responses to token ids, ended where they ended.

    A response's own ids are taken if they spell its text in this tokenizer; else the text is encoded, without special
    tokens. A response that ended by itself gets the token that ends one, once; one that was cut gets none, and none is
    longer than ``max_new_tokens``.

    Attributes:
        reencoded: responses whose ids belong to another tokenizer.
        cut: responses that were too long.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, end: int | None, ends: frozenset[int], longest: int) -> None:
        self._tokenizer: Any = tokenizer
        self._end, self._ends, self._longest = end, ends, longest
        self._table = token_bytes(tokenizer)
        self.reencoded = self.cut = 0

    def __call__(self, response: Response) -> list[int]:
        """Its token ids, at least one."""
        ids = list(response.ids) if response.ids is not None else None
        if ids is not None and not self._spells(ids, response.text):
            self.reencoded += 1
            ids = None
        if ids is None:
            ids = list(self._tokenizer(response.text, add_special_tokens=False).input_ids)
        whole = response.finished in (None, "eos")
        if whole and self._end is not None and (not ids or ids[-1] not in self._ends):
            ids.append(self._end)
        if len(ids) > self._longest:
            self.cut += 1
        return ids[: self._longest]

    def _spells(self, ids: Sequence[int], text: str) -> bool:
        if not all(0 <= token < len(self._table) for token in ids):
            return False
        spelled = TokenText(self._table, list(ids))
        spelled.finish()
        return spelled.text == text


def encode_examples(
    examples: Sequence[Example],
    args: MethodConfig,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    room: int | None,
) -> list[EncodedExample]:
    """All examples as token ids. room: longest prompt, in tokens, that fits the context beside a response.

    Raises:
        UserError: naming the record: a prompt cannot be encoded or is too long.
    """
    ends = end_token_ids(model, tokenizer)
    encode = ResponseEncoder(tokenizer, end_of_response(tokenizer, ends), ends, args.max_new_tokens)
    encoded = []
    for example in examples:
        with at(example.where):
            prompt = encode_prompt(
                tokenizer,
                example.prompt,
                template=args.prompt_template,
                language=example.language,
                chat_template_kwargs=args.template_options,
            )
            refuse_long(prompt, room)
        rejected = None if example.rejected is None else encode(example.rejected)
        encoded.append(EncodedExample(prompt, encode(example.chosen), rejected))
    if encode.reencoded:
        logger.warning("the ids of %d responses spell other texts here: their texts are encoded", encode.reencoded)
    if encode.cut:
        logger.warning("%d responses have more than max_new_tokens %d: cut", encode.cut, args.max_new_tokens)
    return encoded


_MARK = "Zqx"  # stands for a response; no chat template writes it


def end_of_response(tokenizer: PreTrainedTokenizerBase, ends: frozenset[int]) -> int | None:
    """The token that ends a whole response: in a chat what the chat template puts after one, else the EOS."""
    if getattr(tokenizer, "chat_template", None):
        own: Any = tokenizer
        turns = [{"role": "user", "content": _MARK}, {"role": "assistant", "content": _MARK}]
        rendered = own.apply_chat_template(turns, tokenize=False)
        after = rendered[rendered.rindex(_MARK) + len(_MARK) :]
        for token in own(after, add_special_tokens=False).input_ids:
            if token in ends:
                return int(token)
    return None if tokenizer.eos_token_id is None else int(tokenizer.eos_token_id)
