"""Responses as items of an evaluation, written down."""

from __future__ import annotations

from typing import Any

from tlpo.evaluation.parts import Item


def item(index: int, sample: int = 0, **changes: Any) -> Item:
    """A Korean response of two tokens."""
    values = {
        "id": f"all/ko/{index}#{sample}", "setting": "all", "source": "all", "language": "ko", "index": index,
        "sample": sample, "prompt": f"질문 {index}", "response": "가나", "finished": "length", "ids": [1, 2],
    }  # fmt: skip
    return {**values, **changes}
