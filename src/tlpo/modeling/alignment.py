"""From token ids to text and back, without ever re-tokenising: which token carries which character.

A tokenizer's ``decode`` answers this badly: byte pieces decode to replacement characters, one character may span
several tokens, and one token may end a character and begin the next. Here every token is a string of bytes, the bytes
go through an incremental UTF-8 decoder, and each character remembers the first token that carried one of its bytes.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from tlpo.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_WORD_BOUNDARY = "▁"
_PROBE = "Hello there, 안녕하세요! Привет, 日本語 été 12"
_tables: WeakKeyDictionary[PreTrainedTokenizerBase, list[bytes]] = WeakKeyDictionary()


@lru_cache(maxsize=1)
def _byte_of_symbol() -> dict[str, int]:
    """The printable stand-ins that byte-level BPE (GPT-2 and its heirs) writes for the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    symbols = {chr(byte): byte for byte in printable}
    return symbols | {chr(256 + place): byte for place, byte in enumerate(others)}


def _is_byte_level(tokenizer: PreTrainedTokenizerBase) -> bool:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return False
    decoder = json.dumps(json.loads(backend.to_str()).get("decoder") or {})
    return '"ByteLevel"' in decoder


def _piece_bytes(token: str, byte_level: bool) -> bytes:
    if byte_level:
        table = _byte_of_symbol()
        if all(symbol in table for symbol in token):
            return bytes(table[symbol] for symbol in token)
        return token.encode("utf-8", "surrogatepass")
    if match := _BYTE_TOKEN.fullmatch(token):
        return bytes([int(match.group(1), 16)])
    return token.replace(_WORD_BOUNDARY, " ").encode("utf-8", "surrogatepass")


def token_bytes(tokenizer: PreTrainedTokenizerBase) -> list[bytes]:
    """The bytes each vocabulary id stands for, computed once per tokenizer (again if tokens are added to it).

    Special tokens (end of sequence, turn markers) carry no bytes. Added tokens stand for their own text, in which the
    mark of a blank is a blank too (some vocabularies list runs of it there), except among byte-level pieces. Ids that
    the tokenizer does not know (a padded embedding matrix) are not in the list; treat them as empty.

    Returns:
        list of length ``len(tokenizer)``.

    Raises:
        UserError: the tokenizer decodes to other texts than the bytes read here.
    """
    if len(_tables.get(tokenizer, ())) != len(tokenizer):
        likely = _is_byte_level(tokenizer)
        for byte_level in (likely, not likely):  # a tokenizer written in Python does not say which
            table = _read_as(tokenizer, byte_level)
            if _agrees(table, tokenizer):
                break
        else:
            raise UserError(
                f"the tokenizer's pieces ({type(tokenizer).__name__}) are neither byte-level nor texts with blanks as "
                f"'{_WORD_BOUNDARY}', so its tokens cannot be found in its texts: use a model with one of these kinds"
            )
        _tables[tokenizer] = table
    return _tables[tokenizer]


def _read_as(tokenizer: PreTrainedTokenizerBase, byte_level: bool) -> list[bytes]:
    special, added = special_ids(tokenizer), tokenizer.added_tokens_decoder
    pieces: Any = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    table = []
    for token_id, token in enumerate(pieces):
        if token_id in special or token is None:
            table.append(b"")
        elif isinstance(token, bytes):  # as tokenizers on top of tiktoken have them
            table.append(token)
        elif token_id in added and byte_level:
            table.append(token.encode())
        else:
            table.append(_piece_bytes(token, byte_level))
    return table


def _agrees(table: Sequence[bytes], tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the bytes of a few words are what the tokenizer itself decodes their ids to, blanks aside."""
    ids = tokenizer(_PROBE, add_special_tokens=False)["input_ids"]
    read = b"".join(table[token_id] for token_id in ids).decode(errors="replace")
    decoded = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return "".join(read.split()) == "".join(str(decoded).split())


def special_ids(tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """The ids of special tokens: those with a name, such as the end, and what else is marked so, such as turns."""
    marked = {token for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    return {*tokenizer.all_special_ids, *marked}


class TokenText:
    """Text of a growing token sequence, with the first token of every character.

    Feeding is linear in the number of bytes. Invalid bytes become U+FFFD, as in any lenient decoder.

    Attributes:
        ids: the tokens fed so far.
        text: the complete characters so far; bytes of an unfinished character wait for the next token.
        token_of_char: for each character of ``text`` the index into ``ids`` of the first token that carries part of it.

    ``pending`` are the first bytes of a character that an earlier sequence left unfinished (see :attr:`pending`).
    """

    def __init__(self, table: Sequence[bytes], ids: Iterable[int] = (), *, pending: bytes = b"") -> None:
        self._table = table
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._waiting: list[int] = []  # the token of each byte of the unfinished character
        self._pieces: list[str] = []
        self.ids: list[int] = []
        self.token_of_char: list[int] = []
        self._decode(pending, 0)
        for token_id in ids:
            self.feed(token_id)

    @property
    def text(self) -> str:
        """The complete characters so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @property
    def pending(self) -> bytes:
        """The first bytes of a character that the tokens so far leave unfinished."""
        return self._decoder.getstate()[0]

    def feed(self, token_id: int) -> str:
        """Append one token; return the characters it completed (maybe none)."""
        index = len(self.ids)
        self.ids.append(token_id)
        piece = self._table[token_id] if token_id < len(self._table) else b""
        return self._decode(piece, index)

    def finish(self) -> str:
        """Flush an unfinished character as U+FFFD; return what was added."""
        return self._decode(b"", len(self.ids), final=True)

    def _decode(self, piece: bytes, index: int, final: bool = False) -> str:
        added = []
        for place in range(len(piece)):
            # Byte by byte, so that a character's first byte is known also when one token holds parts of two characters.
            self._waiting.append(index)
            added.append(self._append(self._decoder.decode(piece[place : place + 1])))
        if final:
            added.append(self._append(self._decoder.decode(b"", final=True)))
        return "".join(added)

    def _append(self, characters: str) -> str:
        """Note which token each new character begins in."""
        if characters:
            taken = len(self._waiting) - len(self.pending)
            owners, self._waiting = self._waiting[:taken], self._waiting[taken:]
            if len(characters) < taken:  # one character of several bytes, or U+FFFD for them and then the last byte
                owners = [owners[0], owners[-1]][: len(characters)]
            self.token_of_char.extend(owners)
            self._pieces.append(characters)
        return characters


def confusion_token(token_of_char: Sequence[int], confusion_point: int) -> int:
    """Index of the first token that carries part of the character at ``confusion_point`` (a character offset).

    Raises:
        IndexError: if the offset lies outside the text.
    """
    return token_of_char[confusion_point]
