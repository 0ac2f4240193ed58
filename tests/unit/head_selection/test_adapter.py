"""Adapters: on the disk and back, for their own model only, several in one batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import tiny_model, tokenizer

from tlpo.errors import UserError
from tlpo.head_selection.adapter import HEADER, TENSORS, TaskAdapter, applied
from tlpo.head_selection.embedding import TaskEmbedding
from tlpo.head_selection.fingerprint import fingerprint
from tlpo.head_selection.generation import answer

IDS = torch.tensor([[7, 11, 23, 42, 19]])


def adapter(seed: int = 0, **fields: Any) -> TaskAdapter:
    generator = torch.Generator().manual_seed(seed)
    values, logits = torch.randn(2, 2, 8, generator=generator), torch.randn(2, 2, generator=generator)
    return TaskAdapter(TaskEmbedding(values, {"shots": 3, "seed": seed}), logits, **fields)


def test_round_trip(tmp_path: Path) -> None:
    model = tiny_model("llama")
    meta = {"model": "tiny", "fingerprint": fingerprint(model), "metrics": {"valid_loss": 0.25}, "task": "opposites"}
    made = adapter(meta=meta, max_alpha=1.5)
    made.save_pretrained(tmp_path / "new" / "folder")
    read = TaskAdapter.from_pretrained(tmp_path / "new" / "folder", model)
    assert torch.equal(read.embedding.values, made.embedding.values)
    assert torch.equal(read.logits, made.logits)
    assert (read.meta, read.embedding.meta, read.max_alpha) == (meta, made.embedding.meta, 1.5)
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [HEADER, TENSORS]
    with torch.no_grad(), made.applied(model):
        expected = model(IDS).logits
    with torch.no_grad(), read.applied(model):
        assert torch.equal(model(IDS).logits, expected)


def test_hardened_alpha_is_whole() -> None:
    soft = adapter()
    alpha = torch.tensor([[0.1, 0.5], [0.6, 1.0]])
    soft = TaskAdapter(soft.embedding, alpha.logit(), {"task": "a"})
    assert soft.hardened().alpha.tolist() == [[0, 0], [1, 1]]
    assert soft.hardened(0.8).alpha.tolist() == [[0, 0], [0, 1]]
    wide = TaskAdapter(soft.embedding, torch.tensor([[0.2, 0.7], [1.4, 1.9]]).div(2).logit(), max_alpha=2.0)
    assert wide.hardened().alpha.tolist() == [[0, 1], [1, 2]]
    assert (wide.hardened().max_alpha, soft.hardened().meta) == (2.0, {"task": "a", "hardened": 0.5})
    assert wide.hardened().embedding is wide.embedding
    for top, expected in ((0.8, [[0, 0], [1, 1]]), (1.8, [[0, 0], [1, 2]]), (2.6, [[0, 1], [2, 3]])):
        between = TaskAdapter(soft.embedding, torch.tensor([[0.1, 0.2], [0.7, 0.99]]).logit(), max_alpha=top)
        torch.testing.assert_close(between.hardened().alpha, torch.tensor(expected).float())


def test_untrained() -> None:
    given = adapter().embedding
    assert torch.equal(TaskAdapter.untrained(given).alpha, torch.full((2, 2), 0.5))
    torch.testing.assert_close(TaskAdapter.untrained(given, 0.3).alpha, torch.full((2, 2), 0.3))


def test_hardened_survives_the_disk(tmp_path: Path) -> None:
    hard = adapter().hardened()
    hard.save_pretrained(tmp_path)
    assert torch.equal(TaskAdapter.from_pretrained(tmp_path).alpha, hard.alpha)


def test_another_model_is_refused(tmp_path: Path) -> None:
    model = tiny_model("llama")
    adapter(meta={"model": "tiny", "fingerprint": fingerprint(model)}).save_pretrained(tmp_path)
    TaskAdapter.from_pretrained(tmp_path, tiny_model("llama", dtype=torch.bfloat16))  # the same weights
    with pytest.raises(UserError, match="made for the model 'tiny', and 'LlamaForCausalLM' has other weights"):
        TaskAdapter.from_pretrained(tmp_path, tiny_model("llama", seed=1))
    with pytest.raises(UserError, match="other weights"):
        TaskAdapter.from_pretrained(tmp_path, tiny_model("qwen2"))
    deep = tiny_model("llama")
    deep.model.layers = deep.model.layers[:1]
    for use in (lambda: TaskAdapter.from_pretrained(tmp_path, deep), lambda: adapter().applied(deep)):
        with pytest.raises(UserError, match=r"holds 2 layers of 2 heads of width 8, but .* has 1 layers"):
            use()


def test_lora_around_the_model_does_not_change_whose_it_is() -> None:
    from peft import LoraConfig, get_peft_model

    model = tiny_model("llama")
    before = fingerprint(model)
    assert fingerprint(get_peft_model(model, LoraConfig(target_modules=["o_proj", "q_proj"], r=2))) == before


def test_damaged_folders(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no head-selection adapter"):
        TaskAdapter.from_pretrained(tmp_path)
    adapter().save_pretrained(tmp_path)
    header = json.loads((tmp_path / HEADER).read_text())
    for text in ("{", "[]", json.dumps(header | {"layers": 3}), json.dumps(header | {"format": 9})):
        (tmp_path / HEADER).write_text(text)
        with pytest.raises(UserError, match="delete it and fit it again"):
            TaskAdapter.from_pretrained(tmp_path)
    (tmp_path / HEADER).write_text(json.dumps(header))
    (tmp_path / TENSORS).write_bytes((tmp_path / TENSORS).read_bytes()[:-8])
    with pytest.raises(UserError, match="is damaged"):
        TaskAdapter.from_pretrained(tmp_path)


def test_several_tasks_in_one_batch() -> None:
    model, first, second = tiny_model("gemma3"), adapter(1), adapter(2, max_alpha=1.5)
    ids = torch.cat([IDS, IDS.flip(1), IDS + 3, IDS + 50])
    with torch.no_grad(), applied(model, [first, second], [1, None, 0, 1]):
        mixed = model(ids).logits
    with torch.no_grad():
        bare = model(ids).logits
        with first.applied(model):
            ones = model(ids).logits
        with second.applied(model):
            twos = model(ids).logits
    assert torch.equal(mixed[1], bare[1])
    torch.testing.assert_close(mixed[2], ones[2])
    torch.testing.assert_close(mixed[[0, 3]], twos[[0, 3]])
    assert not torch.allclose(mixed[0, -1], ones[0, -1])
    with pytest.raises(UserError, match="names adapter 2, but there are 2"):
        applied(model, [first, second], [2])


@pytest.mark.parametrize("stop", ["\n", "n"])
def test_answers_end_at_the_stop(stop: str) -> None:
    """Greedy decoding by ``model.generate``, cut at EOS and at the first stop."""
    model, texts, task = tiny_model("llama", dtype=torch.float64), tokenizer(), adapter()
    model.generation_config.eos_token_id = [2, *range(400, 440)]
    prompts = ["The weather", "Q: park\nA:", "Le café", "a", "friends with our park"]
    for used in (None, task):
        found = answer(model, texts, prompts, max_new_tokens=12, batch_size=2, stop=stop, adapter=used)
        for prompt, text in zip(prompts, found, strict=True):
            ids = texts(prompt, return_tensors="pt").input_ids
            with torch.no_grad(), (used or TaskAdapter.untrained(task.embedding, 0.0)).applied(model):
                out = model.generate(ids, max_new_tokens=12, do_sample=False, pad_token_id=0)
            assert text == texts.decode(out[0, ids.shape[1] :], skip_special_tokens=True).split(stop)[0]
