"""Sampled responses to preference pairs, as the paper makes them, and to answers for supervised fine-tuning.

A prompt with clean and with confused responses gives one pair: a random clean one is chosen, a random confused one
rejected. Prompts with responses of one kind only give none; undecided responses are neither.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tlpo.data.fields import ANSWERS
from tlpo.data.prompts import chosen_rows, prompt_record
from tlpo.data.records import PromptRecord
from tlpo.data.rows import Row
from tlpo.errors import UserError

Judge = Callable[[str, str], str]
"""(text, language of the answer) to verdict."""
VERDICTS = ("clean", "confused", "undecided")
_ENDINGS = ("eos", "length", "confusion")


@dataclass
class Tally:
    """What became of the prompts, by language and outcome, and of the responses, by language and verdict."""

    prompts: dict[str, Counter[str]] = field(default_factory=dict)
    responses: dict[str, Counter[str]] = field(default_factory=dict)

    def count(self, language: str, outcome: str, verdicts: Iterable[str] = ()) -> None:
        """One more prompt."""
        self.prompts.setdefault(language, Counter())[outcome] += 1
        self.responses.setdefault(language, Counter()).update(verdicts)

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries."""
        return {
            "prompts": {code: dict(counts) for code, counts in self.prompts.items()},
            "responses": {code: dict(counts) for code, counts in self.responses.items()},
        }


def preference_pairs(
    rows: Iterable[Row], tally: Tally, *, seed: int = 0, judge: Judge | None = None, finished: bool = False
) -> Iterator[dict[str, Any]]:
    """One pair for each prompt that has both kinds of responses.

    A pair has id, prompt, language, the texts chosen and rejected, their tokens (``chosen_ids``) and how they ended
    (``chosen_finished``), and how many responses and tokens were sampled for it.

    Args:
        rows: as `tlpo data sample` writes them.
        tally: filled in. Outcomes: "pair", "all clean", "all confused", "neither" (too little to tell).
        seed: with a prompt's id and language it decides the choice, wherever in the file the prompt stands; with its
            place in the file, where it has no id.
        judge: judges the responses anew; None takes the verdicts as they are.
        finished: only responses that ended themselves are chosen. One that was cut teaches to stop in mid-sentence.

    Raises:
        UserError: a record holds no responses.
    """
    for record, row in _records(rows):
        made = preference_pair(record, row, tally, seed=seed, judge=judge, finished=finished)
        if made is not None:
            yield made


def preference_pair(
    record: PromptRecord, row: Row, tally: Tally, *, seed: int = 0, judge: Judge | None = None, finished: bool = False
) -> dict[str, Any] | None:
    """The pair of one prompt, as `preference_pairs` makes it; None if it has none. row: with its responses."""
    responses = _judged(row, record.language, judge)
    kinds: dict[str, list[Mapping[str, Any]]] = {name: [] for name in VERDICTS}
    for verdict, response in responses:
        kinds[verdict].append(response)
    clean = [one for one in kinds["clean"] if not finished or one.get("finished") == "eos"]
    verdicts = [verdict for verdict, _ in responses]
    if not clean or not kinds["confused"]:
        tally.count(record.language, _outcome(clean, kinds["clean"], kinds["confused"]), verdicts)
        return None
    tally.count(record.language, "pair", verdicts)
    draw = _draw(seed, record)
    chosen, rejected = draw.choice(clean), draw.choice(kinds["confused"])
    return {
        "id": record.id,
        "prompt": record.prompt,
        "language": record.language,
        **_side("chosen", chosen),
        **_side("rejected", rejected),
        "sampled": len(responses),
        "sampled_tokens": sum(len(response.get("ids") or ()) for _, response in responses),
    }


def answers(
    rows: Iterable[Row],
    tally: Tally,
    *,
    language: tuple[str, ...] = (),
    seed: int = 0,
    judge: Judge | None = None,
    finished: bool = False,
) -> Iterator[dict[str, Any]]:
    """One answer for each prompt that has any: the reference answer, else a random clean one of the responses.

    An answer has id, prompt, language, completion and from ("reference" or "sampled").

    Args:
        rows: prompts with reference answers, or what `tlpo data sample` writes.
        language: codes; one of them stands for records that name none.
        tally: filled in. Outcomes: "reference", "sampled", "none".
        seed, judge, finished: as in `preference_pairs`.

    Raises:
        UserError: a record cannot be used.
    """
    for record, row in _records(rows, language):
        if record.answer is not None:
            tally.count(record.language, "reference")
            completion, origin = record.answer, "reference"
        else:
            responses = _judged(row, record.language, judge) if "responses" in row.fields else []
            clean = [
                one
                for verdict, one in responses
                if verdict == "clean" and (not finished or one.get("finished") == "eos")
            ]
            verdicts = [verdict for verdict, _ in responses]
            tally.count(record.language, "sampled" if clean else "none", verdicts)
            if not clean:
                continue
            completion, origin = _draw(seed, record).choice(clean)["text"], "sampled"
        yield {
            "id": record.id,
            "prompt": record.prompt,
            "language": record.language,
            "completion": completion,
            "from": origin,
        }


def _records(rows: Iterable[Row], language: tuple[str, ...] = ()) -> Iterator[tuple[PromptRecord, Row]]:
    seen: dict[tuple[str, str, int], str] = {}  # where each sampled prompt stands; one that stands twice counts twice
    for index, (row, code) in enumerate(chosen_rows(rows, language=language)):
        record = prompt_record(row, index, code)
        if record.id is not None and "responses" in row.fields:
            key = code, record.id, hash(repr(record.prompt))
            if key in seen:
                raise UserError(f"{row.where}: the prompt '{record.id}' is that of {seen[key]}: remove one of them")
            seen[key] = row.where
        yield record, row


def _judged(row: Row, language: str, judge: Judge | None) -> list[tuple[str, Mapping[str, Any]]]:
    """(verdict, response) of every response of a record."""
    responses = row.fields.get("responses")
    if not isinstance(responses, list) or not responses:
        known = f" (it has {', '.join(ANSWERS)})" if any(name in row.fields for name in ANSWERS) else ""
        raise UserError(f"{row.where}: no list 'responses'{known}: give a file that 'tlpo data sample' wrote")
    judged = []
    for number, response in enumerate(responses, start=1):
        if problem := _problem_with(response):
            raise UserError(f"{row.where}: response {number} {problem}: give a file that 'tlpo data sample' wrote")
        verdict = judge(response["text"], language) if judge else response.get("verdict")
        if verdict not in VERDICTS:
            raise UserError(
                f"{row.where}: response {number} has the verdict {verdict!r}, none of {', '.join(VERDICTS)}: have the "
                "responses judged anew (--english or --strictness)"
            )
        judged.append((str(verdict), response))
    return judged


def _problem_with(response: Any) -> str | None:
    """What is wrong with a response, its verdict aside, or None if nothing is."""
    if not isinstance(response, Mapping) or not isinstance(response.get("text"), str):
        return "has no 'text'"
    ending, point, ids = (response.get(name) for name in ("finished", "confusion_point", "ids"))
    if ending is not None and ending not in _ENDINGS:
        return f"has 'finished' {ending!r:.40}, none of {', '.join(_ENDINGS)}"
    if point is not None and (type(point) is not int or point < 0):
        return f"has the 'confusion_point' {point!r:.40}, which is no offset"
    if ids is not None and not (isinstance(ids, list) and all(type(token) is int for token in ids)):
        return f"has 'ids' that are no list of tokens: {ids!r:.40}"
    return None


def _outcome(usable: list[Any], clean: list[Any], confused: list[Any]) -> str:
    if confused:
        return "all confused" if not clean else "none finished" if not usable else "pair"
    return "all clean" if clean else "neither"


def _side(name: str, response: Mapping[str, Any]) -> dict[str, Any]:
    more = {f"{name}_{key}": response[key] for key in ("ids", "finished") if response.get(key) is not None}
    return {name: response["text"], **more}


def _draw(seed: int, record: PromptRecord) -> random.Random:
    return random.Random(f"{seed}/{record.language}/{record.id or record.index}")
