"""Where a record's prompt and its reference answer stand, by the names in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlpo.data.rows import Row

PROMPTS = ("prompt", "messages", "instruction")
ANSWERS = ("answer", "completion", "output")


def prompt_in(fields: Mapping[str, Any]) -> tuple[object, str | None]:
    """A record's prompt and its reference answer, each None where there is none, or a blank one.

    The prompt is ``prompt`` or ``messages``, or ``instruction`` with ``input`` after an empty line, as in Alpaca and
    Bactrian-X. The answer is ``answer``, ``completion`` or ``output``, if that is text.
    """
    name = next((name for name in PROMPTS if not _is_blank(fields.get(name))), None)
    prompt = None if name is None else fields[name]
    if name == "instruction" and isinstance(prompt, str):
        more = fields.get("input")
        prompt = f"{prompt}\n\n{more}" if isinstance(more, str) and more.strip() else prompt
    answers = (fields.get(name) for name in ANSWERS)
    return prompt, next((answer for answer in answers if isinstance(answer, str) and answer.strip()), None)


def names_prompt(row: Row) -> bool:
    """Whether the record has a field for the prompt, be it blank."""
    return any(name in row.names for name in PROMPTS)


def _is_blank(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())
