"""Tiny random models of every architecture family, and small real tokenizers trained on the spot.

Two tokenizers, of the two kinds in use: byte-level BPE (Llama 3, Qwen, GPT-2) and BPE on metaspaces with byte fallback
(Gemma, Mistral). Both learn from a few sentences only, so that most Hangul, emoji and rare letters split into
several byte pieces.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from functools import lru_cache
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers import models as backends
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

ARCHITECTURES = ("llama", "qwen2", "qwen3", "gemma3", "mistral", "gpt2")
_LINEAR = {"linear_num_key_heads": 1, "linear_num_value_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8}
_MAMBA = {"mamba_d_ssm": 16, "mamba_n_heads": 2, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_chunk_size": 16}
_MIXED: dict[str, dict[str, Any]] = {
    "qwen3_5_text": {"layer_types": ["linear_attention", "full_attention"], **_LINEAR},
    "lfm2": {"layer_types": ["conv", "full_attention"], "block_auto_adjust_ff_dim": False},
    "falcon_h1": _MAMBA,
    "gemma4_text": {
        "layer_types": ["sliding_attention", "full_attention"],
        "sliding_window": 8,
        "global_head_dim": 16,
        "vocab_size_per_layer_input": 480,
        "hidden_size_per_layer_input": 8,
    },
}
MIXED = tuple(_MIXED)
"""Models whose layers are not all alike: linear attention, convolutions or state spaces beside it, other heads."""
SLIDING_WINDOW = 8
"""Of the tiny Gemma 3: shorter than the tests' sequences, so that its sliding layers forget."""

SENTENCES = (
    "오늘은 날씨가 좋아서 친구와 함께 공원에 갔어요. 김치찌개는 맛있는 음식입니다.",
    "한국어를 배우는 것은 재미있지만 조금 어려워요. 서울은 큰 도시입니다.",
    "저는 아침에 커피를 마시고 책을 읽습니다. 내일은 비가 올 것 같아요.",
    "The weather is nice today, so we walked to the park with our friends.",
    "Сегодня хорошая погода, поэтому мы пошли в парк с друзьями.",
    "今日は天気がいいので、友達と公園に行きました。漢字も書きます。",
    "今天天气很好，我们和朋友一起去了公园。",
    "الطقس جميل اليوم، لذلك ذهبنا إلى الحديقة مع الأصدقاء.",
    "Le café était très bon, même à l'heure où naïve Zoë partait 😀👍🏽.",
)
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|turn|>{{ message['role'] }}\n{{ message['content'] }}<|end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
)
_MARKERS = ["<pad>", "<s>", "</s>", "<|turn|>", "<|end|>"]


def byte_level_tokenizer(merges: int = 219) -> PreTrainedTokenizerFast:
    """Byte-level BPE of 480 tokens; every character outside ASCII is two or more symbols to begin with."""
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    words = [list(word) for sentence in SENTENCES for word, _ in splitter.pre_tokenize_str(sentence)]
    symbols = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(_learned(words, symbols, merges))
    backend.pre_tokenizer = splitter
    backend.decoder = decoders.ByteLevel()
    return _wrapped(backend)


def byte_fallback_tokenizer(characters: int = 170, merges: int = 49) -> PreTrainedTokenizerFast:
    """BPE on metaspaces, 480 tokens; all but the most frequent characters fall back to ``<0x..>`` pieces."""
    texts = [sentence.replace(" ", "▁") for sentence in SENTENCES]
    counts = Counter("".join(texts))
    known = sorted(counts, key=lambda character: (-counts[character], character))[:characters]
    words = [[c for c in word if c in known] for text in texts for word in re.findall("▁?[^▁]+", text)]
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    backend = Tokenizer(_learned(words, [*bytes_, *known], merges, byte_fallback=True))
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return _wrapped(backend)


def _learned(words: list[list[str]], symbols: list[str], merges: int, **options: Any) -> backends.BPE:
    """The most frequent pair joined again and again. The library's own trainer breaks ties by chance, which would give
    each process of a test another vocabulary."""
    vocabulary = {token: place for place, token in enumerate([*_MARKERS, *symbols])}
    learned: list[tuple[str, str]] = []
    while len(learned) < merges:
        pairs = Counter(pair for word in words for pair in itertools.pairwise(word))
        left, right = max(pairs, key=lambda pair: (pairs[pair], pair))
        learned.append((left, right))
        vocabulary.setdefault(left + right, len(vocabulary))
        words = [_joined(word, left, right) for word in words]
    return backends.BPE(vocab=vocabulary, merges=learned, **options)


def _joined(word: list[str], left: str, right: str) -> list[str]:
    joined: list[str] = []
    for symbol in word:
        if joined and symbol == right and joined[-1] == left:
            joined[-1] = left + right
        else:
            joined.append(symbol)
    return joined


def _wrapped(backend: Tokenizer) -> PreTrainedTokenizerFast:
    backend.add_special_tokens(_MARKERS)
    assert backend.get_vocab_size() == 480
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        additional_special_tokens=["<|turn|>", "<|end|>"],
        clean_up_tokenization_spaces=False,
    )


@lru_cache(maxsize=2)
def tokenizer(kind: str = "byte_level") -> PreTrainedTokenizerFast:
    """The shared instance of one kind: ``byte_level`` or ``byte_fallback``; do not change it."""
    return byte_level_tokenizer() if kind == "byte_level" else byte_fallback_tokenizer()


def chat_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level tokenizer with a chat template that writes the BOS itself."""
    fresh = byte_level_tokenizer()
    fresh.chat_template = CHAT_TEMPLATE
    return fresh


def tiny_model(
    architecture: str = "llama",
    *,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    vocab_size: int = 480,
    dropout: float = 0.0,
    context: int = 512,
) -> PreTrainedModel:
    """A model of some twenty thousand random parameters, with weights large enough for pronounced probabilities."""
    torch.manual_seed(seed)
    common: dict[str, Any] = {
        "vocab_size": vocab_size,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": context,
        "initializer_range": 0.35,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "attention_dropout": dropout,
        "tie_word_embeddings": False,
    }
    model: PreTrainedModel
    if architecture == "llama":
        model = LlamaForCausalLM(LlamaConfig(**common))
    elif architecture == "qwen2":
        model = Qwen2ForCausalLM(Qwen2Config(**common))
    elif architecture == "qwen3":
        model = Qwen3ForCausalLM(Qwen3Config(**common, head_dim=8))
    elif architecture == "mistral":
        model = MistralForCausalLM(MistralConfig(**common, head_dim=8, sliding_window=SLIDING_WINDOW))
    elif architecture == "gemma3":
        layers = ["sliding_attention", "full_attention"]
        common["tie_word_embeddings"] = True
        model = Gemma3ForCausalLM(
            Gemma3TextConfig(
                **common, head_dim=8, query_pre_attn_scalar=8, sliding_window=SLIDING_WINDOW, layer_types=layers
            )
        )
    elif architecture == "gpt2":
        model = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=vocab_size,
                n_embd=16,
                n_layer=2,
                n_head=2,
                n_positions=context,
                initializer_range=0.35,
                bos_token_id=1,
                eos_token_id=2,
                pad_token_id=0,
                resid_pdrop=dropout,
                embd_pdrop=dropout,
                attn_pdrop=dropout,
            )
        )
    elif architecture in MIXED:
        model = AutoModelForCausalLM.from_config(
            AutoConfig.for_model(architecture, **common, head_dim=8, **_MIXED[architecture])
        )
    else:
        raise ValueError(architecture)
    return model.to(dtype).eval()


def ragged_prompts(count: int, *, longest: int = 24, seed: int = 0, vocab_size: int = 480) -> list[list[int]]:
    """Prompts of random tokens (special ones aside) and of mixed lengths, each at least two tokens long."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(2, longest + 1, (count,), generator=generator).tolist()
    return [torch.randint(len(_MARKERS), vocab_size, (n,), generator=generator).tolist() for n in lengths]
