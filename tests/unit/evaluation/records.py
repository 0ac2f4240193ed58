"""Responses to score, written down."""

from __future__ import annotations

from typing import Any

from tlpo.evaluation.records import ResponseRecord


def response(index: int = 0, text: str = "안녕", **changes: Any) -> ResponseRecord:
    """A clean Korean response of two tokens, with what is given changed."""
    values: dict[str, Any] = {
        "index": index,
        "sample": 0,
        "language": "ko",
        "prompt": f"질문 {index}",
        "response": text,
        "ids": (1, 2),
        "finished": "length",
        "verdict": "clean",
        "confusion_point": None,
        "spans": (),
    }
    return ResponseRecord(**{**values, **changes})


def confused(index: int, text: str, start: int, end: int, **changes: Any) -> ResponseRecord:
    """A response whose text [start, end) is English."""
    span = {
        "start": start,
        "end": end,
        "text": text[start:end],
        "script": "Latn",
        "language": "en",
        "confidence": 0.9,
        "rule": "english",
    }
    return response(index, text, verdict="confused", confusion_point=start, spans=(span,), **changes)
