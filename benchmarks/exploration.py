"""Exploration of confusion points: one batched prefill, against prefilling N rows one point at a time.

    python benchmarks/exploration.py [--prefix 64 128 512] [--points 16] [--other_points 2] [--threads 2] [--tiny]

Three ways, timed on prefixes of equal length, each a prompt and a piece of an answer:

- `tlpo`: the project's: all points in one prefill, the cache repeated N times, k greedy steps for all rows at once.
- `cached`: the public reference code's: one point at a time, `model.generate` for one token to get the candidates, then
  `model.generate` on N full copies of the prefix, which prefills them all and re-uses their cache for the rest.
- `brute force`: one point at a time, N full rows forwarded anew for every greedy token, without cache or padding.

Their candidates, continuations and rewards are compared with the brute force's, the rewards judged there on text that
the tokenizer decoded. The slower ways take time in proportion to the points, so they run on the first few only;
seconds are per point. `speedup` is against `cached` at the longest prefix, `speedup_brute_force` against the other.
The last line is one JSON object; the exit status is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from _common import Worker, finish, load, long_prompt, parser, short_prompts, table
from tlpo.confusion import ConfusionDetector
from tlpo.modeling.alignment import TokenText, token_bytes
from tlpo.modeling.allocator import keep_big_blocks
from tlpo.modeling.generation import end_token_ids
from tlpo.training.candidates import ExplorationSettings
from tlpo.training.exploration import Candidate, explore
from tlpo.training.rewards import RewardSettings, judge

# For each point and candidate: its id, its continuation and its reward.
Found = list[list[tuple[int, list[int], float]]]
# Called with a prefix length it explores; called with None it judges what it found last, which is not timed.
Work = Callable[[int | None, int], Found]


class Points:
    """Prefixes of one length: prompt and answer so far; the token sampled there begins an English word."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, options: argparse.Namespace, length: int, count: int):
        prompts = short_prompts(tokenizer, options.language, count)
        prompts = [prompts[place % len(prompts)][: length // 2] for place in range(count)]
        text = long_prompt(tokenizer, options.language, 1 + length + 40 * count)[1:]
        self.answers = [
            _whole_characters(tokenizer, text, 40 * place, length - len(prompt)) for place, prompt in enumerate(prompts)
        ]
        self.prefixes = [prompt + answer for prompt, answer in zip(prompts, self.answers, strict=True)]
        self.sampled = int(tokenizer(" computer", add_special_tokens=False)["input_ids"][0])


def _whole_characters(tokenizer: PreTrainedTokenizerBase, ids: list[int], start: int, length: int) -> list[int]:
    """``length`` ids from about ``start`` that do not end inside a character."""
    piece = ids[start : start + length]
    return (
        piece
        if not tokenizer.decode(piece).endswith("\ufffd")
        else _whole_characters(tokenizer, ids, start + 1, length)
    )


def tlpo_way(options: argparse.Namespace) -> Work:
    model, tokenizer = load(options)
    table_, eos_ids, detector = token_bytes(tokenizer), end_token_ids(model, tokenizer), _detector(options)
    keep_big_blocks()  # as the roll-out does before any exploration
    settings = ExplorationSettings(options.candidates, options.look_ahead, batch_size=options.batch_size)

    last: dict[str, Any] = {}

    def reward(answer: list[int], candidate: Candidate) -> float:
        prefix = TokenText(table_, answer).text
        return judge(prefix, candidate, table_, detector, eos_ids, RewardSettings(neutral="zero", end="zero")).reward

    def work(length: int | None, count: int) -> Found:
        if length is None:
            pairs = list(zip(last["answers"], last["groups"], strict=True))[:count]
            return [[(c.token, c.continuation, reward(answer, c)) for c in group] for answer, group in pairs]
        points = Points(tokenizer, options, length, count)
        last["answers"] = points.answers
        last["groups"] = explore(
            model,
            points.prefixes,
            [points.sampled] * count,
            settings,
            eos_ids=eos_ids,
            pad_id=int(tokenizer.pad_token_id),
        )
        return []

    return work


def cached_way(options: argparse.Namespace) -> Work:
    """As the public reference code does it."""

    def continuations(model: PreTrainedModel, rows: Tensor, steps: int) -> Tensor:
        return model.generate(rows, attention_mask=torch.ones_like(rows), do_sample=False, max_new_tokens=steps)

    def first_logits(model: PreTrainedModel, row: Tensor) -> Tensor:
        output = model.generate(
            row,
            attention_mask=torch.ones_like(row),
            do_sample=True,
            max_new_tokens=1,
            output_logits=True,
            return_dict_in_generate=True,
        )
        return output.logits[0]

    return _point_by_point(options, first_logits, continuations)


def brute_force_way(options: argparse.Namespace) -> Work:
    def logits(model: PreTrainedModel, rows: Tensor) -> Tensor:
        return model(rows, use_cache=False, logits_to_keep=1).logits[:, -1]

    def continuations(model: PreTrainedModel, rows: Tensor, steps: int) -> Tensor:
        for _ in range(steps):
            rows = torch.cat([rows, logits(model, rows).argmax(dim=-1, keepdim=True)], dim=1)
        return rows

    return _point_by_point(options, logits, continuations)


def _point_by_point(
    options: argparse.Namespace,
    first_logits: Callable[[PreTrainedModel, Tensor], Tensor],
    continuations: Callable[[PreTrainedModel, Tensor, int], Tensor],
) -> Work:
    model, tokenizer = load(options)
    eos_ids, detector = end_token_ids(model, tokenizer), _detector(options)

    last: dict[str, Any] = {}

    @torch.no_grad()
    def work(length: int | None, count: int) -> Found:
        if length is None:
            pairs = zip(last["answers"], last["groups"], strict=True)
            return [[(c[0], c, _reward(tokenizer, detector, answer, c)) for c in group] for answer, group in pairs]
        points = Points(tokenizer, options, length, options.points)
        last["answers"], last["groups"] = points.answers[:count], []
        for prefix in points.prefixes[:count]:
            row = torch.tensor([prefix])
            tokens = first_logits(model, row).topk(options.candidates).indices[0]
            if points.sampled not in tokens.tolist():
                tokens[-1] = points.sampled
            rows = torch.cat([row.expand(options.candidates, -1), tokens[:, None]], dim=1)
            ends = continuations(model, rows, options.look_ahead)[:, len(prefix) :].tolist()
            last["groups"].append([_until_end(ids, eos_ids) for ids in ends])
        return []

    return work


def _until_end(ids: list[int], eos_ids: frozenset[int]) -> list[int]:
    ended = [place for place, token in enumerate(ids) if token in eos_ids]
    return ids[: ended[0] + 1] if ended else ids


def _reward(
    tokenizer: PreTrainedTokenizerBase,
    detector: ConfusionDetector,
    answer: list[int],
    continuation: list[int],
) -> float:
    """The reward in context on decoded text; a character cut in half at either end is no letter yet."""

    def text_of(ids: list[int]) -> str:
        return str(tokenizer.decode(ids, skip_special_tokens=True)).rstrip("\ufffd")

    whole, start = text_of(answer + continuation), len(text_of(answer))
    if detector.check(whole, start=start).confusion_point is not None:
        return -1.0
    return 1.0 if detector.has_target_letter(whole[start:]) else 0.0


def _detector(options: argparse.Namespace) -> ConfusionDetector:
    return ConfusionDetector(options.language, english="confusion")


def compare(mine: Found, theirs: Found) -> dict[str, int]:
    """How many candidates, continuations and rewards there are, and how many of each agree."""

    def pairs() -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
        for group, other in zip(mine, theirs, strict=True):
            by_token = {entry[0]: entry for entry in group}
            for entry in other:
                yield by_token.get(entry[0], (None, None, None)), entry

    both = list(pairs())
    names = ("same_candidates", "same_continuations", "same_rewards")
    same = {name: sum(a[place] == b[place] for a, b in both) for place, name in enumerate(names)}
    return same | {"compared": len(both), "negative_rewards": sum(b[2] < 0 for _, b in both)}


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--candidates", type=int, default=16, help="N")
    made.add_argument("--look_ahead", type=int, default=3, help="k: greedy tokens after each candidate")
    made.add_argument("--batch_size", type=int, default=256, help="candidate rows decoded together")
    made.add_argument("--points", type=int, default=16)
    made.add_argument("--other_points", type=int, default=2, help="points on which the slower ways run")
    made.add_argument("--prefix", type=int, nargs="+", default=[64, 128, 512], help="lengths in tokens")
    options = made.parse_args()
    torch.set_num_threads(options.threads)
    workers = {
        "tlpo": Worker(tlpo_way, options),
        "cached": Worker(cached_way, options),
        "brute force": Worker(brute_force_way, options),
    }
    counts = {name: options.points if name == "tlpo" else options.other_points for name in workers}
    rows, totals = [], dict.fromkeys(("same_candidates", "same_continuations", "same_rewards", "compared"), 0)
    speedups: dict[int, tuple[float, float]] = {}
    for length in options.prefix:
        for worker in workers.values():
            worker.runs.clear()
        for _ in range(options.repeats):
            for name, worker in workers.items():
                worker.run(length, counts[name])
        times = {name: worker.median() / counts[name] for name, worker in workers.items()}
        found = {name: worker.run(None, options.other_points).result for name, worker in workers.items()}
        for name in ("tlpo", "cached"):
            same = compare(found[name], found["brute force"])
            print(f"prefix {length}, {name} against brute force: {same}")
            if name == "tlpo":
                totals = {key: totals[key] + same[key] for key in totals}
        speedups[length] = (times["cached"] / times["tlpo"], times["brute force"] / times["tlpo"])
        rows.append([length, *times.values(), *speedups[length]])
    print()
    head = ["prefix", "tlpo s", "cached s", "brute force s", "x cached", "x brute force"]
    table(head, rows)
    for worker in workers.values():
        worker.close()
    same = {key: totals[key] == totals["compared"] for key in totals if key != "compared"}
    finish(
        options,
        speedup=speedups[options.prefix[-1]][0],
        speedup_brute_force=speedups[options.prefix[-1]][1],
        speedup_cached_by_prefix={str(length): round(pair[0], 2) for length, pair in speedups.items()},
        speedup_brute_force_by_prefix={str(length): round(pair[1], 2) for length, pair in speedups.items()},
        **same,
        compared=totals["compared"],
    )
    sys.exit(not all(same.values()))


if __name__ == "__main__":
    main()
