"""The common options as TRL's: what each method gets, whatever TRL's own defaults are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.architecture.source import ROOT
from tests.baselines import METHODS, arguments

from tlpo.baselines.config import ARGUMENTS
from tlpo.baselines.mapping import RENAMED, largest_divisor, trl_options
from tlpo.config import describe
from tlpo.errors import UserError


def options(name: str, tmp_path: Path, **more: Any) -> dict[str, Any]:
    return trl_options(name, arguments(name, tmp_path, **more))


@pytest.mark.parametrize("name", METHODS)
def test_what_all_methods_share(name: str, tmp_path: Path) -> None:
    found = options(name, tmp_path, learning_rate=3e-5, adam_beta2=0.9, seed=11, lr_scheduler_type="cosine")
    assert (found["bf16"], found["gradient_checkpointing"], found["remove_unused_columns"]) == (False, False, False)
    assert (found["learning_rate"], found["adam_beta2"], found["seed"]) == (3e-5, 0.9, 11)
    assert found["lr_scheduler_type"] == "cosine"
    assert (found["max_steps"], found["output_dir"]) == (3, str(tmp_path))
    assert options(name, tmp_path, bf16=True)["bf16"] is True


@pytest.mark.parametrize("name", ["sft", "dpo", "orpo"])
@pytest.mark.parametrize(
    ("size", "accumulation", "held", "expected"),
    [(12, 1, 8, (6, 2)), (12, 2, 8, (8, 3)), (7, 1, 4, (1, 7)), (4, 1, 16, (4, 1)), (2, 3, 1, (1, 6))],
)
def test_a_step_is_held_in_pieces(
    name: str, size: int, accumulation: int, held: int, expected: tuple[int, int], tmp_path: Path
) -> None:
    found = options(
        name, tmp_path, per_device_train_batch_size=size, gradient_accumulation_steps=accumulation,
        update_batch_size=held,
    )  # fmt: skip
    assert (found["per_device_train_batch_size"], found["gradient_accumulation_steps"]) == expected


def test_grpo_counts_prompts_and_trl_responses(tmp_path: Path) -> None:
    found = options("grpo", tmp_path, per_device_train_batch_size=6, num_generations=4, update_batch_size=10)
    assert (found["per_device_train_batch_size"], found["gradient_accumulation_steps"]) == (8, 3)
    assert found["max_completion_length"] == 8
    assert (found["num_generations"], found["beta"], found["epsilon"]) == (4, 0.04, 0.2)


@pytest.mark.parametrize(("number", "limit", "expected"), [(12, 8, 6), (13, 8, 1), (1, 5, 1), (30, 30, 30), (9, 4, 3)])
def test_the_largest_divisor(number: int, limit: int, expected: int) -> None:
    assert largest_divisor(number, limit) == expected


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        arguments("grpo", tmp_path, temperature=0, num_generations=1, epsilon=2, reward="binarry", loss_type="x")
    for part in ("temperature is 0", "num_generations is 1", "epsilon is 2", "'binarry' (did you mean 'binary'?)"):
        assert part in str(raised.value)
    with pytest.raises(UserError, match="beta is -1"):
        arguments("dpo", tmp_path, beta=-1)


class TestTheBudgetOfResponses:
    """Two prompts with four responses each are eight a step."""

    def test_it_decides_the_steps(self, tmp_path: Path) -> None:
        assert arguments("grpo", tmp_path, max_steps=-1, rollout_budget=50).max_steps == 6
        assert arguments("tlpo", tmp_path, max_steps=-1, rollout_budget=50).max_steps == 6
        assert arguments("tlpo", tmp_path, max_steps=-1, rollout_budget=50, num_iterations=2).max_steps == 12
        assert arguments("grpo", tmp_path, max_steps=3, rollout_budget=50).max_steps == 3

    @pytest.mark.parametrize("name", ["tlpo", "grpo"])
    def test_steps_beyond_it_are_refused(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="rollout_budget is 20 responses, but 3 steps sample 24: raise it"):
            arguments(name, tmp_path, rollout_budget=20)
        with pytest.raises(UserError, match="rollout_budget is 7 responses, but 1 steps sample 8"):
            arguments(name, tmp_path, max_steps=-1, rollout_budget=7)

    def test_where_a_file_decides_the_steps_stay(self, tmp_path: Path) -> None:
        assert arguments("dpo", tmp_path, max_steps=-1, rollout_budget=7).max_steps == -1


def test_the_documents_table_is_the_mapping() -> None:
    """Rows `| option | sft | dpo | orpo | grpo |` of docs/baselines.md, a dash where a method has no such option."""
    text = (ROOT / "docs" / "baselines.md").read_text(encoding="utf-8")
    lines = text[text.index("| option |") :].split("\n\n")[0].splitlines()[2:]
    table = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    for place, name in enumerate(METHODS, start=1):
        passed_on = {row[0]: row[place] for row in table if row[place] not in ("–", "same") and " " not in row[place]}
        assert passed_on == RENAMED[name], name
        known = {option for option, _, _ in describe(ARGUMENTS[name], own=False)}
        assert {row[0] for row in table if row[place] != "–"} == {row[0] for row in table} & known, name
