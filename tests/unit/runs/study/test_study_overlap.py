"""Training prompts that a study evaluates or chooses on are found, whichever prompts it evaluates on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.runs.study.studies import make_plan, small_study

from tlpo.errors import UserError
from tlpo.runs.study.config import Options, StudyConfig
from tlpo.runs.study.overlap import note_overlap, noted_overlap

PROMPTS = (
    "바다의 색을 설명해 주세요.", "김치는 어떻게 담그나요?", "오늘 날씨가 어때요?", "한글은 누가 만들었나요?",
    "좋은 영화를 추천해 줘.", "달까지 얼마나 걸릴까?", "고양이와 개의 차이점은?", "여름휴가 계획을 세워 보자.",
    "축구 규칙이 궁금합니다.", "감기에 좋은 차를 알려 줘.",
)  # fmt: skip


def evaluated(study: StudyConfig, options: Options) -> StudyConfig:
    """The study with these options in all its evaluations."""
    methods = (replace(method, evaluate={**method.evaluate, **options}) for method in study.methods)
    return replace(study, methods=tuple(methods))


@pytest.fixture
def study(tmp_path: Path) -> StudyConfig:
    """Ten prompts, four of them kept back for validation."""
    path = tmp_path / "train.txt"
    path.write_text("".join(f"{prompt}\n" for prompt in PROMPTS), encoding="utf-8")
    return replace(small_study(tmp_path), prompts=str(path), validation_prompts=4)


def test_prompts_that_are_evaluated_on(study: StudyConfig, tmp_path: Path) -> None:
    plan = make_plan(study)
    trained = json.loads(plan.files.train.read_text(encoding="utf-8").splitlines()[0])["prompt"]
    path = tmp_path / "evaluation.jsonl"
    rows = [{"prompt": trained + "!", "language": "ko"}, {"prompt": "무엇을 먹을까요?", "language": "ko"}]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    told = note_overlap(make_plan(evaluated(study, {"prompts": str(path)})))
    assert told.startswith("Of 6 training prompts 1 are among the 2 evaluation prompts and 0 resemble one; ")
    assert told.endswith(" contamination.json in the study's folder names them.")
    assert noted_overlap(study.output) == told
    found = json.loads((study.output / "contamination.json").read_text(encoding="utf-8"))["against"]["evaluation"]
    assert [pair["train"]["prompt"] for pair in found["pairs"]] == [trained]
    # Of the same file only what is evaluated counts.
    other = evaluated(study, {"prompts": str(path), "num_prompts": "1"})
    assert "among the 1 evaluation prompts" in note_overlap(make_plan(other))


def test_a_folder_of_the_benchmark(study: StudyConfig, tmp_path: Path) -> None:
    trained = json.loads(make_plan(study).files.train.read_text(encoding="utf-8").splitlines()[0])["prompt"]
    path = tmp_path / "test_sets/monolingual/okapi/ko.csv"
    path.parent.mkdir(parents=True)
    path.write_text(f'prompt,source,language\n"{trained}",okapi,ko\n', encoding="utf-8")
    told = note_overlap(make_plan(evaluated(study, {"prompts": str(tmp_path / "test_sets")})))
    assert "1 are among the 1 evaluation prompts" in told


def test_prompts_that_learning_rates_are_chosen_on(tmp_path: Path) -> None:
    """The split takes a prompt once, but what differs by a mark is another prompt to it."""
    path = tmp_path / "train.txt"
    path.write_text("".join(f"오늘 저녁에는 무엇을 먹을까요{'?' * number}\n" for number in range(6)), encoding="utf-8")
    study = replace(small_study(tmp_path), prompts=str(path), validation_prompts=3)
    told = note_overlap(make_plan(study))
    assert "none is or resembles one of the 60 evaluation prompts; 3 are among the 3 validation prompts" in told


def test_methods_that_bring_their_own_prompts(study: StudyConfig, tmp_path: Path) -> None:
    from tlpo.data import load_prompts

    held_out = load_prompts(language="ko", split="eval")[:3]
    prompts, others, data = tmp_path / "own.txt", tmp_path / "others.txt", tmp_path / "pairs.jsonl"
    prompts.write_text(f"{held_out[0].prompt}\n", encoding="utf-8")
    others.write_text(f"{held_out[1].prompt}\n", encoding="utf-8")
    pairs = [{"prompt": one.prompt, "language": "ko", "chosen": "네", "rejected": "yes"} for one in held_out[1:]]
    data.write_text("".join(json.dumps(pair) + "\n" for pair in pairs), encoding="utf-8")
    own = {"tlpo": {"prompts": str(prompts)}, "dpo": {"prompts": str(others), "data": str(data)}}
    methods = tuple(replace(method, train=own.get(method.kind, {})) for method in study.methods)
    told = note_overlap(make_plan(replace(study, methods=methods)))
    # The third one's record is not among the prompts, so that it is not trained on.
    assert told.startswith("Of 2 training prompts 2 are among the 60 evaluation prompts")


def test_nothing_to_compare(study: StudyConfig, tmp_path: Path) -> None:
    assert note_overlap(make_plan(replace(study, methods=study.methods[:2]))) == ""
    assert noted_overlap(study.output) == ""
    path = tmp_path / "sw.txt"
    path.write_text("".join(f"swali la {number}\n" for number in range(6)), encoding="utf-8")
    swahili = replace(study, languages=("sw",), prompts=str(path), validation_prompts=2)
    told = note_overlap(make_plan(swahili))
    assert told == (
        "Of 4 training prompts none is or resembles one of the 2 validation prompts. Not checked against evaluation "
        "prompts: sw, for which there are none."
    )
    assert noted_overlap(study.output) == told
    assert json.loads((study.output / "contamination.json").read_text(encoding="utf-8"))["not_checked"] == ["sw"]


def test_an_evaluation_file_that_is_missing_is_told_at_once(study: StudyConfig) -> None:
    with pytest.raises(UserError, match=r"none\.jsonl"):
        note_overlap(make_plan(evaluated(study, {"prompts": "none.jsonl"})))
