"""The divergence from the base against the definition, one prefix at a time, written out."""

from __future__ import annotations

import pytest
import torch
from tests.models import ARCHITECTURES, MIXED, tiny_model, tokenizer
from transformers import PreTrainedModel

from tlpo.errors import UserError
from tlpo.evaluation import nll
from tlpo.evaluation.divergence import line_divergences

LINES = ["Guten Tag", "가나다 라마바사", "x", "", "A somewhat longer line of text, with a comma."]


def brute_force(model: PreTrainedModel, base: PreTrainedModel, line: str) -> tuple[float, float, int]:
    ids = tokenizer()(line)["input_ids"]
    forward = reverse = 0.0
    for length in range(1, len(ids)):
        with torch.no_grad():
            p, q = (torch.softmax(one(torch.tensor([ids[:length]])).logits[0, -1], -1) for one in (model, base))
        forward += float((p * (p / q).log()).sum())
        reverse += float((q * (q / p).log()).sum())
    return forward, reverse, max(0, len(ids) - 1)


# All lines together; a few a batch, the longest in pieces of its own; every position in a piece of its own.
@pytest.mark.parametrize("positions", [1000, 12, 1])
@pytest.mark.parametrize("architecture", [*ARCHITECTURES, *MIXED])
def test_equals_the_definition(architecture: str, positions: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nll, "_LOGIT_BYTES", 4 * 480 * positions)
    model, base = (tiny_model(architecture, seed=seed, dtype=torch.float64) for seed in (0, 1))
    done = []
    found = line_divergences(model, base, tokenizer(), LINES, on_progress=lambda *counts: done.append(counts))
    for line, own in zip(LINES, found, strict=True):
        forward, reverse, tokens = brute_force(model, base, line)
        assert own.tokens == tokens
        assert own.forward == pytest.approx(forward, rel=1e-6, abs=1e-9)
        assert own.reverse == pytest.approx(reverse, rel=1e-6, abs=1e-9)
    assert done[-1] == (len(LINES), len(LINES))


def test_a_model_has_not_moved_from_itself_and_modes_are_restored() -> None:
    model, base = tiny_model().train(), tiny_model()
    assert sum(line.forward for line in line_divergences(model, base, tokenizer(), LINES)) == 0
    assert model.training
    assert not base.training


def test_lines_are_cut_and_other_vocabularies_refused() -> None:
    model, base = tiny_model(), tiny_model(seed=1)
    assert line_divergences(model, base, tokenizer(), ["QQQQQQQQ"], max_length=4)[0].tokens == 3
    with pytest.raises(UserError, match="vocabulary has 480 entries and the base model's 488"):
        line_divergences(model, tiny_model(vocab_size=488), tokenizer(), LINES)
    with pytest.raises(UserError, match="at least one line"):
        line_divergences(model, base, tokenizer(), [])
