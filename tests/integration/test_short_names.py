"""The two models with short names: converted as they are in their packages, and able to write a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tlpo.data import encode_prompt
from tlpo.modeling.cache import is_whole
from tlpo.modeling.gguf import GGUF_MODELS

pytestmark = [pytest.mark.slow, pytest.mark.real_model]

Load = Callable[[str], tuple[Any, Any]]


def answer(model: Any, tokenizer: Any, ids: list[int], count: int) -> str:
    tokens = torch.tensor([ids])
    with torch.inference_mode():
        written = model.generate(tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=count, do_sample=False)
    return str(tokenizer.decode(written[0, len(ids) :], skip_special_tokens=True))


@pytest.mark.parametrize("name", GGUF_MODELS)
def test_the_cached_folder_is_whole(real_model: Load, name: str) -> None:
    real_model(name)
    assert is_whole(GGUF_MODELS[name].folder, GGUF_MODELS[name].origin, hashes=True)


def test_gemma_answers_in_korean(real_model: Load) -> None:
    model, tokenizer = real_model("gemma-3-270m")
    ids = encode_prompt(tokenizer, "대한민국의 수도는 어디인가요?", language="ko")
    assert tokenizer.decode(ids) == "<bos>질문: 대한민국의 수도는 어디인가요?\n답변:"
    assert "서울" in answer(model, tokenizer, ids, 16)


def test_smollm2_answers_through_its_chat_template(real_model: Load) -> None:
    model, tokenizer = real_model("smollm2-135m-instruct")
    ids = encode_prompt(tokenizer, "What is the capital of France?", language="en")
    assert tokenizer.decode(ids) == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert "Paris" in answer(model, tokenizer, ids, 16)


@pytest.mark.parametrize("name", GGUF_MODELS)
@pytest.mark.parametrize(
    "text",
    ["In 2024, 15 people.", "  two  spaces\n\n\n\tand a tab", "한국어와 日本語, عربى!", "naïve café 👍🏽", "don't"],
)
def test_the_tokenizers_give_every_text_back(real_model: Load, name: str, text: str) -> None:
    tokenizer = real_model(name)[1]
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids) == text
