"""Tokens to characters, against plain decoding of the joined bytes and against the tokenizers' own decoders."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models import SENTENCES, byte_fallback_tokenizer, byte_level_tokenizer, tokenizer
from transformers import PreTrainedTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from tlpo.errors import UserError
from tlpo.modeling.alignment import TokenText, confusion_token, token_bytes

KINDS = ("byte_level", "byte_fallback")
TEXTS = (
    *SENTENCES,
    "뷁 쀍 ഒരു ภาษาไทย 👨‍👩‍👧‍👦🇰🇷 mixed текст",
    "  two blanks,\n\nlines\tand tabs ",
    "e\u0301 combining, 𝒳 astral, \u200b zero width, ü",
)

# 가 = EA B0 80, 나 = EB 82 98, 😀 = F0 9F 98 80
TABLE = [b"a", b"\xea\xb0", b"\x80\xeb", b"\x82\x98", b"", b"\xff", b"\xf0", b"\x9f", b"\x98", b"\x80", "나".encode()]


@pytest.mark.parametrize(
    ("ids", "text", "token_of_char"),
    [
        ([0, 1, 2, 3, 0], "a가나a", [0, 1, 2, 4]),  # the third token ends one character and begins the next
        ([0, 6, 7, 8, 9, 0], "a😀a", [0, 1, 5]),
        ([4, 0, 4, 4, 0], "aa", [1, 4]),  # tokens without bytes
        ([1, 4, 9], "가", [0]),  # a token without bytes inside a character
        ([5, 0], "\ufffda", [0, 1]),
        ([1, 0], "\ufffda", [0, 1]),  # a character broken off
        ([1, 10], "\ufffd나", [0, 1]),
        ([6, 7, 6, 7, 8, 9], "\ufffd😀", [0, 2]),  # broken off by another one's first byte
        ([9, 9], "\ufffd\ufffd", [0, 1]),
        ([0, 99], "a", [0]),  # an id beyond the tokenizer, as padded embeddings have
        ([], "", []),
    ],
)
def test_by_hand(ids: list[int], text: str, token_of_char: list[int]) -> None:
    found = TokenText(TABLE, ids)
    assert (found.text, found.token_of_char, found.ids) == (text, token_of_char, ids)
    assert found.finish() == ""


def test_an_unfinished_character_waits_and_is_flushed_at_the_end() -> None:
    found = TokenText(TABLE)
    assert [found.feed(token) for token in (0, 1, 2)] == ["a", "", "가"]
    assert (found.text, found.token_of_char) == ("a가", [0, 1])
    assert found.finish() == "\ufffd"
    assert (found.text, found.token_of_char) == ("a가\ufffd", [0, 1, 2])


def brute_force(pieces: list[bytes]) -> tuple[str, list[int]]:
    """Decode the joined bytes one character at a time and look up who brought each one's first byte."""
    data = b"".join(pieces)
    owner = [index for index, piece in enumerate(pieces) for _ in piece]
    text, tokens, place = "", [], 0
    while place < len(data):
        for length in (1, 2, 3, 4):
            try:
                character = data[place : place + length].decode()
                break
            except UnicodeDecodeError as error:
                character, broken = "\ufffd", error
        else:
            try:
                data[place:].decode()
            except UnicodeDecodeError as error:
                broken = error
            length = broken.end - broken.start
        text += character
        tokens.append(owner[place])
        place += length
    return text, tokens


byte_strings = st.one_of(
    st.binary(max_size=5),
    st.text(max_size=4).map(lambda text: text.encode("utf-8", "ignore")),
    st.sampled_from(
        [b"\xea\xb0", b"\x80\xeb", b"\x82\x98", b"\xf0\x9f", b"\xed\xa0\x80", b"\xed\xa0", b"\xc0", b"\xf5"]
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(byte_strings, max_size=8))
def test_any_pieces_agree_with_brute_force(pieces: list[bytes]) -> None:
    found = TokenText(pieces, range(len(pieces)))
    found.finish()
    assert (found.text, found.token_of_char) == brute_force(pieces)


@pytest.mark.parametrize(
    ("pieces", "tokens"),
    [
        ([b"\xed\xa0"], [0, 0]),  # half a surrogate: the decoder waits, then each byte is broken by itself
        ([b"\xed", b"\xa0", b"\x80"], [0, 1, 2]),
        ([b"\xf0", b"\x9f", b"a"], [0, 2]),  # one broken character, then the letter
        ([b"\xf0\x9f", b"\xf0\x9f\x98\x80"], [0, 1]),
    ],
)
def test_broken_bytes_belong_to_the_tokens_that_brought_them(pieces: list[bytes], tokens: list[int]) -> None:
    found = TokenText(pieces, range(len(pieces)))
    found.finish()
    assert found.token_of_char == tokens == brute_force(pieces)[1]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12), st.data())
def test_any_cut_of_any_text(text: str, data: st.DataObject) -> None:
    encoded = text.encode("utf-8", "ignore")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(encoded)), max_size=10)))
    edges = [0, *cuts, len(encoded)]
    pieces = [encoded[start:end] for start, end in itertools.pairwise(edges)]
    found = TokenText(pieces, range(len(pieces)))
    assert found.text == encoded.decode()
    for index, character in enumerate(found.text):
        start = len(found.text[:index].encode())
        owner = max(place for place, edge in enumerate(edges[:-1]) if edge <= start and pieces[place])
        assert found.token_of_char[index] == owner, character


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", TEXTS)
def test_real_text_agrees_with_the_tokenizer(kind: str, text: str) -> None:
    """``decode`` gives the text; the tokenizer's offsets say which tokens cover a character."""
    own = tokenizer(kind)
    encoding = own(text, add_special_tokens=False, return_offsets_mapping=True)
    found = TokenText(token_bytes(own), encoding.input_ids)
    assert found.text == own.decode(encoding.input_ids) == text
    for place in range(len(text)):
        covering = [i for i, (start, end) in enumerate(encoding.offset_mapping) if start <= place < end]
        assert found.token_of_char[place] == covering[0]


def test_byte_level_pieces_cut_across_characters() -> None:
    """The trained tokenizer really has tokens that end a character and begin the next; else the test above is weak."""
    table = token_bytes(tokenizer("byte_level"))
    ids = tokenizer("byte_level")(SENTENCES[0], add_special_tokens=False).input_ids
    crossing = [table[i] for i in ids if 0x80 <= table[i][0] < 0xC0 and any(byte >= 0xE0 for byte in table[i])]
    assert crossing
    assert sum(len(table[i]) == 1 for i in ids) > 5


def test_random_byte_level_ids_agree_with_decode() -> None:
    """Any sequence, broken characters included."""
    import random

    own, draw = tokenizer("byte_level"), random.Random(3)
    for _ in range(50):
        ids = [draw.randrange(len(own)) for _ in range(30)]
        found = TokenText(token_bytes(own), ids)
        found.finish()
        assert found.text == own.decode(ids, skip_special_tokens=True)


@pytest.mark.parametrize("make", [byte_level_tokenizer, byte_fallback_tokenizer])
def test_special_tokens_carry_nothing_and_added_ones_their_text(make: object) -> None:
    own = make()  # type: ignore[operator]
    own.add_tokens(["<think>", "형식", "\n\n"])
    own.add_special_tokens({"additional_special_tokens": ["<|image|>"]})
    table = token_bytes(own)
    assert len(table) == len(own)
    for token in ("<s>", "</s>", "<pad>", "<|image|>"):
        assert table[own.convert_tokens_to_ids(token)] == b""
    for token in ("<think>", "형식", "\n\n"):
        assert table[own.convert_tokens_to_ids(token)] == token.encode()
    ids = own("<s>a<think>b</s>형식").input_ids
    assert TokenText(table, ids).text == own.decode(ids, skip_special_tokens=True) == "a<think>b형식"


def test_runs_of_blanks_among_the_added_tokens() -> None:
    """Some vocabularies list "▁▁" and longer runs as added tokens, which the decoder makes blanks as elsewhere."""
    own = byte_fallback_tokenizer()
    own.add_tokens(["▁▁", "▁▁▁▁"])
    ids = [*own("a", add_special_tokens=False).input_ids, *own.convert_tokens_to_ids(["▁▁", "▁▁▁▁"])]
    assert TokenText(token_bytes(own), ids).text == own.decode(ids) == "a      "


def test_tokens_added_after_the_first_use_are_seen() -> None:
    own = byte_level_tokenizer()
    before = len(token_bytes(own))
    own.add_tokens(["<later>"])
    table = token_bytes(own)
    assert len(table) == before + 1
    assert table[-1] == b"<later>"


def test_confusion_token() -> None:
    found = TokenText(TABLE, [0, 1, 2, 3])
    assert [confusion_token(found.token_of_char, offset) for offset in range(3)] == [0, 1, 2]
    with pytest.raises(IndexError):
        confusion_token(found.token_of_char, 3)


def test_unfinished_bytes_are_handed_on() -> None:
    first = TokenText(TABLE, [0, 1])
    assert (first.text, first.pending) == ("a", b"\xea\xb0")
    second = TokenText(TABLE, [2, 3], pending=first.pending)
    assert (second.text, second.token_of_char, second.pending) == ("가나", [0, 0], b"")


class InPython(PreTrainedTokenizer):
    """A tokenizer without the library's backend, as models with code of their own bring; ``show`` makes the pieces."""

    def __init__(self, show: Callable[[bytes], Any], **names: Any) -> None:
        self._show, self._bytes = show, [bytes([byte]) for byte in range(256)] + ["나".encode(), b" a"]
        super().__init__(**names)

    @property
    def vocab_size(self) -> int:
        return len(self._bytes)

    def get_vocab(self) -> dict[str, int]:
        return {str(place): place for place in range(self.vocab_size)} | self.added_tokens_encoder

    def _tokenize(self, text: str, **kwargs: Any) -> list[Any]:
        return [self._show(bytes([byte])) for byte in text.encode()]

    def _convert_token_to_id(self, token: Any) -> int:
        return next(place for place, own in enumerate(self._bytes) if self._show(own) == token)

    def _convert_id_to_token(self, index: int) -> Any:
        return self._show(self._bytes[index])

    def _decode(self, token_ids: Any, *args: Any, **kwargs: Any) -> str:
        return b"".join(self._bytes[place] for place in token_ids if place < len(self._bytes)).decode(errors="replace")


def as_symbols(piece: bytes) -> str:
    """The printable stand-ins of byte-level pieces, from the library's own table."""
    return "".join(bytes_to_unicode()[byte] for byte in piece)


@pytest.mark.parametrize("show", [as_symbols, lambda piece: piece], ids=["symbols", "bytes"])
def test_a_tokenizer_written_in_python_is_read_as_it_decodes(show: Callable[[bytes], Any]) -> None:
    table = token_bytes(InPython(show, eos_token="</s>"))
    assert table == [*(bytes([byte]) for byte in range(256)), "나".encode(), b" a", b""]


def test_pieces_of_no_known_kind_are_refused() -> None:
    """Hexadecimal digits would pass for Latin letters, and every response for confused."""
    with pytest.raises(UserError, match=r"pieces \(InPython\) are neither byte-level nor texts"):
        token_bytes(InPython(lambda piece: piece.hex(), eos_token="</s>"))
