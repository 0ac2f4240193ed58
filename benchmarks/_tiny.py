"""A random model of two layers and a byte tokenizer, with which each program runs in seconds."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
)


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """256 byte tokens, ``<s>`` (256) before every text, ``</s>`` (257)."""
    symbols = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: number for number, symbol in enumerate([*symbols, "<s>", "</s>"])}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 256)])
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="</s>")


def tiny_model(seed: int = 0) -> Gemma3ForCausalLM:
    """Gemma 3 with one sliding and one full layer, tied embeddings, pronounced probabilities."""
    torch.manual_seed(seed)
    config = Gemma3TextConfig(
        vocab_size=258,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        query_pre_attn_scalar=8,
        sliding_window=64,
        layer_types=["sliding_attention", "full_attention"],
        max_position_embeddings=4096,
        initializer_range=0.35,
        tie_word_embeddings=True,
        bos_token_id=256,
        eos_token_id=257,
        pad_token_id=257,
    )
    return Gemma3ForCausalLM(config).eval()


def tiny_double_model(seed: int = 0) -> GPT2LMHeadModel:
    """GPT-2 in double precision: unlike the root-mean-square norms of later models, its norm stays in it throughout."""
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=258,
        n_embd=16,
        n_layer=2,
        n_head=2,
        n_positions=1024,
        initializer_range=0.35,
        bos_token_id=256,
        eos_token_id=257,
        pad_token_id=257,
    )
    return GPT2LMHeadModel(config).double().eval()
