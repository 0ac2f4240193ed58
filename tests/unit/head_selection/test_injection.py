"""Injection against a forward pass written out by hand, and in every way that a prompt can reach a model."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from tests.models import ARCHITECTURES, tiny_model
from torch import Tensor
from torch.nn import functional

from tlpo.errors import UserError
from tlpo.head_selection.injection import Injection
from tlpo.head_selection.structure import attention_outputs

PROMPT = [7, 11, 23, 42, 19]
LAYERS, HEADS, WIDTH = 2, 2, 8


def task(seed: int = 0, rows: int = 1) -> tuple[Tensor, Tensor]:
    """A random embedding (rows, L, H, d) and alpha (rows, L, H) in (0, 1)."""
    generator = torch.Generator().manual_seed(seed)
    embedding = torch.randn(rows, LAYERS, HEADS, WIDTH, generator=generator)
    return embedding, torch.rand(rows, LAYERS, HEADS, generator=generator)


def injected(model: Any, embedding: Tensor, alpha: Tensor, positions: Tensor | None = None) -> Injection:
    return Injection(model, attention_outputs(model), embedding, alpha, positions)


def by_hand(model: Any, ids: list[int], embedding: Tensor, alpha: Tensor) -> Tensor:
    """The tiny Llama, written out: logits (len(ids), V) with o <- (1 - alpha) o + alpha t at the last token."""
    weights = {name: value.double() for name, value in model.state_dict().items()}
    length = len(ids)

    def norm(x: Tensor, name: str) -> Tensor:
        return x / (x.pow(2).mean(-1, keepdim=True) + model.config.rms_norm_eps).sqrt() * weights[name]

    frequencies = 10000.0 ** (-torch.arange(0, WIDTH, 2).double() / WIDTH)
    angles = torch.arange(length).double()[:, None] * torch.cat([frequencies, frequencies])

    def rotated(x: Tensor) -> Tensor:  # (T, heads, d)
        half = torch.cat([-x[..., WIDTH // 2 :], x[..., : WIDTH // 2]], dim=-1)
        return x * angles.cos()[:, None] + half * angles.sin()[:, None]

    x = weights["model.embed_tokens.weight"][ids]
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        h = norm(x, prefix + "input_layernorm.weight")
        q, k, v = (h @ weights[f"{prefix}self_attn.{name}_proj.weight"].T for name in "qkv")
        q, k, v = rotated(q.view(length, HEADS, WIDTH)), rotated(k.view(length, 1, WIDTH)), v.view(length, 1, WIDTH)
        written = torch.zeros(length, HEADS, WIDTH, dtype=torch.float64)
        for head in range(HEADS):
            for at in range(length):
                scores = (k[: at + 1, 0] @ q[at, head]) / math.sqrt(WIDTH)
                written[at, head] = scores.softmax(0) @ v[: at + 1, 0]
            share = alpha[layer, head].double()
            written[-1, head] = (1 - share) * written[-1, head] + share * embedding[layer, head].double()
        x = x + written.view(length, -1) @ weights[prefix + "self_attn.o_proj.weight"].T
        h = norm(x, prefix + "post_attention_layernorm.weight")
        gate, up = (h @ weights[f"{prefix}mlp.{name}_proj.weight"].T for name in ("gate", "up"))
        x = x + (functional.silu(gate) * up) @ weights[prefix + "mlp.down_proj.weight"].T
    return norm(x, "model.norm.weight") @ weights["lm_head.weight"].T


def test_the_forward_pass_written_by_hand() -> None:
    model = tiny_model("llama", dtype=torch.float64)
    embedding, alpha = task()
    with torch.no_grad(), injected(model, embedding, alpha):
        logits = model(torch.tensor([PROMPT])).logits[0]
    torch.testing.assert_close(logits, by_hand(model, PROMPT, embedding[0], alpha[0]), rtol=0, atol=5e-6)
    with torch.no_grad():
        bare = model(torch.tensor([PROMPT])).logits[0]
    torch.testing.assert_close(bare, by_hand(model, PROMPT, embedding[0], alpha[0] * 0), rtol=0, atol=5e-6)
    assert (logits[-1] - bare[-1]).abs().max() > 0.1
    assert torch.equal(logits[:-1], bare[:-1])


def test_gradients_of_alpha_against_finite_differences() -> None:
    model = tiny_model("gpt2", dtype=torch.float64).requires_grad_(False)  # the others' norms compute in float32
    embedding, alpha = task()
    ids = torch.tensor([PROMPT])

    def loss(values: Tensor) -> Tensor:
        with injected(model, embedding, values):
            return model(ids).logits[0, -1].log_softmax(-1)[100]

    assert torch.autograd.gradcheck(loss, (alpha.double().requires_grad_(),), eps=1e-5, atol=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_alpha_zero_is_the_bare_model_bit_for_bit(architecture: str, dtype: torch.dtype) -> None:
    model = tiny_model(architecture, dtype=dtype)
    ids = torch.tensor([PROMPT, PROMPT[::-1]])
    with torch.no_grad():
        bare = model(ids).logits
        with injected(model, task()[0], torch.zeros(1, LAYERS, HEADS)):
            assert torch.equal(model(ids).logits, bare)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_alpha_one_makes_the_last_token_s_heads_the_embedding(architecture: str) -> None:
    model = tiny_model(architecture)
    embedding, _ = task()
    seen: list[Tensor] = []
    outputs = attention_outputs(model)
    with torch.no_grad(), injected(model, embedding, torch.ones(1, LAYERS, HEADS)):
        # registered after the injection's own hooks, so that it sees what the projection gets
        handles = [o.module.register_forward_pre_hook(lambda _, args: seen.append(args[0])) for o in outputs]
        model(torch.tensor([PROMPT]))
        [handle.remove() for handle in handles]
    assert torch.equal(torch.stack([x[0, -1] for x in seen]), embedding[0].flatten(1))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_padding_on_either_side(architecture: str) -> None:
    model = tiny_model(architecture)
    embedding, alpha = task()
    short = PROMPT[:3]
    ids = torch.tensor([PROMPT, [0, 0, *short], [*short, 0, 0]])
    mask = torch.tensor([[1] * 5, [0, 0, 1, 1, 1], [1, 1, 1, 0, 0]])
    positions = (mask.cumsum(-1) - 1).clamp_min(0)
    with torch.no_grad(), injected(model, embedding, alpha):
        padded = model(ids, attention_mask=mask, position_ids=positions).logits
        alone = [model(torch.tensor([row])).logits[0, -1] for row in (PROMPT, short)]
    torch.testing.assert_close(padded[0, 4], alone[0], rtol=0, atol=2e-5)
    torch.testing.assert_close(padded[1, 4], alone[1], rtol=0, atol=2e-5)
    torch.testing.assert_close(padded[2, 2], alone[1], rtol=0, atol=2e-5)


def greedy(model: Any, prompt: list[int], embedding: Tensor, alpha: Tensor, count: int = 6) -> list[int]:
    """Greedy continuation without a cache: whole forward passes, injection at the prompt's own last token."""
    ids = list(prompt)
    for _ in range(count):
        with torch.no_grad(), injected(model, embedding, alpha, torch.tensor([len(prompt) - 1])):
            ids.append(int(model(torch.tensor([ids]), use_cache=False).logits[0, -1].argmax()))
    return ids[len(prompt) :]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("prompt", [PROMPT, PROMPT * 3, [33]], ids=["short", "past the window", "one token"])
def test_generate_is_exact_under_caching(architecture: str, prompt: list[int]) -> None:
    model = tiny_model(architecture, dtype=torch.float64)
    embedding, alpha = task()
    embedding = 30 * embedding  # so that it changes the words
    expected = greedy(model, prompt, embedding, alpha)
    options: dict[str, Any] = {"max_new_tokens": 6, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    ids = torch.tensor([prompt])
    with torch.no_grad(), injected(model, embedding, alpha):
        plain = model.generate(ids, **options)
        uncached = model.generate(ids, use_cache=False, **options)
        chunked = model.generate(input_ids=ids, prefill_chunk_size=2, **options)
    for name, found in {"plain": plain, "uncached": uncached, "chunked": chunked}.items():
        assert found[0, len(prompt) :].tolist() == expected, name
    assert "generate" not in vars(model)
    assert model.generate(ids, **options)[0, len(prompt) :].tolist() != expected


def test_left_padded_generation_with_beams_and_samples() -> None:
    """Each of k rows that one prompt becomes takes that prompt's task."""
    model = tiny_model("llama", dtype=torch.float64)
    embedding, alpha = task(rows=2)
    prompts = [PROMPT, PROMPT[:3]]
    ids, mask = torch.tensor([PROMPT, [0, 0, *PROMPT[:3]]]), torch.tensor([[1] * 5, [0, 0, 1, 1, 1]])
    options: dict[str, Any] = {"max_new_tokens": 4, "eos_token_id": None, "pad_token_id": 0, "do_sample": False}
    with torch.no_grad(), injected(model, embedding, alpha):
        together = model.generate(ids, attention_mask=mask, num_beams=3, num_return_sequences=3, **options)
    for row, prompt in enumerate(prompts):
        with torch.no_grad(), injected(model, embedding[row : row + 1], alpha[row : row + 1]):
            alone = model.generate(torch.tensor([prompt]), num_beams=3, num_return_sequences=3, **options)
        assert torch.equal(together[3 * row : 3 * row + 3, 5:], alone[:, len(prompt) :])


def test_chunked_prefill_with_explicit_positions() -> None:
    model = tiny_model("gemma3", dtype=torch.float64)
    embedding, alpha = task(rows=2)
    prompt = torch.tensor([PROMPT * 3, [0, 0, *PROMPT * 2, 9, 9, 9]])
    mask = torch.ones_like(prompt)
    mask[1, :2] = 0
    positions = (mask.cumsum(-1) - 1).clamp_min(0)
    ends = torch.tensor([14, 11])  # the second row's position lies before its last token, in an earlier chunk
    with torch.no_grad(), injected(model, embedding, alpha, ends):
        whole = model(prompt, attention_mask=mask, position_ids=positions).logits
        pieces, cache = [], None
        for start, stop in ((0, 4), (4, 10), (10, 12), (12, 15)):
            out = model(
                prompt[:, start:stop],
                attention_mask=mask[:, :stop],
                position_ids=positions[:, start:stop],
                past_key_values=cache,
                use_cache=True,
            )
            pieces.append(out.logits)
            cache = out.past_key_values
        bare = injected(model, embedding, alpha * 0, ends)
    together = torch.cat(pieces, dim=1)
    torch.testing.assert_close(together[mask.bool()], whole[mask.bool()], rtol=0, atol=1e-9)
    with torch.no_grad(), bare:
        untouched = model(prompt, attention_mask=mask, position_ids=positions).logits
    changed = (whole - untouched).abs().amax(-1) > 1e-9
    assert changed[0].tolist() == [False] * 14 + [True]
    assert changed[1].tolist() == [False] * 11 + [True] * 4


def test_a_model_wrapped_by_peft() -> None:
    from peft import LoraConfig, get_peft_model

    embedding, alpha = task()
    ids = torch.tensor([PROMPT])
    options: dict[str, Any] = {"max_new_tokens": 5, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    model = tiny_model("llama")
    with torch.no_grad(), injected(model, embedding, alpha):
        logits, tokens = model(ids).logits, model.generate(ids, **options)
    adapted = get_peft_model(tiny_model("llama"), LoraConfig(target_modules=["o_proj", "q_proj"], r=2))
    with torch.no_grad(), injected(adapted, embedding, alpha):  # fresh LoRA weights change nothing
        torch.testing.assert_close(adapted(ids).logits, logits)
        assert torch.equal(adapted.generate(input_ids=ids, **options), tokens)
        assert torch.equal(adapted.generate(input_ids=ids, prefill_chunk_size=2, **options), tokens)


class Int8(torch.nn.Module):
    """A quantised projection: whole numbers and a scale, and no ``weight``."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        scale = linear.weight.detach().abs().max() / 127
        self.register_buffer("packed", (linear.weight.detach() / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.packed.to(x.dtype) * self.scale)


@pytest.mark.parametrize("kind", ["bias", "joint weights and bias", "quantised"])
def test_the_projection_is_called_as_it_is(kind: str) -> None:
    """Whatever it computes from the mixed heads is what the model goes on with; gradients pass through it."""
    model = tiny_model("gpt2" if kind == "joint weights and bias" else "llama").requires_grad_(False)
    if kind == "bias":
        for layer in model.model.layers:
            layer.self_attn.o_proj.bias = torch.nn.Parameter(torch.randn(16))
    if kind == "quantised":
        for layer in model.model.layers:
            for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
                setattr(layer.self_attn, name, Int8(getattr(layer.self_attn, name)))
    outputs, (embedding, alpha) = attention_outputs(model), task()
    seen: list[tuple[Tensor, Tensor]] = []
    handles = [o.module.register_forward_hook(lambda _, args, out: seen.append((args[0], out))) for o in outputs]
    ids = torch.tensor([PROMPT])
    with torch.no_grad():
        model(ids)
        bare = [args[0, -1] for args, _ in seen]
        seen.clear()
        with injected(model, embedding, torch.ones(1, LAYERS, HEADS)):
            model(ids)
    for handle in handles:
        handle.remove()
    for place, output in enumerate(outputs):
        expected = output.module(embedding[0, place].flatten()[None, None])[0, 0]
        torch.testing.assert_close(seen[place][1][0, -1], expected)
        assert not torch.allclose(bare[place], embedding[0, place].flatten())
    alpha.requires_grad_(True)
    with injected(model, embedding, alpha):
        model(ids).logits[0, -1, 7].backward()
    assert alpha.grad is not None
    assert alpha.grad.abs().min() > 0


def test_afterwards_the_model_is_as_it_was() -> None:
    model = tiny_model("llama")
    ids = torch.tensor([PROMPT])
    with torch.no_grad():
        before = model(ids).logits
        with pytest.raises(ZeroDivisionError), injected(model, *task()):
            raise ZeroDivisionError
        with pytest.raises(UserError, match="3 rows and 2 were told"), injected(model, *task(rows=2)):
            model(ids.expand(3, -1))
        with pytest.raises(UserError, match="give their positions"), injected(model, *task()):
            model(ids, attention_mask=torch.ones(1, 1, 5, 5, dtype=torch.bool))
        assert torch.equal(model(ids).logits, before)
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in model.modules())
    assert "generate" not in vars(model)
