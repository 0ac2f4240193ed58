"""Which prompts of a file the consistency suite asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tlpo.errors import UserError
from tlpo.evaluation.options import EvaluationConfig
from tlpo.evaluation.prompts import consistency_prompts

RECORDS = [
    {"prompt": "가", "split": "train"}, {"prompt": "나", "split": "eval"}, {"prompt": "다"},
    {"prompt": "라", "split": "train"},
]  # fmt: skip


def asked(folder: Path, records: list[dict[str, str]], split: str | None) -> str:
    path = folder / "p.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    options = {"model": "m", "output": "o", "prompts": str(path), "language": ["ko"], "prompts_split": split}
    return "".join(str(record.prompt) for record in consistency_prompts(EvaluationConfig(**options)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("split", "expected"), [(None, "나다"), ("eval", "나다"), ("train", "가다라"), ("all", "가나다라")]
)
def test_a_file_whose_records_name_their_split(tmp_path: Path, split: str | None, expected: str) -> None:
    """Prompts that a run was trained on are not asked unless told to."""
    assert asked(tmp_path, RECORDS, split) == expected


def test_a_file_of_training_prompts_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"p\.jsonl: no prompt of the split 'eval'"):
        asked(tmp_path, RECORDS[::3], None)


def test_a_split_that_a_file_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"prompts_split is 'tain' \(did you mean 'train'\?\), but .*p.jsonl is a file: give"
    ):
        asked(tmp_path, RECORDS, "tain")
    options = {"model": "m", "output": "o", "language": ["ko"]}
    with pytest.raises(UserError, match="prompts_split is 'train', but the bundled held-out prompts have none"):
        consistency_prompts(EvaluationConfig(**options, prompts_split="train"))  # type: ignore[arg-type]
    assert consistency_prompts(EvaluationConfig(**options, prompts_split="eval"))  # type: ignore[arg-type]
