"""The rule by which learning rates are chosen, on cases worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.evaluation.evaluations import write_evaluation, write_lines

from tlpo.errors import UserError
from tlpo.evaluation.run_files import read_run
from tlpo.runs.study.choice import Candidate, candidate, choose, rule_text


def test_the_lowest_confusion_within_the_bound() -> None:
    tried = [Candidate(1e-6, 0.10, 0.01), Candidate(5e-6, 0.02, 0.05), Candidate(1e-5, 0.0, 0.06)]
    chosen = choose(tried, 0.05)
    assert (chosen.rate, chosen.within, chosen.candidates) == (5e-6, True, tuple(tried))
    assert choose(tried, 0.06).rate == 1e-5
    assert choose(tried, 0.02).rate == 1e-6


def test_of_equals_the_one_that_costs_less() -> None:
    assert choose([Candidate(1e-6, 0.1, 0.03), Candidate(5e-6, 0.1, 0.02)], 0.05).rate == 5e-6
    assert choose([Candidate(5e-6, 0.1, 0.02), Candidate(1e-6, 0.1, 0.02)], 0.05).rate == 1e-6


def test_if_none_keeps_to_the_bound_the_smallest_rise() -> None:
    chosen = choose([Candidate(1e-6, 0.3, 0.2), Candidate(5e-6, 0.0, 0.4)], 0.05)
    assert (chosen.rate, chosen.within) == (1e-6, False)


def test_a_model_that_falls_silent_is_not_consistent() -> None:
    tried = [Candidate(1e-6, 0.1, 0.01, judged=0.95), Candidate(5e-6, 0.0, 0.01, judged=0.4)]
    assert choose(tried, 0.05).rate == 1e-6
    assert not choose(tried[1:], 0.05).within


def test_responses_without_anything_to_judge_are_told(tmp_path: Path) -> None:
    base = write_evaluation(tmp_path / "base", "base", passed={"ko": [[1, 0]] * 2}, nll={"ko": [40]})
    run = write_evaluation(tmp_path / "run", "A", passed={"ko": [[1, 1]] * 2}, nll={"ko": [40]})
    items = run / "items/consistency-t1.jsonl"
    lines = [json.loads(line) for line in items.read_text(encoding="utf-8").splitlines()]
    for line in lines[1:]:
        line["outcomes"]["default"]["rpr"] = [0, 0]
    write_lines(items, lines)
    assert candidate(1e-6, read_run(run), read_run(base)).judged == pytest.approx(0.25)


def test_a_model_whose_likelihood_is_not_a_number(tmp_path: Path) -> None:
    base = write_evaluation(tmp_path / "base", "base", passed={"ko": [[1, 0]] * 2}, nll={"ko": [40]})
    run = write_evaluation(tmp_path / "run", "A", passed={"ko": [[1, 1]] * 2}, nll={"ko": [float("nan")]})
    with pytest.raises(UserError, match="a likelihood of nan nats"):
        candidate(1e-6, read_run(run), read_run(base))


def test_a_candidate_that_falls_silent(tmp_path: Path) -> None:
    base = write_evaluation(tmp_path / "base", "base", passed={"ko": [[1, 0]] * 2}, nll={"ko": [40]})
    run = write_evaluation(tmp_path / "run", "A", passed={"ko": [[1, 1]] * 2}, nll={"ko": [40]})
    items = run / "items/consistency-t1.jsonl"
    items.write_text(items.read_text(encoding="utf-8").replace("[1, 1]", "[0, 0]"), encoding="utf-8")
    found = candidate(1e-6, read_run(run), read_run(base))
    assert (found.confusion, found.judged) == (1, 0)


def test_a_candidates_figures(tmp_path: Path) -> None:
    base = write_evaluation(tmp_path / "base", "base", passed={"ko": [[1, 0]] * 2}, nll={"ko": [40], "en": [30]})
    run = write_evaluation(
        tmp_path / "run", "A", passed={"ko": [[1, 0], [1, 1]]}, nll={"ko": [42], "en": [31]}, temperature=0.6
    )
    found = candidate(1e-6, read_run(run), read_run(base))
    assert found.confusion == pytest.approx(0.25)
    assert found.nll_rise == pytest.approx((0.2 + 0.1) / 2)


def test_the_rule_is_told_with_its_bound() -> None:
    assert "rises by at most 0.05 nats a token" in rule_text(0.05)
