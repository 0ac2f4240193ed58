"""One sampled response with its verdict, and the JSON-lines file that holds them.

The file is appended to while sampling goes on, so its last line may be half-written after a kill. `read_records`
drops that line; any other bad line is an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.errors import UserError
from tlpo.files import json_text

if TYPE_CHECKING:
    from tlpo.confusion import Detection

Prompt = str | list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    """One response of an audit.

    index: the prompt's place in the prompts file (from 0). sample: which of the prompt's samples (from 0).
    prompt: text, or chat messages. ids: the sampled token ids, without the end-of-sequence token.
    finished: "eos" or "length". confusion_point: character offset into `response`, or None. spans: what the detector
    reported, as plain dicts with start, end, text, script, language, confidence, rule.
    """

    index: int
    sample: int
    language: str
    prompt: Prompt
    response: str
    ids: tuple[int, ...]
    finished: str
    verdict: str
    confusion_point: int | None
    spans: tuple[dict[str, Any], ...] = ()

    @property
    def prompt_text(self) -> str:
        """The prompt to show: the text itself, or the contents of its messages, one a line."""
        if isinstance(self.prompt, str):
            return self.prompt
        return "\n".join(str(message.get("content", "")) for message in self.prompt)

    def to_json(self) -> str:
        """One line of JSON, without its newline; ASCII only where a lone surrogate could not be written otherwise."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["tokens"] = len(self.ids)
        return json_text(values)

    @classmethod
    def from_json(cls, line: str) -> ResponseRecord:
        """The inverse of `to_json`. Raises ValueError, KeyError or TypeError if the line is something else."""
        values = json.loads(line)
        values = {field.name: values[field.name] for field in fields(cls)}
        values["ids"], values["spans"] = tuple(values["ids"]), tuple(values["spans"])
        return cls(**values)


def span_dicts(detection: Detection) -> tuple[dict[str, Any], ...]:
    """A detection's spans as plain dicts, ready for JSON."""
    names = ("start", "end", "text", "script", "language", "confidence", "rule")
    return tuple({name: getattr(span, name) for name in names} for span in detection.spans)


def read_records(path: Path) -> list[ResponseRecord]:
    """The records of a responses file, without a half-written last line. Raises UserError naming a broken line."""
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")  # not splitlines: texts hold U+2028
    records = []
    for number, line in enumerate(lines[:-1], start=1):
        try:
            records.append(ResponseRecord.from_json(line))
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path}, line {number}: not a response record ({error!r}); delete the file to sample again"
            ) from error
    return records
