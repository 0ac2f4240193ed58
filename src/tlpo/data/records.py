"""One prompt, as every later step sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Messages = list[dict[str, Any]]


@dataclass(frozen=True)
class PromptRecord:
    """One prompt and the language its answer has to be in.

    index: 0-based place among the loaded prompts. prompt: text, or chat messages (``role`` and ``content``).
    language: code of the answer's language, which for cross-lingual prompts is not the prompt's. id, source: as the
    file gives them, or None. where: the file and line (or record) it came from, for messages. answer: a reference
    answer, if the file has one. setting: of a benchmark's prompt "monolingual" or "crosslingual", else None.
    """

    index: int
    prompt: str | Messages
    language: str
    id: str | None = None
    source: str | None = None
    where: str = ""
    answer: str | None = None
    setting: str | None = None

    @property
    def place(self) -> str:
        """Where it stands, for messages: its file and line, or its number."""
        return self.where or f"prompt {self.index}"


def last_user_text(prompt: str | Messages) -> str:
    """The text that a person reads as the question: the prompt itself, or the last user message of a chat."""
    if isinstance(prompt, str):
        return prompt
    return next((str(m["content"]) for m in reversed(prompt) if m["role"] == "user"), "")


def user_text(prompt: str | Messages) -> str:
    """Everything that the user (and the system prompt) says: what has to be judged of a prompt."""
    if isinstance(prompt, str):
        return prompt
    return "\n".join(str(m["content"]) for m in prompt if m["role"] != "assistant")


def problem_with(prompt: object) -> str | None:
    """What is wrong with ``prompt`` as text or chat messages, or None if nothing is."""
    if isinstance(prompt, str):
        return None if prompt.strip() else "the prompt is empty"
    if not isinstance(prompt, list) or not prompt:
        return f"the prompt is neither text nor a list of chat messages but {type(prompt).__name__} {prompt!r:.40}"
    for number, message in enumerate(prompt, start=1):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            return f"message {number} has no 'role'"
        if not isinstance(message.get("content"), str):
            return f"message {number} ('{message['role']}') has no text 'content'"
    return None
