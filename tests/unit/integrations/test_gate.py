"""The gate on a byte-level vocabulary with whole words in it."""

from __future__ import annotations

import pytest
import torch
from tests.models import byte_level_tokenizer, tiny_model
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from tlpo.errors import UserError
from tlpo.integrations import ConfusionLogitsProcessor
from tlpo.modeling.gate import token_texts

WORDS = ["서울", "中文", "かな", "мир", "hello", "iPhone", "été", "αβ", "123", "!?", "सच", "سلام"]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2000,
        min_frequency=1,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator([word for word in WORDS for _ in range(3)], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="</s>")


def passing(gate: ConfusionLogitsProcessor, tokenizer: PreTrainedTokenizerFast, row: int = 0) -> list[str]:
    ids = {word: tokenizer(word, add_special_tokens=False)["input_ids"] for word in WORDS}
    assert all(len(found) == 1 for found in ids.values())
    return [word for word in WORDS if not gate.banned[row, ids[word][0]]]


@pytest.mark.parametrize(
    ("language", "english", "expected"),
    [
        ("ko", "neutral", ["서울", "hello", "iPhone", "été", "123", "!?"]),
        ("ko", "confusion", ["서울", "123", "!?"]),
        ("ja", "confusion", ["中文", "かな", "123", "!?"]),
        ("zh", "confusion", ["中文", "123", "!?"]),
        ("fr", "confusion", ["hello", "iPhone", "été", "123", "!?"]),
        ("ru", "confusion", ["мир", "123", "!?"]),
        ("el", "confusion", ["αβ", "123", "!?"]),
    ],
)
def test_tokens_with_a_letter_of_a_wrong_script_are_masked(
    tokenizer: PreTrainedTokenizerFast, language: str, english: str, expected: list[str]
) -> None:
    gate = ConfusionLogitsProcessor(tokenizer, language, english=english)
    assert passing(gate, tokenizer) == expected


def test_special_tokens_and_fragments_of_characters_pass(tokenizer: PreTrainedTokenizerFast) -> None:
    gate = ConfusionLogitsProcessor(tokenizer, "ko", english="confusion")
    fragments = [token for token, text in enumerate(token_texts(tokenizer)) if set(text) == {"�"}]
    assert len(fragments) > 100
    assert not gate.banned[0, [*fragments, tokenizer.bos_token_id, tokenizer.eos_token_id]].any()
    strict = ConfusionLogitsProcessor(tokenizer, "ko", english="confusion", fragments="block")
    assert strict.banned[0, fragments].all()
    assert not strict.banned[0, tokenizer.eos_token_id]


def test_turn_markers_pass_though_the_tokenizer_has_no_name_for_them() -> None:
    """As in Gemma 3, where they are special, and in Qwen 3, where those of reasoning are not."""
    own = byte_level_tokenizer()
    own.add_special_tokens({"additional_special_tokens": ["<end_of_turn>"]})
    own.add_tokens([AddedToken("<start_of_turn>", special=True), AddedToken("</think>"), AddedToken("<strong>")])
    gate = ConfusionLogitsProcessor(own, "ko", english="confusion")
    markers = ["<end_of_turn>", "<start_of_turn>", "</think>", "<strong>"]
    found = dict(zip(markers, gate.banned[0, own.convert_tokens_to_ids(markers)].tolist(), strict=True))
    assert found == {"<end_of_turn>": False, "<start_of_turn>": False, "</think>": False, "<strong>": True}


def test_a_wrong_letter_beside_a_fragment_is_masked() -> None:
    """Learned merges may join whole characters with pieces of others."""
    own = byte_level_tokenizer()
    mixed = [token for token, text in enumerate(token_texts(own)) if "�" in text and any(c.isalpha() for c in text)]
    assert any("が" in token_texts(own)[token] for token in mixed)
    gate = ConfusionLogitsProcessor(own, "ko", english="confusion")
    for token in mixed:
        hangul = all("가" <= c <= "힣" for c in token_texts(own)[token] if c.isalpha())
        assert gate.banned[0, token] == (not hangul), token_texts(own)[token]


def test_allowed_terms_and_further_languages_pass(tokenizer: PreTrainedTokenizerFast) -> None:
    gate = ConfusionLogitsProcessor(tokenizer, "ko", english="confusion", allow=["iphone"], also="zh")
    assert passing(gate, tokenizer) == ["서울", "中文", "iPhone", "123", "!?"]


def test_each_row_has_its_own_language(tokenizer: PreTrainedTokenizerFast) -> None:
    gate = ConfusionLogitsProcessor(tokenizer, ["ko", "ru", "ko"], english="confusion", allow=(w for w in ["iPhone"]))
    assert gate.banned.shape == (2, len(tokenizer))
    korean, russian, neither = (
        tokenizer(word, add_special_tokens=False)["input_ids"][0] for word in ("서울", "мир", "中文")
    )
    assert "iPhone" in passing(gate, tokenizer, 1)
    scores = torch.zeros(6, len(tokenizer) + 5)  # two sequences a prompt; a padded vocabulary
    masked = gate(torch.zeros(6, 1, dtype=torch.long), scores)
    assert masked[:, korean].isinf().tolist() == [False, False, True, True, False, False]
    assert masked[:, russian].isinf().tolist() == [True, True, False, False, True, True]
    assert masked[:, neither].isinf().all()
    assert not masked[:, -5:].isinf().any()
    assert not scores.isinf().any()  # the scores passed in are left alone


def test_generation_writes_no_wrong_script(tokenizer: PreTrainedTokenizerFast) -> None:
    gate = ConfusionLogitsProcessor(tokenizer, "ko", english="confusion", fragments="block")
    inputs = torch.zeros(4, 1, dtype=torch.long)
    output = tiny_model(vocab_size=len(tokenizer)).generate(
        input_ids=inputs,
        attention_mask=torch.ones_like(inputs),
        max_new_tokens=20,
        do_sample=True,
        eos_token_id=1,
        pad_token_id=1,
        logits_processor=[gate],
    )
    text = tokenizer.decode(output.flatten().tolist(), skip_special_tokens=True)
    assert text
    assert not any(character.isalpha() and not "가" <= character <= "힣" for character in text)


def test_bad_options_are_told(tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(UserError, match="english is"):
        ConfusionLogitsProcessor(tokenizer, "ko", english="ignore")
    with pytest.raises(UserError, match="fragments is"):
        ConfusionLogitsProcessor(tokenizer, "ko", fragments="drop")
    gate = ConfusionLogitsProcessor(tokenizer, ["ko", "zh"])
    with pytest.raises(UserError, match="2 languages for 3 rows"):
        gate(torch.zeros(3, 1, dtype=torch.long), torch.zeros(3, len(tokenizer)))
