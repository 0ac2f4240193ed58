"""A package with a tiny GGUF file in it: a two-layer Llama of random float32 weights and a byte-level tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from tests.models import byte_level_tokenizer, tiny_model
from transformers import PreTrainedModel

from tlpo.modeling.gguf import GGUFModel
from tlpo.provenance import sha256_of

# Named so by the GGUF format; its rows are permuted for the query and key of Llama models.
_TENSORS = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def tiny_package(folder: Path, name: str = "tiny_gguf_package") -> tuple[GGUFModel, PreTrainedModel]:
    """Write the package into ``folder`` and return its description and the model whose weights it holds.

    Importing the package fails: it must only be located.
    """
    package = folder / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('must not be imported')\n", encoding="utf-8")
    model = tiny_model("llama")
    _write(package / "tiny.gguf", model)
    description = GGUFModel(
        name="tiny",
        extra="tiny",
        package=name,
        filename="tiny.gguf",
        sha256=sha256_of(package / "tiny.gguf"),
        license="mit",
    )
    return description, model


def _write(path: Path, model: PreTrainedModel) -> None:
    import gguf

    config = model.config
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config.vocab_size)
    tokenizer = byte_level_tokenizer()
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    special = set(tokenizer.all_special_ids)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([token for token, _ in vocabulary])
    writer.add_token_types([3 if number in special else 1 for _, number in vocabulary])
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    writer.add_token_merges([" ".join(merge) for merge in backend["model"]["merges"]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(0)
    writer.add_chat_template("{% for m in messages %}{{ m['content'] }}{% endfor %}")
    for key, value in model.state_dict().items():
        writer.add_tensor(_gguf_name(key), _permuted(key, value, config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _gguf_name(key: str) -> str:
    stem = key.removesuffix(".weight")
    if stem.startswith("model.layers."):
        _, _, layer, part = stem.split(".", 3)
        return f"blk.{layer}.{_TENSORS[part]}.weight"
    return f"{_TENSORS[stem]}.weight"


def _permuted(key: str, value: torch.Tensor, config: object) -> np.ndarray:
    if "q_proj" not in key and "k_proj" not in key:
        return value.numpy()
    heads = config.num_attention_heads if "q_proj" in key else config.num_key_value_heads  # type: ignore[attr-defined]
    halves = value.reshape(heads, 2, value.shape[0] // heads // 2, value.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(value.shape).numpy())
