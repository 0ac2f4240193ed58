"""Where a record's prompt and its reference answer stand, by the names in use or by those that are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tlpo.data.rows import Row
from tlpo.errors import UserError, did_you_mean

PROMPTS = ("prompt", "messages", "conversations", "instruction")
ANSWERS = ("answer", "completion", "output")
INPUTS = ("input", "context")
"""What an instruction is about."""
_ROLES = {"human": "user", "gpt": "assistant", "chatgpt": "assistant"}


@dataclass(frozen=True)
class FieldNames:
    """What a data set calls its prompts and its reference answers, None where that is one of the names in use.

    A field that is named holds the whole prompt or answer, whatever else a record has.
    """

    prompt: str | None = None
    answer: str | None = None

    def applied(self, row: Row) -> Row:
        """The row with those fields as ``prompt`` and ``answer``, and without the others of that kind.

        Raises UserError when the record has no such field, or its answer is not text.
        """
        given = {"prompt": self.prompt, "answer": self.answer}
        named = {kind: name for kind, name in given.items() if name is not None}
        if not named:
            return row
        found = {kind: _value(row, name, kind) for kind, name in named.items()}
        taken = {*named.values()}.union(PROMPTS if self.prompt else (), ANSWERS if self.answer else ())
        others = {name: value for name, value in row.fields.items() if name not in taken}
        return Row(row.where, others | found, tuple(name for name in row.blank if name not in taken))


def _value(row: Row, name: str, kind: str) -> Any:
    """What a record has in the field that is named for its prompt or answer (``kind``); None for a blank one."""
    if name not in row.names:
        hint, have = did_you_mean(name, row.names), ", ".join(row.names) or "nothing"
        raise UserError(f"{row.where}: no field '{name}'{hint} for --{kind}_field: name one of {have}")
    value = row.fields.get(name)
    if kind == "answer" and not isinstance(value, str | None):
        raise UserError(
            f"{row.where}: the answer '{name}' is not text but {type(value).__name__} {value!r:.40}: name another "
            "field with --answer_field, or leave it out"
        )
    return value


def prompt_in(fields: Mapping[str, Any]) -> tuple[object, str | None]:
    """A record's prompt and its reference answer, each None where there is none, or a blank one.

    The prompt is ``prompt``, ``messages`` or ``conversations``, or ``instruction`` with ``input`` (as in Alpaca and
    Bactrian-X) or ``context`` (as in Dolly) after an empty line. Turns as ShareGPT has them become chat messages. The
    answer is ``answer``, ``completion`` or ``output``, if that is text, or what the assistant says last in such turns.
    """
    name = next((name for name in PROMPTS if not _is_blank(fields.get(name))), None)
    prompt, said = (None, None) if name is None else _read_turns(fields[name])
    if name == "instruction" and isinstance(prompt, str):
        prompt = "\n\n".join((prompt, *_texts(fields.get(name) for name in INPUTS)[:1]))
    answers = _texts([*(fields.get(name) for name in ANSWERS), said])
    return None if _is_blank(prompt) else prompt, answers[0] if answers else None


def names_prompt(row: Row) -> bool:
    """Whether the record has a field for the prompt, be it blank."""
    return any(name in row.names for name in PROMPTS)


def _read_turns(value: Any) -> tuple[Any, object]:
    """Turns of ShareGPT (``from`` and ``value``) as messages, and apart from them the answer if it comes last.

    Anything else stays what it is: the last of chat messages, if it is the assistant's, is to be continued.
    """
    turns = value if isinstance(value, list) else []
    if not turns or not all(isinstance(turn, Mapping) and {"from", "value"} <= turn.keys() for turn in turns):
        return value, None
    messages = [{"role": _ROLES.get(str(turn["from"]), turn["from"]), "content": turn["value"]} for turn in turns]
    if messages[-1]["role"] == "assistant":
        return messages[:-1], messages[-1]["content"]
    return messages, None


def _texts(values: Iterable[object]) -> list[str]:
    return [value for value in values if isinstance(value, str) and value.strip()]


def _is_blank(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())
