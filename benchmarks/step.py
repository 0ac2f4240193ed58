"""One whole optimizer step by phase: seconds, tokens, bytes, beside the fewest operations it needs.

    python benchmarks/step.py [--prompts 16] [--samples 4] [--max_new_tokens 64] [--threads 2] [--repeats 3] [--tiny]

A real `TLPOTrainer` takes `--repeats` steps on the bundled prompts; figures are means over the steps. With one thread
they are processor seconds, which equal the wall clock's on an idle machine. The fewest
operations are counted from the configuration, for the tokens that were really sampled: each prompt prefilled once
without padding, each sampled token fed once, each point's prefix once, N x k candidate tokens, one position through the
head for each logits vector that is used. Bytes: the weights once for each forward pass, the cache and the logits once.
`least s` is the larger of operations over the measured matmul peak and bytes over the measured copy bandwidth, `share
of peak` is operations per second over that matmul peak. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import TrainerCallback

from _common import clock_of, finish, load, parser, table
from _costs import Costs, Work, matmul_peak, memory_peak
from tlpo.data import load_prompts
from tlpo.data.encoded import EncodedPrompt
from tlpo.modeling.generation import Completion, GenerationSettings
from tlpo.training.config import TLPOConfig
from tlpo.training.points import ConfusionPoint, PointRow
from tlpo.training.trainer import TLPOTrainer

PHASES = (
    "roll-out: prefill",
    "roll-out: decode",
    "roll-out: sampling, text, detector",
    "detect",
    "explore: prefill",
    "explore: decode",
    "explore: candidates, rewards",
    "update: forward (policy, reference)",
    "update: backward",
    "optimizer: AdamW",
)


class Watched(TLPOTrainer):
    """The trainer with a clock around each step of the method and around each forward pass, and a count of the work."""

    def __init__(self, clock: Callable[[], float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.clock = clock
        self.seconds: Counter[str] = Counter()
        self.least = dict.fromkeys(PHASES, Work())
        self.costs = Costs(self.model)
        self._phase, self._forward, self._started = "", 0.0, 0.0
        self._passes: Counter[str] = Counter()
        for model in (self.model, self.reference.copy):
            model.register_forward_pre_hook(self._enter, with_kwargs=True)
            model.register_forward_hook(self._leave, with_kwargs=True)
        self.add_callback(OptimizerClock(self))

    def _enter(self, module: nn.Module, args: Any, kwargs: dict[str, Any]) -> None:
        self._started = self.clock()

    def _leave(self, module: nn.Module, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        took = self.clock() - self._started
        kind = "decode" if kwargs["input_ids"].shape[1] == 1 else "prefill"
        name = "update: forward (policy, reference)" if self._phase == "update" else f"{self._phase}: {kind}"
        self.seconds[name] += took
        self._passes[name] += 1
        self._forward += took

    @contextmanager
    def _timed(self, phase: str, rest: str) -> Iterator[None]:
        """Forward passes inside count as ``phase``; what remains of the time counts as ``rest``."""
        self._phase, self._forward, start = phase, 0.0, self.clock()
        yield
        self.seconds[rest] += self.clock() - start - self._forward

    def _count(self, phase: str, work: Work) -> None:
        self.least[phase] += work

    def rollout(
        self, prompts: Sequence[EncodedPrompt], settings: GenerationSettings, *, early_stop: bool
    ) -> list[list[Completion]]:
        self._passes.clear()
        with self._timed("roll-out", PHASES[2]):
            found = super().rollout(prompts, settings, early_stop=early_stop)
        rows = [(len(p.ids), len(c.ids) - 1) for p, group in zip(prompts, found, strict=True) for c in group]
        self._count(PHASES[0], self.costs.prefill([len(prompt.ids) for prompt in prompts]))
        self._count(PHASES[1], self.costs.decode(rows, self._passes[PHASES[1]]))
        self._count(PHASES[2], self.costs.sampling(sum(fed + 1 for _, fed in rows)))
        return found

    def detect(self, *args: Any) -> list[ConfusionPoint]:
        with self._timed("detect", PHASES[3]):
            return super().detect(*args)

    def explore(self, points: Sequence[ConfusionPoint]) -> None:
        with self._timed("explore", PHASES[6]):
            super().explore(points)
        lengths = [len(point.prefix_ids) for point in points]
        rows = [(len(p.prefix_ids), len(c.continuation) - 1) for p in points for c in p.candidates]
        self._count(PHASES[4], self.costs.prefill(lengths))
        self._count(PHASES[5], self.costs.decode(rows, self._passes[PHASES[5]]))
        self._count(PHASES[6], self.costs.sampling(len(points) + sum(fed for _, fed in rows)))

    def training_step(
        self, model: nn.Module, inputs: list[list[PointRow]], num_items_in_batch: Tensor | None = None
    ) -> Tensor:
        with self._timed("update", PHASES[8]):
            loss = super().training_step(model, inputs, num_items_in_batch)
        lengths = [len(row.input_ids) for rows in inputs for row in rows]
        positions = 1 + (self.args.prefix_positions if self.args.prefix_beta else 0)
        self._count(PHASES[7], self.costs.prefill(lengths, passes=2, positions=positions))
        self._count(PHASES[8], self.costs.backward(lengths, positions))
        self._count(PHASES[9], self.costs.adamw())
        return loss


class OptimizerClock(TrainerCallback):
    """Times the optimizer alone."""

    def __init__(self, trainer: Watched) -> None:
        self._trainer, self._start = trainer, 0.0

    def on_pre_optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        self._start = self._trainer.clock()

    def on_optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        self._trainer.seconds[PHASES[9]] += self._trainer.clock() - self._start


def make_trainer(options: argparse.Namespace, folder: str) -> Watched:
    model, tokenizer = load(options)
    records = load_prompts(language=options.language, split="train")[: options.prompts]
    arguments = TLPOConfig(
        output_dir=folder,
        max_steps=options.repeats,
        per_device_train_batch_size=options.prompts,
        num_generations=options.samples,
        max_new_tokens=options.max_new_tokens,
        num_candidates=options.candidates,
        rollout_batch_size=options.prompts * options.samples,
        english="confusion",
        seed=options.seed,
        save_strategy="no",
        use_cpu=True,
        disable_tqdm=True,
    )
    rows = [{"prompt": record.prompt, "language": record.language} for record in records]
    return Watched(clock_of(options), model=model, args=arguments, train_dataset=rows, processing_class=tokenizer)


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--prompts", type=int, default=16)
    made.add_argument("--samples", type=int, default=4, help="responses a prompt")
    made.add_argument("--max_new_tokens", type=int, default=64)
    made.add_argument("--candidates", type=int, default=16, help="N")
    options = made.parse_args()
    torch.set_num_threads(options.threads)
    clock = clock_of(options)
    peak, bandwidth = matmul_peak(clock), memory_peak(clock)
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(options, folder)
        start = clock()
        trainer.train()
        whole = (clock() - start) / options.repeats
    print(
        f"\nmatmul peak {peak / 1e9:.0f} G operations/s, copy {bandwidth / 1e9:.1f} GB/s, {options.threads} thread(s)\n"
    )
    rows, total = [], Work()
    least = used = 0.0
    for phase in PHASES:
        seconds, work = trainer.seconds[phase] / options.repeats, trainer.least[phase]
        work = Work(work.tokens // options.repeats, work.operations / options.repeats, work.bytes / options.repeats)
        least_here = work.seconds(peak, bandwidth)
        total, least, used = total + work, least + least_here, used + seconds
        rows.append(_row(phase, seconds, work, least_here, peak))
    rows.append(_row("all phases", used, total, least, peak))
    table(["phase", "seconds", "tokens", "G operations", "GB", "least s", "share of peak"], rows)
    points = [entry.get("explore/points", 0) for entry in trainer.state.log_history]
    finish(
        options,
        seconds=whole,
        least_seconds=least,
        share_of_matmul_peak=total.operations / used / peak,
        tokens=total.tokens,
        operations=total.operations,
        bytes=total.bytes,
        matmul_peak=peak,
        memory_bandwidth=bandwidth,
        phase_seconds={phase: round(trainer.seconds[phase] / options.repeats, 3) for phase in PHASES},
        confusion_points=sum(points) / options.repeats,
        repeats=options.repeats,
    )


def _row(name: str, seconds: float, work: Work, least: float, peak: float) -> list[Any]:
    share = work.operations / seconds / peak if seconds else 0.0
    return [name, seconds, work.tokens, work.operations / 1e9, work.bytes / 1e9, least, f"{share:.0%}"]


if __name__ == "__main__":
    main()
