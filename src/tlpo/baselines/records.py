"""What sft, dpo and orpo learn from: a file of sampled responses, of pairs, or of prompts with answers."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.data.encoded import epoch_order
from tlpo.data.fields import ANSWERS
from tlpo.data.pairs import Tally, preference_pair
from tlpo.data.prompts import chosen_rows, known_codes, prompt_record
from tlpo.data.records import PromptRecord
from tlpo.data.rows import Row, read_rows, require_file
from tlpo.errors import UserError
from tlpo.loop.budget import RolloutCount
from tlpo.loop.run import training_prompts

if TYPE_CHECKING:
    from tlpo.data.records import Messages
    from tlpo.loop.config import MethodConfig, RunConfig

logger = logging.getLogger(__name__)

_SOURCE = {
    "sft": "'tlpo data sample' writes one, and 'tlpo data answers'",
    "dpo": "'tlpo data sample' writes one, and 'tlpo data pairs'",
    "orpo": "'tlpo data sample' writes one, and 'tlpo data pairs'",
}


@dataclass(frozen=True)
class Response:
    """A response as the file gives it.

    text: without special tokens. ids: its tokens as they were sampled, or None. finished: "eos" if it ended by itself,
    another word if it was cut, None if the file does not say; it is then taken to be whole.
    """

    text: str
    ids: tuple[int, ...] | None = None
    finished: str | None = None


@dataclass(frozen=True)
class Example:
    """A prompt, the response to learn, and for pairs the one to unlearn. language: code. where: file and line."""

    prompt: str | Messages
    language: str
    where: str
    chosen: Response
    rejected: Response | None = None


@dataclass(frozen=True)
class Material:
    """All examples of a run, and the sampled responses that they cost."""

    examples: tuple[Example, ...]
    rollouts: RolloutCount

    @property
    def languages(self) -> list[str]:
        """Codes of the answers' languages, each once, in the order of the file."""
        return list(dict.fromkeys(example.language for example in self.examples))


def load_material(run: RunConfig, args: MethodConfig) -> Material:
    """Read ``run.data`` for ``run.method``.

    Records of other languages than ``run.language`` are left out and, with ``run.prompts``, those with other prompts.
    ``args.rollout_budget`` pays for whole prompts, in an order that ``args.seed`` decides: the file may have its
    longest first, or one language after the other. Sampled responses become pairs as 'tlpo data pairs' makes them
    and, for sft, one clean response a prompt; ``args.seed`` decides which.

    Raises:
        UserError: no file is given, a record has no usable response, or no example is left.
    """
    if run.data is None:
        raise UserError(
            f"method {run.method} learns from a file of responses: {_SOURCE[run.method]}; give it as --data"
        )
    path = Path(run.data)
    require_file(path)
    seen = path.stat()
    languages = None if run.language is None else tuple(run.language)
    return _load(run.method, path, (seen.st_mtime_ns, seen.st_size), languages, run.prompts, args.seed,
                 args.rollout_budget)  # fmt: skip


def warn_of_other_rules(run: RunConfig, args: MethodConfig) -> None:
    """Say so when the data's responses were judged by other rules than the run's audits go by."""
    path = Path(str(run.data))
    told = _noted(_source(path) or path, "settings") | _noted(path, "report")
    for name in ("english", "strictness"):
        if name in told and told[name] != getattr(args, name):
            logger.warning(
                "the responses in %s were judged with %s %s, and this run's audits go by %s: sample, or make the "
                "pairs, with the same, or set it for the run",
                path, name, told[name], getattr(args, name),
            )  # fmt: skip


@lru_cache(maxsize=1)
def _load(
    method: str,
    path: Path,
    stamp: tuple[int, int],
    languages: tuple[str, ...] | None,
    prompts: str | None,
    seed: int,
    budget: int | None,
) -> Material:
    """One run asks several times: for its check, its trainer and its card. stamp: of the file."""
    wanted = None if prompts is None else {prompt_text(one.prompt) for one in training_prompts(prompts, languages)}
    records = list(_records(path, languages))
    costs = _costs(_records(_behind(path) or path, languages))
    if not all(_key(record) in costs for record, _ in records):  # another file lies there by now
        costs = _costs(records)
    if wanted is not None:
        costs = {key: spent for key, spent in costs.items() if key[1] in wanted}
    paid, rollouts = _paid(costs, budget, seed)
    examples, left_out = [], 0
    for record, row in records:
        left_out += wanted is not None and _key(record)[1] not in wanted
        if _key(record) not in paid:
            continue
        found = _pair(row, record, seed) if method in ("dpo", "orpo") else _answer(row, record, seed)
        if found is not None:
            examples.append(Example(record.prompt, record.language, row.where, *found))
    if left_out:
        logger.warning("%d records of %s have other prompts than %s: left out", left_out, path, prompts)
    if not examples:
        raise UserError(_nothing(method, path, budget, rollouts))
    return Material(tuple(examples), rollouts)


def _paid(
    costs: Mapping[tuple[str, str], RolloutCount], budget: int | None, seed: int
) -> tuple[set[tuple[str, str]], RolloutCount]:
    """The prompts that the budget pays for, and what they cost: all of them without a budget.

    Sorted before the seeded order, they are the same whatever the order of the file.
    """
    keys, paid, rollouts = sorted(costs), set(), RolloutCount()
    for place in epoch_order(len(keys), seed, 0):
        spent = costs[keys[place]]
        if budget is not None and rollouts.responses + spent.responses > budget:
            break
        rollouts.add(responses=spent.responses, tokens=spent.tokens)
        paid.add(keys[place])
    return paid, rollouts


def _costs(records: Iterable[tuple[PromptRecord, Row]]) -> dict[tuple[str, str], RolloutCount]:
    """What was sampled for each prompt, in the order of the file."""
    costs: dict[tuple[str, str], RolloutCount] = {}
    for record, row in records:
        spent = _sampled(row)
        costs.setdefault(_key(record), RolloutCount()).add(responses=spent.responses, tokens=spent.tokens)
    return costs


def _records(path: Path, languages: tuple[str, ...] | None) -> Iterator[tuple[PromptRecord, Row]]:
    rows = chosen_rows(read_rows(path), language=known_codes(languages))
    return ((prompt_record(row, index, code), row) for index, (row, code) in enumerate(rows))


def _nothing(method: str, path: Path, budget: int | None, rollouts: RolloutCount) -> str:
    if budget is not None and not rollouts.responses:
        return f"rollout_budget is {budget}, fewer than the responses to one prompt of '{path}': raise it"
    return f"'{path}' holds no {'clean response' if method == 'sft' else 'pair'} for this run: {_SOURCE[method]}"


def _pair(row: Row, record: PromptRecord, seed: int) -> tuple[Response, Response] | None:
    fields = row.fields
    if "responses" in fields:
        made = preference_pair(record, row, Tally(), seed=seed)
        if made is None:
            return None
        fields = made
    if "chosen" not in fields or "rejected" not in fields:
        raise UserError(f"{row.where}: neither 'responses' nor 'chosen' and 'rejected': add them")
    return _named(fields, "chosen", row.where), _named(fields, "rejected", row.where)


def _answer(row: Row, record: PromptRecord, seed: int) -> tuple[Response] | None:
    """What sft learns: a clean sampled response, the chosen one of a pair, or the answer."""
    if "responses" in row.fields:
        clean = [value for value in _responses(row) if value.get("verdict") == "clean"]
        if not clean:
            return None
        drawn = random.Random(f"{seed}/{record.language}/{record.id or record.index}").choice(clean)
        return (_response(drawn, f"{row.where}: a clean response"),)
    for name in ("chosen", "response", *ANSWERS):
        if name in row.fields:
            return (_named(row.fields, name, row.where),)
    raise UserError(f"{row.where}: no response: give 'responses' (as 'tlpo data sample' writes them) or 'completion'")


def _responses(row: Row) -> list[Mapping[str, Any]]:
    values = row.fields["responses"]
    if not isinstance(values, list) or not all(isinstance(value, Mapping) for value in values):
        raise UserError(f"{row.where}: 'responses' is no list of objects: write them as 'tlpo data sample' does")
    return values


def _named(fields: Mapping[str, Any], name: str, where: str) -> Response:
    """The response in a field: text, with ``<name>_ids`` and ``<name>_finished`` beside it, or an object."""
    value = fields[name]
    if isinstance(value, str):
        value = {"text": value, "ids": fields.get(f"{name}_ids"), "finished": fields.get(f"{name}_finished")}
    return _response(value, f"{where}: '{name}'")


def _response(value: Any, where: str) -> Response:
    """A response from an object with ``text``, or from chat messages of which the last is the assistant's."""
    if isinstance(value, list) and value and isinstance(value[-1], Mapping):
        value = {"text": value[-1].get("content")}
    text = value.get("text") if isinstance(value, Mapping) else None
    if not isinstance(text, str):
        raise UserError(f"{where} is neither text nor an object with 'text': {str(value)[:40]!r}: correct the record")
    ids = value.get("ids")
    if ids is not None and not (isinstance(ids, list) and all(isinstance(token, int) for token in ids)):
        raise UserError(f"{where}: its ids are no list of whole numbers: leave them out, or give the tokens' ids")
    if not text and not ids:
        raise UserError(f"{where} is empty: leave the record out")
    return Response(text, None if ids is None else tuple(ids), value.get("finished"))


def _sampled(row: Row) -> RolloutCount:
    """The responses that were sampled for a record: those listed, or as many as a pair says that it was drawn from."""
    if "responses" in row.fields:
        values = _responses(row)
        return RolloutCount(len(values), sum(len(value.get("ids") or ()) for value in values))
    counted = [row.fields.get(name) for name in ("sampled", "sampled_tokens")]
    responses, tokens = (value if isinstance(value, int) else 0 for value in counted)
    return RolloutCount(responses, tokens)


def _source(path: Path) -> Path | None:
    """The file that pairs or answers were made of, as their report names it; None for a file that has none."""
    try:
        report = json.loads(path.with_suffix(".report.json").read_text(encoding="utf-8"))
        return path.parent / str(report["samples"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _behind(path: Path) -> Path | None:
    """The sampled file that pairs or answers were made of, if it is still there.

    Prompts that gave no pair have cost their responses, too.
    """
    samples = _source(path)
    if samples is None:
        return None
    try:
        first = next(iter(read_rows(samples)))
    except (OSError, StopIteration, UserError):
        logger.warning(
            "%s was made of %s, which is not there: its prompts without an example cost nothing in this run's count",
            path, samples,
        )  # fmt: skip
        return None
    return samples if "responses" in first.fields else None


def _noted(path: Path, kind: str) -> dict[str, Any]:
    """The settings noted beside a file; nothing if there are none."""
    try:
        noted: dict[str, Any] = json.loads(path.with_suffix(f".{kind}.json").read_text(encoding="utf-8"))["settings"]
        return {name: value for name, value in noted.items() if value is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _key(record: PromptRecord) -> tuple[str, str]:
    """What tells prompts apart: the answer's language, and the prompt."""
    return record.language, prompt_text(record.prompt)


def prompt_text(prompt: str | Messages) -> str:
    """What tells prompts apart, whatever the language of the answer."""
    return prompt if isinstance(prompt, str) else json.dumps([[turn["role"], turn["content"]] for turn in prompt])
