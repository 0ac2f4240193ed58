"""The training arguments: recipes, and every problem told at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tlpo.config import describe, parse_config
from tlpo.errors import UserError
from tlpo.training.candidates import ExplorationSettings
from tlpo.training.config import RECIPES, TLPOConfig
from tlpo.training.rewards import RewardSettings


def config(tmp_path: Path, **options: Any) -> TLPOConfig:
    return TLPOConfig(output_dir=str(tmp_path), use_cpu=True, **options)


def test_the_paper_recipe_is_the_published_method(tmp_path: Path) -> None:
    args = config(tmp_path, recipe="paper")
    assert (args.num_generations, args.temperature) == (8, 0.6)
    assert args.exploration == ExplorationSettings(
        num_candidates=16, look_ahead=3, source="top", include_sampled=False, batch_size=256
    )
    assert args.rewards == RewardSettings(in_context=False, neutral="clean", end="clean")
    assert (args.advantage, args.epsilon, args.beta, args.kl_estimator) == ("probability", 0.2, 0.04, "k3")
    assert (args.prefix_beta, args.min_points, args.points_per_prompt, args.max_point_shift) == (0, 1, 0, 0)


def test_the_default_recipe_puts_the_sampled_token_in_and_judges_in_context(tmp_path: Path) -> None:
    args = config(tmp_path)
    assert args.recipe == "default"
    assert args.exploration.include_sampled
    assert args.rewards.in_context


@pytest.mark.parametrize(("size", "confused"), [(64, 8), (16, 2), (8, 1), (4, 0)])
def test_an_eighth_of_the_group_is_for_wrong_tokens(tmp_path: Path, size: int, confused: int) -> None:
    assert config(tmp_path, num_candidates=size).exploration.confused == confused
    assert config(tmp_path, num_candidates=size, recipe="paper").exploration.confused == 0


def test_the_default_recipe_holds_the_policy_among_clean_tokens(tmp_path: Path) -> None:
    args = config(tmp_path)
    assert args.exploration.num_candidates == 64
    assert args.exploration.source == "top"
    assert (args.advantage, args.kl_estimator) == ("centered", "clean")
    assert args.holds_clean
    assert not config(tmp_path, kl_estimator="exact").holds_clean
    assert not config(tmp_path, beta=0.0, prefix_beta=0.0).holds_clean
    assert (args.beta, args.prefix_beta) == (1.0, 32.0)
    assert (args.learning_rate, args.adam_epsilon) == (2e-5, 1e-6)


def test_the_default_recipe_samples_hotter_than_it_audits(tmp_path: Path) -> None:
    args = config(tmp_path)
    assert (args.temperature, args.num_generations, args.points_per_prompt) == (1.2, 4, 1)
    assert (args.sampling(samples=4, step=2).temperature, args.evaluation_sampling().temperature) == (1.2, 1.0)
    assert args.evaluation_sampling().num_generations == 1
    assert args.evaluation_sampling().seed != args.sampling(samples=1, step=0).seed


def test_what_the_user_says_beats_the_recipe(tmp_path: Path) -> None:
    args = config(tmp_path, recipe="paper", temperature=1.0, reward_in_context=True, look_ahead=0)
    assert args.temperature == 1.0
    assert args.rewards.in_context
    assert args.exploration.look_ahead == 0
    assert config(tmp_path, include_sampled_token=False).exploration.include_sampled is False


def test_an_option_that_ends_in_token_is_told_as_it_is(tmp_path: Path) -> None:
    """The library hides such options, in run trackers too, as it would an access token."""
    told = config(tmp_path, include_sampled_token=False, hub_token="secret").to_dict()
    assert told["include_sampled_token"] is False
    assert "secret" not in str(told)


def test_all_problems_come_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        config(
            tmp_path,
            recipe="papper",
            english="nutral",
            kl_estimator="k2",
            num_candidates=1,
            top_p=0.0,
            epsilon=1.5,
            beta=-0.1,
            prompt_template="Question:",
        )
    text = str(raised.value)
    assert "\n" not in text
    for part in (
        "recipe is 'papper' (did you mean 'paper'?): choose one of default, paper",
        "english is 'nutral' (did you mean 'neutral'?)",
        "kl_estimator is 'k2'",
        "num_candidates is 1: give at least 2",
        "top_p is 0.0",
        "epsilon is 1.5",
        "beta is -0.1",
        "lacks the placeholder {prompt}",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_generations", 0),
        ("max_new_tokens", 0),
        ("look_ahead", -1),
        ("rollout_batch_size", 0),
        ("exploration_batch_size", 0),
        ("update_batch_size", 0),
        ("num_iterations", 0),
        ("ref_model_sync_steps", -1),
        ("per_device_train_batch_size", 0),
        ("gradient_accumulation_steps", 0),
        ("log_completions", -1),
        ("seed", -1),
        ("max_nonfinite_steps", -1),
        ("temperature", -0.5),
        ("learning_rate", -1e-6),
        ("top_p", 1.1),
        ("audit_temperature", -1.0),
        ("audit_temperature", float("nan")),
        ("audit_top_p", 0.0),
        ("points_per_prompt", -1),
        ("max_point_shift", -1),
        ("min_points", 0),
        ("prefix_beta", -1.0),
        ("prefix_positions", 0),
        ("epsilon", 0.0),
        ("temperature", float("nan")),
        ("beta", float("nan")),
        ("neutral_reward", "keep"),
        ("end_reward", "keep"),
        ("sampled_reward", "clean"),
        ("advantage", "mean"),
        ("candidate_source", "all"),
        ("confused_share", -0.1),
        ("confused_share", 0.6),
    ],
)
def test_each_bad_value_is_named(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"^{name} is '?{value}'?"):
        config(tmp_path, **{name: value})


@pytest.mark.parametrize(("name", "remedy"), [("save_only_model", "leave it out"), ("fp16", "use bf16")])
def test_options_that_a_run_cannot_keep_its_word_with(tmp_path: Path, name: str, remedy: str) -> None:
    with pytest.raises(UserError, match=f"^{name} is set, but .*{remedy}$"):
        config(tmp_path, **{name: True})


def test_the_help_tells_what_the_recipes_decide() -> None:
    helps = {name: text for name, _, text in describe(TLPOConfig)}
    assert helps["num_generations"].endswith("Decided by the recipe (default: 4, paper: 8).")
    assert all("Decided by the recipe (default: " in helps[name] for values in RECIPES.values() for name in values)


def test_options_of_the_chat_template(tmp_path: Path) -> None:
    words = ["--output_dir", str(tmp_path), "--use_cpu", "true", "--chat_template_kwargs", '{"thinking": false}']
    (args,) = parse_config((TLPOConfig,), words)
    assert args.chat_template_kwargs == {"thinking": False}
    assert args.to_dict()["chat_template_kwargs"] == {"thinking": False}
    assert config(tmp_path, chat_template_kwargs={"a": 1}).chat_template_kwargs == {"a": 1}
    for bad in ("thinking", "[1]"):
        with pytest.raises(UserError, match=r"^chat_template_kwargs is .*give a JSON object"):
            config(tmp_path, chat_template_kwargs=bad)
    with pytest.raises(UserError, match="sets tokenize, which tlpo sets itself"):
        config(tmp_path, chat_template_kwargs={"tokenize": False})


def test_a_refreshed_reference_needs_a_kl_term(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ref_model_sync_steps is 2, but with beta 0 and prefix_beta 0 there"):
        config(tmp_path, ref_model_sync_steps=2, beta=0.0, prefix_beta=0.0)
    assert config(tmp_path, ref_model_sync_steps=2, beta=0.0, prefix_beta=1.0).needs_reference
    assert not config(tmp_path, beta=0.0, prefix_beta=0.0).needs_reference
