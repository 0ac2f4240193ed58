"""The study files of the project: each loads, and the commands make of its options what the study means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.architecture.source import ROOT

from tlpo.data import load_prompts
from tlpo.runs.study.budget import check_budget
from tlpo.runs.study.config import StudyConfig, load_study
from tlpo.runs.study.plan import Plan, Stage
from tlpo.runs.study.prompts import split_prompts
from tlpo.training.config import RECIPES, TLPOConfig

FILES = sorted((ROOT / "studies").glob("*.yaml"))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def plan(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.chdir(ROOT)  # paths in the files are told from there
    study = load_study(request.param, tmp_path / "study")
    return Plan(study, split_prompts(study, tmp_path / "prompts"))


def stages(plan: Plan) -> Iterator[Stage]:
    yield from (plan.sample(0), plan.pairs(0), plan.validate(plan.study.base, None))
    for method in plan.study.methods:
        for rate in method.learning_rates:
            yield from (plan.train(method, rate, method.seeds[0]), plan.validate(method, rate))
            yield plan.evaluate(method, rate, method.seeds[0])
        if not method.trained:
            yield plan.evaluate(method)


def test_the_commands_understand_their_options(plan: Plan) -> None:
    from tlpo.config import parse_config
    from tlpo.evaluation.options import EvaluationConfig
    from tlpo.loop.config import RunConfig
    from tlpo.runs.methods import method
    from tlpo.runs.study.process import tlpo_command

    seen = set()
    for stage in stages(plan):
        options = stage.resolved(plan.study.output)
        stage.folder(plan.study.output).mkdir(parents=True, exist_ok=True)
        words = tlpo_command(stage, plan.study.output)
        if stage.kind == "train":
            kinds = (RunConfig, method(options["method"]).config)
            run, arguments = parse_config(kinds, [*words[4:], "--use_cpu", "True"])
            assert (run.method, arguments.learning_rate) == (options["method"], options["learning_rate"])
            assert arguments.rollout_budget == plan.study.rollout_budget
            if arguments.SAMPLES:
                spent = arguments.max_steps * arguments.prompts_per_step * arguments.num_generations
                assert spent == plan.study.rollout_budget
        elif stage.kind in ("validate", "evaluate"):
            (found,) = parse_config((EvaluationConfig,), words[4:])
            assert (found.language, found.dtype) == (list(plan.study.languages), "float32")
        assert stage.digest not in seen
        seen.add(stage.digest)


def test_the_data_costs_the_budget(plan: Plan) -> None:
    study: StudyConfig = plan.study
    prompts = load_prompts(plan.files.train)
    assert study.rollout_budget == len(prompts) * study.sample["num_samples"]
    check_budget(study, plan.files)


def test_the_grid_is_the_one_promised() -> None:
    kinds = [method.kind for method in load_study(ROOT / "studies/ko.yaml").methods]
    assert {"base", "temperature", "gate", "prompt", "sft", "dpo", "orpo", "grpo", "tlpo"} == set(kinds)
    for method in load_study(ROOT / "studies/ko.yaml").methods:
        if method.trained:
            assert (len(method.learning_rates), len(method.seeds)) == (3, 2)
    ko = {method.label: method for method in load_study(ROOT / "studies/ko.yaml").methods}
    assert (ko["temperature 0.6"].evaluate["temperature"], ko["gate"].evaluate["gate"]) == (0.6, True)
    assert [ko[label].train["recipe"] for label in ("TLPO (paper)", "TLPO")] == ["paper", "default"]
    assert {load_study(path).languages for path in FILES} == {("ko",), ("ja",), ("zh",), ("ar",)}
    changed = [method.train for method in load_study(ROOT / "studies/ablations.yaml").methods]
    for name, value in [
        ("candidate_source", "sample"), ("candidate_temperature", 1.5),
        ("advantage", "probability"), ("advantage", "normalized"),
        ("num_candidates", 4), ("num_candidates", 16), ("look_ahead", 0), ("reward_in_context", False),
        ("neutral_reward", "clean"), ("neutral_reward", "zero"), ("include_sampled_token", False),
        ("sampled_reward", "response"), ("max_point_shift", 0),
        ("end_reward", "clean"), ("end_reward", "zero"), ("kl_estimator", "k3"), ("kl_estimator", "exact"),
    ]:  # fmt: skip
        assert any(options.get(name) == value for options in changed), (name, value)
        assert RECIPES["default"].get(name, TLPOConfig.__dataclass_fields__[name].default) != value
    assert (RECIPES["default"]["num_candidates"], RECIPES["default"]["look_ahead"]) == (64, 3)
