"""Roll-out: tlpo's engine against transformers' `model.generate` with the same settings.

    python benchmarks/rollout.py [--prompts 8] [--samples 4] [--max_new_tokens 64] [--long 1500] [--threads 2] [--tiny]

Prompts of mixed length, one of them of about 1,500 tokens, several samples each, temperature 1, the whole vocabulary.
`model.generate` gets them as one left-padded batch with `num_return_sequences`, as a user would call it. Tokens per
second count what was sampled up to each row's end; early stop is off. A second table leaves the long prompt out. Then:
where the time goes (model, the cache's copies inside it, sampling, other), the row-steps that early stop saves with the
real detector (English counted as confusion), and one sampling step at batch 64 beside the model's decode step and
`torch.multinomial`. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from _common import Worker, clock_of, finish, load, long_prompt, parser, short_prompts, table
from tlpo.confusion import ConfusionDetector
from tlpo.modeling import generation
from tlpo.modeling.alignment import token_bytes
from tlpo.modeling.batching import left_pad
from tlpo.modeling.generation import GenerationSettings, GenerationStats, end_token_ids, generate
from tlpo.modeling.sampling import sample

PARTS = ("model", "cache", "sampling", "other")


def prompts_of(options: argparse.Namespace, tokenizer: PreTrainedTokenizerBase, mixed: bool) -> list[list[int]]:
    """``options.prompts`` prompts; if ``mixed`` the first is the long one."""
    prompts = short_prompts(tokenizer, options.language, options.prompts)
    return [long_prompt(tokenizer, options.language, options.long), *prompts[1:]] if mixed else prompts


class Stopwatch:
    """Seconds spent inside wrapped functions; a function called inside another is taken out of the outer one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._inner = [0.0]

    @contextmanager
    def wrapping(self, owner: Any, name: str, part: str) -> Iterator[None]:
        """Time every call of ``owner.name`` as ``part``."""
        original = getattr(owner, name)
        own = name in vars(owner)

        @functools.wraps(original)  # `generate` reads the signature of `forward`
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = self._clock()
            self._inner.append(0.0)
            try:
                return original(*args, **kwargs)
            finally:
                took = self._clock() - start
                self.seconds[part] += took - self._inner.pop()
                self._inner[-1] += took

        setattr(owner, name, timed)
        try:
            yield
        finally:
            setattr(owner, name, original) if own else delattr(owner, name)

    @contextmanager
    def watching(self, model: PreTrainedModel) -> Iterator[None]:
        """Time model, cache and sampling, whichever way uses them."""
        start = self._clock()
        with (
            self.wrapping(model, "forward", "model"),
            self.wrapping(DynamicLayer, "update", "cache"),
            self.wrapping(DynamicSlidingWindowLayer, "update", "cache"),
            self.wrapping(DynamicLayer, "batch_repeat_interleave", "cache"),
            self.wrapping(DynamicLayer, "batch_select_indices", "cache"),
            self.wrapping(generation, "sample", "sampling"),
            self.wrapping(torch, "multinomial", "sampling"),
            self.wrapping(torch.nn.functional, "softmax", "sampling"),
        ):
            yield
        self.seconds["other"] = self._clock() - start - sum(self.seconds[part] for part in PARTS[:3])


def tlpo_way(options: argparse.Namespace) -> Callable[..., dict[str, Any]]:
    model, tokenizer = load(options)
    token_bytes(tokenizer)  # a table of the vocabulary, made once a process
    turns = iter(range(1, 1_000_000))

    def work(mixed: bool, early_stop: bool = False, step: int | None = None) -> dict[str, Any]:
        settings = GenerationSettings(
            max_new_tokens=options.max_new_tokens,
            num_generations=options.samples,
            batch_size=options.batch_size,
            seed=options.seed,
            step=next(turns) if step is None else step,
        )
        detector = ConfusionDetector(options.language, english="confusion")
        stats, watch = GenerationStats(), Stopwatch(clock_of(options))
        with watch.watching(model):
            generate(
                model,
                tokenizer,
                prompts_of(options, tokenizer, mixed),
                settings,
                streams=(lambda _: detector.stream()) if early_stop else None,
                stats=stats,
            )
        return vars(stats) | {"tokens": stats.new_tokens, "parts": watch.seconds}

    return work


def generate_way(options: argparse.Namespace) -> Callable[..., dict[str, Any]]:
    model, tokenizer = load(options)
    eos_ids = torch.tensor(sorted(end_token_ids(model, tokenizer)))
    torch.manual_seed(options.seed)

    def work(mixed: bool) -> dict[str, Any]:
        batch = left_pad(prompts_of(options, tokenizer, mixed), int(tokenizer.pad_token_id))
        watch = Stopwatch(clock_of(options))
        with watch.watching(model):
            output = model.generate(
                batch.input_ids,
                attention_mask=batch.attention_mask,
                do_sample=True,
                temperature=1.0,
                top_k=0,
                top_p=1.0,
                num_return_sequences=options.samples,
                max_new_tokens=options.max_new_tokens,
                pad_token_id=int(tokenizer.pad_token_id),
            )
        new = output[:, batch.input_ids.shape[1] :]
        ends = torch.isin(new, eos_ids).long().cumsum(dim=-1)
        return {"tokens": int((ends - torch.isin(new, eos_ids).long() == 0).sum()), "parts": watch.seconds}

    return work


def sampling_way(options: argparse.Namespace) -> Callable[[], dict[str, float]]:
    """Seconds of one step at batch 64: the model's decode step, tlpo's sampling, softmax and ``torch.multinomial``."""
    model, tokenizer = load(options)
    generation.keep_big_blocks()
    rows, clock = 64, clock_of(options)

    @torch.no_grad()
    def work() -> dict[str, float]:
        prompt = short_prompts(tokenizer, options.language, 1)[0]
        batch = left_pad([prompt] * rows, int(tokenizer.pad_token_id))
        cache = model(**batch.as_inputs(), use_cache=True, logits_to_keep=1).past_key_values
        mask = torch.cat([batch.attention_mask, torch.ones(rows, 1, dtype=torch.long)], dim=1)
        step = {"attention_mask": mask, "position_ids": batch.position_ids[:, -1:] + 1, "logits_to_keep": 1}
        tokens = torch.randint(0, model.config.vocab_size, (rows, 1), generator=torch.Generator().manual_seed(0))
        start = clock()
        logits = model(input_ids=tokens, past_key_values=cache, use_cache=True, **step).logits[:, -1]
        seconds = {"model": clock() - start}
        uniform = torch.rand(rows, dtype=torch.float64)
        for name, draw in {
            "sample": lambda: sample(logits, uniform, 1.0),
            "sample_top_p": lambda: sample(logits, uniform, 1.0, 0.95),
            "multinomial": lambda: torch.multinomial(torch.softmax(logits.float(), dim=-1), 1),
        }.items():
            start = clock()
            draw()
            seconds[name] = clock() - start
        return seconds

    return work


def race(options: argparse.Namespace, workers: dict[str, Worker], mixed: bool) -> dict[str, float]:
    """Turns of both ways; prints the table and returns the ratios."""
    for worker in workers.values():
        worker.runs.clear()
    for _ in range(options.repeats):
        for worker in workers.values():
            worker.run(mixed)
    rows, rates = [], {}
    for name, worker in workers.items():
        tokens = sum(run.result["tokens"] for run in worker.runs) / len(worker.runs)
        rates[name] = tokens / worker.median()
        parts = worker.runs[-1].result["parts"]
        total = sum(parts.values())
        rows.append(
            [name, round(tokens), worker.median(), rates[name], worker.median("peak_bytes") / 1e9]
            + [f"{parts[part] / total:.0%}" for part in PARTS]
        )
    print("one long prompt among short ones" if mixed else "short prompts only")
    table(["way", "tokens", "seconds", "tokens/s", "peak GB", *PARTS], rows)
    return {
        "speedup": rates["tlpo"] / rates["generate"],
        "tokens_per_second": rates["tlpo"],
    }


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--prompts", type=int, default=8)
    made.add_argument("--samples", type=int, default=4, help="responses a prompt")
    made.add_argument("--max_new_tokens", type=int, default=64)
    made.add_argument("--batch_size", type=int, default=64, help="rows in one of tlpo's batches")
    made.add_argument("--long", type=int, default=1500, help="tokens of the long prompt")
    options = made.parse_args()
    torch.set_num_threads(options.threads)
    workers = {"tlpo": Worker(tlpo_way, options), "generate": Worker(generate_way, options)}
    short = race(options, workers, mixed=False)
    mixed = race(options, workers, mixed=True)
    whole, stopped = (workers["tlpo"].run(False, early_stop, 0).result for early_stop in (False, True))
    for worker in workers.values():
        worker.close()
    spent, needed = whole["row_steps"], stopped["row_steps"]
    saved = 1 - needed / spent
    print(f"early stop, on the same responses: {needed} row-steps in place of {spent} ({saved:.1%} saved)\n")
    sampling = Worker(sampling_way, options)
    steps = [sampling.run().result for _ in range(max(3, options.repeats))]
    sampling.close()
    step = {name: sorted(s[name] for s in steps)[len(steps) // 2] for name in steps[0]}
    table(["one step at batch 64", "seconds", "of the model's"], [[n, s, s / step["model"]] for n, s in step.items()])
    finish(
        options,
        **mixed,
        short_speedup=short["speedup"],
        short_tokens_per_second=short["tokens_per_second"],
        early_stop_saved=saved,
        sampling_to_model=step["sample"] / step["model"],
        multinomial_to_sampling=step["multinomial"] / step["sample"],
        repeats=options.repeats,
    )


if __name__ == "__main__":
    main()
