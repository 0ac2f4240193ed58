"""What a candidate is worth: +1 if its continuation stays in the language, -1 if not, and the cases in between.

A continuation is judged in context: the detector sees the response up to the confusion point and the continuation
together, and only what lies from the confusion point on counts. Judged alone, a candidate that completes a half-written
wrong word, or writes capitals, can pass.

Two continuations are neither right nor wrong, because they say nothing in any language: one that ends the response at
once, and one that holds no letter of the language (digits, punctuation, blanks). Calling them clean teaches the policy
to stop early and to write numbers. One that breaks a character off, as byte pieces can, says nothing either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tlpo.modeling.alignment import TokenText

if TYPE_CHECKING:
    from tlpo.confusion import ConfusionDetector
    from tlpo.training.exploration import Candidate

Outcome = Literal["clean", "confused", "neutral", "end"]
Worth = Literal["clean", "zero", "drop"]
SampledEvidence = Literal["response", "look_ahead"]

REWARD_OF: dict[str, float] = {"clean": 1.0, "zero": 0.0, "drop": 0.0}


@dataclass(frozen=True)
class RewardSettings:
    """The rules for the cases in between.

    Attributes:
        in_context: judge the prefix and the continuation together; False judges the new tokens alone (the paper).
        neutral: worth of a continuation without a letter of the language, or with bytes that are no character:
            ``clean`` (+1, the paper), ``zero`` (0) or ``drop`` (left out of the group).
        end: worth of a continuation that ends the response before any such letter: the same three.
        sampled: what judges the token that was sampled. ``look_ahead``: its greedy continuation, as with the others.
            ``response``: the response that it led into confusion, so it always counts as confused; no point is then
            without a signal, though a token that both languages share is blamed for what followed it.
    """

    in_context: bool = True
    neutral: Worth = "drop"
    end: Worth = "drop"
    sampled: SampledEvidence = "look_ahead"


@dataclass(frozen=True)
class Judged:
    """A candidate's outcome, its reward in {-1, 0, 1}, and whether it belongs to the group."""

    outcome: Outcome
    reward: float
    member: bool


_BROKEN = "\ufffd"  # what bytes that are no character are decoded to

CONFUSED = Judged("confused", -1.0, True)


def judge(
    prefix: str,
    candidate: Candidate,
    table: Sequence[bytes],
    detector: ConfusionDetector,
    eos_ids: frozenset[int],
    settings: RewardSettings,
    *,
    pending: bytes = b"",
    sampled: bool = False,
) -> Judged:
    """Judge one candidate.

    Args:
        prefix: text of the response before the confusion token.
        candidate: with its continuation.
        table: bytes of each token id.
        detector: of the response's language.
        eos_ids: ids that end a response.
        settings: the rules.
        pending: the bytes of a character that the prefix leaves unfinished and the candidate may end.
        sampled: whether the candidate is the confusion token itself.

    A word that the look-ahead cuts in half is judged as if it ended there: letters of a wrong script are wrong already,
    whatever follows, and among languages of one script a phrase of several words decides, not its last one. A character
    cut in half (byte pieces) is left out: no letter has been written yet.
    """
    if sampled and settings.sampled == "response":
        return CONFUSED
    text = TokenText(table, candidate.continuation, pending=pending if settings.in_context else b"").text
    ended = candidate.continuation[-1] in eos_ids
    start = len(prefix) if settings.in_context else 0
    whole = prefix + text if settings.in_context else text
    if detector.check(whole, start=start).confusion_point is not None:
        return CONFUSED
    if _BROKEN in text or not detector.has_target_letter(text):
        outcome: Outcome = "end" if ended else "neutral"
        worth = settings.end if ended else settings.neutral
        return Judged(outcome, REWARD_OF[worth], worth != "drop")
    return Judged("clean", 1.0, True)
