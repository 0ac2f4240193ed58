"""Records for `tlpo data filter`, as Bactrian-X has them, and the command in this process."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tlpo.cli.main import main

RECORDS = [
    {"id": "a", "instruction": "김치찌개 레시피를 알려 주세요.", "input": "", "output": "먼저 김치를 볶습니다."},
    {
        "id": "b",
        "instruction": "다음 글을 요약해 주세요.",
        "input": "서울은 큰 도시입니다.",
        "output": "서울은 큽니다.",
    },
    {"id": "c", "instruction": "영어로 답해 주세요.", "input": "", "output": "Yes."},
    {"id": "d", "instruction": "다음 문장을 번역해 주세요.", "input": "안녕하세요.", "output": "-"},
    {"id": "e", "instruction": "두 수를 더하는 함수를 작성하세요.", "input": "", "output": "-"},
    {"id": "f", "instruction": "김치찌개 레시피를, 알려주세요!", "input": " ", "output": "먼저"},
    {"id": "g", "instruction": "김치찌개 레시피를 알려 주세요", "input": "", "output": "또"},
    {"id": "h", "instruction": "오늘은 погода 좋네요.", "input": "", "output": "네."},
    {"id": "i", "instruction": "", "input": "", "output": "?"},
    {"id": "j", "instruction": "가" * 501, "input": "", "output": "?"},
]
"""The first two pass; every other one is dropped, each for a reason of its own."""


def bactrian(folder: Path) -> Path:
    path = folder / "ko.json.gz"
    path.write_bytes(gzip.compress(json.dumps(RECORDS, ensure_ascii=False).encode()))
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(source: Path | str, output: Path, *more: str) -> int:
    return main(["data", "filter", str(source), "--output", str(output), *more])
