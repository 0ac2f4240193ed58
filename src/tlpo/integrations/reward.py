"""A language-consistency reward for TRL's ``GRPOTrainer``.

    trainer = GRPOTrainer(model, reward_funcs=[language_consistency_reward, ...], train_dataset=with_a_language_column)
    trainer = GRPOTrainer(model, reward_funcs=[LanguageConsistencyReward("ko", mode="binary")], ...)

A completion without a letter of its language earns 0: digits and punctuation are never confused, and a policy that is
paid for them learns to write nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from tlpo.confusion import ConfusionDetector
from tlpo.errors import UserError, did_you_mean
from tlpo.metrics.consistency import word_counts

Completion = str | Sequence[Mapping[str, Any]]
Mode = Literal["fraction", "binary"]
Part = Literal["all", "reasoning", "answer"]

_MODES = ("fraction", "binary")
_PARTS = ("all", "reasoning", "answer")
_OPENING = "<think>"


class LanguageConsistencyReward:
    """The reward with its options fixed; call it as TRL calls reward functions.

    language: the target of all samples; None takes it from the dataset's column `language`.
    mode: "fraction": words that no confusion touches over all words, in [0, 1] (letters where no spaces are written);
        "binary": 1.0 for a completion without confusion, else 0.0.
    part: "all" of the completion; its "reasoning", up to ``</think>``; or the "answer" after it.
    english, also, allow, strictness: as in `ConfusionDetector`.

    Raises:
        UserError: an unknown language or option.
    """

    def __init__(
        self,
        language: str | None = None,
        *,
        mode: Mode = "fraction",
        part: Part = "all",
        english: str = "neutral",
        also: Iterable[str] = (),
        allow: Iterable[str] = (),
        strictness: str = "default",
    ) -> None:
        _check_option("mode", mode, _MODES)
        _check_option("part", part, _PARTS)
        # TRL names its log entries after it; two rewards with other options should not share one.
        suffixes = [option for option in (mode, part) if option not in ("fraction", "all")]
        self.__name__ = "_".join(["language_consistency_reward", *suffixes])
        self._language, self._mode, self._part = language, mode, part
        self._options = (english, tuple(also), tuple(allow), strictness)
        if language is not None:
            _detector(language, *self._options)  # an unknown name is told now, not in the middle of training

    def __call__(
        self, completions: Sequence[Completion], language: str | Sequence[str | None] | None = None, **kwargs: Any
    ) -> list[float | None]:
        """One reward a completion, in [0, 1].

        completions: texts, or lists of chat messages of which the assistant's count. language: one code for all, or
        one a completion (the dataset's column); a sample whose language is None has no reward (None), which TRL
        leaves out. Further columns that TRL passes are not used.

        Raises:
            UserError: no language is known, or there are not as many as completions.
        """
        languages = self._languages(language, len(completions))
        return [
            self._reward(text_of(completion), code) for completion, code in zip(completions, languages, strict=True)
        ]

    def _languages(self, language: str | Sequence[str | None] | None, count: int) -> Sequence[str | None]:
        if self._language is not None:
            return [self._language] * count
        if language is None:
            raise UserError(
                "language_consistency_reward has no language: add a column 'language' to the dataset, "
                "or pass LanguageConsistencyReward('ko') as the reward function"
            )
        if isinstance(language, str):
            return [language] * count
        if len(language) != count:
            raise UserError(f"{len(language)} languages for {count} completions: give one language for each")
        return language

    def _reward(self, text: str, language: str | None) -> float | None:
        if language is None:
            return None
        detector = _detector(language, *self._options)
        text = select_part(text, self._part)
        if not detector.has_target_letter(text):
            return 0.0
        detection = detector.check(text)
        if self._mode == "binary":
            return 0.0 if detection.verdict == "confused" else 1.0
        passed, total = word_counts(text, language, detection)
        return passed / total if total else 0.0


def language_consistency_reward(
    completions: Sequence[Completion],
    language: str | Sequence[str | None] | None = None,
    *,
    mode: Mode = "fraction",
    part: Part = "all",
    english: str = "neutral",
    **kwargs: Any,
) -> list[float | None]:
    """`LanguageConsistencyReward` as a plain function: pass it to ``GRPOTrainer`` as it is.

    The dataset needs a column `language`. See the class for the options and what is returned.
    """
    return LanguageConsistencyReward(mode=mode, part=part, english=english)(completions, language)


def text_of(completion: Completion) -> str:
    """The text of a completion: itself, or what the assistant's messages say, one a line.

    A message's content may be text or a list of parts, of which those of type "text" count.
    """
    if isinstance(completion, str):
        return completion
    said = (message.get("content") for message in completion if message.get("role", "assistant") == "assistant")
    return "\n".join(_content_text(content) for content in said if content)


def _content_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content if part.get("type") == "text")


def select_part(text: str, part: Part) -> str:
    """The reasoning, the answer after it, or the whole text.

    The reasoning ends with ``</think>`` and begins with the text, as many templates write ``<think>`` themselves. Where
    it never ends, all of the text is reasoning; as an answer a text without either tag counts in full.
    """
    if part == "all":
        return text
    reasoning, end, answer = text.rpartition("</think>")
    if part == "answer":
        return "" if not end and _OPENING in text else answer
    return (reasoning if end else text).lstrip().removeprefix(_OPENING)


@lru_cache(maxsize=256)
def _detector(
    language: str, english: str, also: tuple[str, ...], allow: tuple[str, ...], strictness: str
) -> ConfusionDetector:
    return ConfusionDetector(language, english=english, also=also, allow=allow, strictness=strictness)


def _check_option(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise UserError(f"{name} is '{value}'{did_you_mean(value, known)}; it should be one of {', '.join(known)}")
