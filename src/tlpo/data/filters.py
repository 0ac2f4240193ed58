"""Whether a prompt is fit to train on, and if not, why.

The checks come in the order of `REASONS`, cheap ones first, and the first that objects is the reason. So the counts add
up to the prompts that were read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tlpo.confusion import ConfusionDetector
from tlpo.data.contamination import EvaluationIndex
from tlpo.data.duplicates import PromptIndex
from tlpo.data.language_names import mentions_in
from tlpo.data.records import PromptRecord, user_text
from tlpo.data.requests import code_requests, translation_requests
from tlpo.data.similarity import NEAR, check_near
from tlpo.errors import UserError, did_you_mean

REASONS = {
    "empty": "no text",
    "long": "too long",
    "duplicate": "the same as an earlier prompt",
    "language": "names a language",
    "translation": "asks for a translation",
    "code": "asks for code, or holds some",
    "near": "nearly an earlier prompt",
    "evaluation": "is an evaluation prompt, or nearly one",
    "confused": "leaves its language itself",
}
"""The checks in their order, with what each drops."""
OPTIONAL = tuple(name for name in REASONS if name not in ("empty", "evaluation"))
"""Those that may be left out."""
_SHOWN = 120  # characters of evidence


@dataclass(frozen=True)
class FilterSettings:
    """What is dropped.

    max_chars: longest prompt in characters (the paper's: 500). max_tokens: longest prompt in tokens of a model, chat
    template included; None for no limit. near: Jaccard similarity from which two prompts count as near. english,
    strictness: of the detector that reads the prompts. without: checks to leave out, of `OPTIONAL`.

    Raises UserError when values are out of range; all of them are named in one message.
    """

    max_chars: int = 500
    max_tokens: int | None = None
    near: float = NEAR
    english: str = "neutral"
    strictness: str = "default"
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = [
            f"{name} is {value}: give at least 1"
            for name, value in (("max_chars", self.max_chars), ("max_tokens", self.max_tokens))
            if value is not None and value < 1
        ]
        problems += [
            f"no such check: '{name}'{did_you_mean(name, OPTIONAL)}; the checks are {', '.join(OPTIONAL)}"
            for name in self.without
            if name not in OPTIONAL
        ]
        if problems:
            raise UserError("; ".join(problems))
        check_near(self.near)
        ConfusionDetector("en", english=self.english, strictness=self.strictness)


class Objection(NamedTuple):
    """Why a prompt is dropped: one of `REASONS`, and what shows it."""

    reason: str
    evidence: str


@dataclass
class PromptFilter:
    """Judges prompts one after another; what it keeps, later ones are compared with.

    evaluation: prompts that training prompts must not be. count_tokens: length in tokens, for ``max_tokens``.

    Raises UserError when a package is missing.
    """

    settings: FilterSettings
    evaluation: EvaluationIndex | None = None
    count_tokens: Callable[[PromptRecord], int] | None = None
    _kept: PromptIndex = field(init=False)
    _detectors: dict[str, ConfusionDetector] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._kept = PromptIndex(self.settings.near)
        if self.settings.max_tokens is not None and self.count_tokens is None:
            raise UserError("max_tokens needs a model to count with: give one")

    def objection(self, record: PromptRecord, name: str, language: str | None = None) -> Objection | None:
        """Why ``record`` is dropped; None if it is kept, and from then on known as ``name``.

        language: what the prompt is written in, if not in the answer's language.
        """
        text, code = user_text(record.prompt), language or record.language
        if not text.strip():
            return Objection("empty", "")
        found = self._too_long(record, text)
        if found is not None:
            return found
        prepared = self._kept.prepare(text)
        if self._asked("duplicate") and (same := self._kept.exact(prepared)):
            return Objection("duplicate", same.name)
        found = self._asks(text, code)
        if found is not None:
            return found
        if self._asked("near") and (near := self._kept.nearest(prepared)):
            return Objection("near", f"{near.name} ({near.similarity:.2f})")
        if self.evaluation is not None and (match := self.evaluation.find(text)):
            return Objection("evaluation", f"{match.record.id or match.record.where} ({match.similarity:.2f})")
        if self._asked("confused") and (confused := self._confused(text, code)):
            return confused
        self._kept.add(prepared, name)
        return None

    def remember(self, record: PromptRecord, name: str) -> None:
        """Take a prompt for kept that was judged before."""
        self._kept.add(self._kept.prepare(user_text(record.prompt)), name)

    def _asked(self, check: str) -> bool:
        return check not in self.settings.without

    def _too_long(self, record: PromptRecord, text: str) -> Objection | None:
        if not self._asked("long"):
            return None
        if len(text) > self.settings.max_chars:
            return Objection("long", f"{len(text)} characters")
        if self.settings.max_tokens is not None and self.count_tokens is not None:
            tokens = self.count_tokens(record)
            if tokens > self.settings.max_tokens:
                return Objection("long", f"{tokens} tokens")
        return None

    def _asks(self, text: str, code: str) -> Objection | None:
        for check, finder in (
            ("language", mentions_in),
            ("translation", translation_requests),
            ("code", code_requests),
        ):
            if self._asked(check) and (words := finder(code).find(text)):
                return Objection(check, words[:_SHOWN])
        return None

    def _confused(self, text: str, code: str) -> Objection | None:
        if code not in self._detectors:
            options = self.settings.english, self.settings.strictness
            self._detectors[code] = ConfusionDetector(code, english=options[0], strictness=options[1])
        found = self._detectors[code].check(text)
        return Objection("confused", found.spans[0].text[:_SHOWN]) if found.verdict == "confused" else None
