"""What a run has sampled: the one currency in which methods of different kinds can be compared."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tlpo.files import write_json


@dataclass
class RolloutCount:
    """Sampled responses and their tokens.

    Attributes:
        responses: responses sampled, those that were stopped early included. For a method that learns from a file, the
            responses sampled to make it.
        tokens: their tokens, ends of responses included.
        explored_tokens: tokens decoded after candidates (TLPO alone; these are no responses).
    """

    responses: int = 0
    tokens: int = 0
    explored_tokens: int = 0

    def add(self, *, responses: int = 0, tokens: int = 0, explored_tokens: int = 0) -> None:
        """Count further ones."""
        self.responses += responses
        self.tokens += tokens
        self.explored_tokens += explored_tokens

    def save(self, path: Path) -> None:
        """Write it beside a checkpoint."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> RolloutCount:
        """Read it again; nothing was sampled where there is no such file."""
        return cls(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else cls()
