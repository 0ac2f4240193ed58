"""The likelihood of clean text against one line at a time, written out."""

from __future__ import annotations

import pytest
import torch
from tests.models import tiny_model, tokenizer

from tlpo.errors import UserError
from tlpo.evaluation import nll
from tlpo.evaluation.nll import TextNLL, compare_nll, text_nll

LINES = ["Guten Tag", "가나다 라마바사", "x", "", "A somewhat longer line of text, with a comma."]


def brute_force(lines: list[str]) -> list[float]:
    model = tiny_model(dtype=torch.float64)
    sums = []
    for line in lines:
        ids = tokenizer()(line)["input_ids"]
        total = 0.0
        for place in range(1, len(ids)):
            with torch.no_grad():
                logits = model(torch.tensor([ids[:place]])).logits[0, -1]
            total -= float(torch.log_softmax(logits, dim=-1)[ids[place]])
        sums.append(total)
    return sums


@pytest.mark.parametrize("logit_bytes", [1, 4 * 480 * 40, 2**28])  # one row a batch, a few, all together
def test_equals_brute_force(logit_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nll, "_LOGIT_BYTES", logit_bytes)
    found = text_nll(tiny_model(), tokenizer(), LINES)
    assert found.tokens == tuple(max(0, len(tokenizer()(line)["input_ids"]) - 1) for line in LINES)
    assert found.sums == pytest.approx(brute_force(LINES), rel=1e-5)
    assert found.mean == pytest.approx(sum(brute_force(LINES)) / sum(found.tokens), rel=1e-5)


def test_long_lines_are_cut_and_the_mode_is_restored() -> None:
    model = tiny_model().train()
    found = text_nll(model, tokenizer(), ["QQQQQQQQ"], max_length=4)  # nothing merges: a token a letter
    assert model.training
    assert found.tokens == (3,)
    assert found.sums == pytest.approx(brute_force(["QQQQ"]), rel=1e-5)


def test_no_line_is_an_error() -> None:
    with pytest.raises(UserError, match="no clean text"):
        text_nll(tiny_model(), tokenizer(), [])


def test_comparison_is_paired_by_line() -> None:
    before, after = TextNLL((4.0, 30.0), (2, 10)), TextNLL((5.0, 35.0), (2, 10))
    found = compare_nll(before, after)
    # Half a nat a token more on either line: however lines are drawn, the change is 0.5.
    assert (found["before"], found["after"], found["lines"]) == (34 / 12, 40 / 12, 2)
    assert found["change"] == pytest.approx(0.5)
    assert found["ci95"] == pytest.approx([0.5, 0.5])
    with pytest.raises(UserError, match="cannot be compared"):
        compare_nll(before, TextNLL((5.0,), (2,)))
