"""One update of a confusion point: one row and one position, against N replicated rows through the whole head.

    python benchmarks/update.py [--model gemma-3-270m] [--threads 2] [--repeats 3] [--tiny]

N candidates share one prefix, hence one logits vector holds all their log-probabilities. The replicated way forwards
the prefix N times, each with its candidate appended and padded on the right, takes the logits at every position, and
gathers one position of each row; so does the public reference code. Both ways forward the policy and the reference
model and run backward. Memory is the growth of the peak over the loaded models. Gradients are compared over all
parameters: |g - g'| / |g'|, both vectors taken whole. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from _common import Worker, finish, load, long_prompt, parser, table
from _tiny import tiny_double_model, tiny_tokenizer
from tlpo.modeling.allocator import keep_big_blocks
from tlpo.modeling.batching import left_pad
from tlpo.modeling.logprobs import next_token_logits
from tlpo.objective import candidate_logps, clipped_surrogate, group_advantages, k3_kl, point_losses

EPSILON, BETA = 0.2, 0.04


class Point:
    """A policy, a reference model that differs from it a little, a prefix, and its N candidates."""

    def __init__(
        self, policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, options: argparse.Namespace
    ) -> None:
        self.policy = policy
        self.reference = copy.deepcopy(self.policy).requires_grad_(False)
        generator = torch.Generator().manual_seed(options.seed)
        with torch.no_grad():  # a reference equal to the policy would leave the KL term without a gradient
            for weight in self.reference.parameters():
                weight.mul_(1 + 0.02 * torch.randn((), generator=generator).to(weight.dtype))
        self.prefix = long_prompt(tokenizer, options.language, options.prefix)
        self.padded = options.padded
        self.pad_id = int(tokenizer.pad_token_id)
        with torch.no_grad():
            logits = next_token_logits(self.policy, left_pad([self.prefix], self.pad_id).as_inputs())
        self.candidates = logits.topk(options.candidates).indices
        rewards = torch.where(torch.rand(self.candidates.shape, generator=generator) < 0.5, 1.0, -1.0)
        rewards[0, :2] = torch.tensor([1.0, -1.0])
        self.mask = torch.ones_like(self.candidates, dtype=torch.bool)
        self.advantages = group_advantages(
            candidate_logps(logits, self.candidates).exp(), rewards.to(logits.dtype), self.mask
        )


def one_row(point: Point) -> Tensor:
    """The loss as the trainer computes it."""
    inputs = left_pad([point.prefix], point.pad_id).as_inputs()
    logps = candidate_logps(next_token_logits(point.policy, inputs), point.candidates)
    with torch.no_grad():
        ref_logps = candidate_logps(next_token_logits(point.reference, inputs), point.candidates)
    surrogate = clipped_surrogate(logps, logps.detach(), point.advantages, EPSILON)
    return point_losses(surrogate, k3_kl(logps, ref_logps), point.mask, BETA).sum()


def replicated_rows(point: Point) -> Tensor:
    """The same loss from N full rows, written out anew."""
    count, length = point.candidates.numel(), len(point.prefix)
    ids = torch.full((count, point.padded), point.pad_id)
    mask = torch.zeros_like(ids)
    ids[:, :length] = torch.tensor(point.prefix)
    ids[:, length] = point.candidates[0]
    mask[:, : length + 1] = 1

    def logps_of(model: PreTrainedModel) -> Tensor:
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        place = torch.full((count, 1, 1), length - 1).expand(-1, -1, logits.shape[-1])
        at_point = logits.gather(1, place).squeeze(1)
        return torch.log_softmax(at_point, dim=-1).gather(1, point.candidates[0][:, None]).squeeze(1)

    with torch.no_grad():
        ref_logps = logps_of(point.reference)
    logps = logps_of(point.policy)
    ratio, advantages = torch.exp(logps - logps.detach()), point.advantages[0]
    surrogate = torch.min(ratio * advantages, ratio.clamp(1 - EPSILON, 1 + EPSILON) * advantages)
    delta = ref_logps - logps
    return -(surrogate - BETA * (delta.exp() - delta - 1)).mean()


def _way(options: argparse.Namespace, loss_of: Callable[[Point], Tensor]) -> Callable[[str | None], float]:
    point = Point(*load(options), options)

    def work(save_to: str | None = None) -> float:
        if save_to is not None:
            save_file(gradients(point.policy), save_to)
            return 0.0
        point.policy.zero_grad(set_to_none=True)
        loss = loss_of(point)
        loss.backward()
        return float(loss.detach())

    return work


def tlpo_way(options: argparse.Namespace) -> Callable[[str | None], float]:
    keep_big_blocks()  # as the roll-out does before any update
    return _way(options, one_row)


def replicated_way(options: argparse.Namespace) -> Callable[[str | None], float]:
    return _way(options, replicated_rows)


def gradients(model: PreTrainedModel) -> dict[str, Tensor]:
    return {name: weight.grad.contiguous() for name, weight in model.named_parameters() if weight.grad is not None}


def relative_difference(mine: Callable[[str], Tensor], theirs: Callable[[str], Tensor], names: list[str]) -> float:
    difference = norm = 0.0
    for name in names:
        reference = theirs(name).double()
        difference += float((mine(name).double() - reference).square().sum())
        norm += float(reference.square().sum())
    return (difference / norm) ** 0.5


def difference_fp64(options: argparse.Namespace) -> float:
    """The two gradients in double precision on the tiny model."""
    found = []
    for loss_of in (one_row, replicated_rows):
        point = Point(tiny_double_model(options.seed), tiny_tokenizer(), options)
        loss_of(point).backward()
        found.append(gradients(point.policy))
    assert found[0].keys() == found[1].keys()
    return relative_difference(found[0].__getitem__, found[1].__getitem__, list(found[1]))


def difference_saved(mine: Path, theirs: Path) -> float:
    """The two gradients from their files, one parameter at a time."""
    with safe_open(mine, "pt") as first, safe_open(theirs, "pt") as second:
        assert set(first.keys()) == set(second.keys())
        return relative_difference(first.get_tensor, second.get_tensor, list(second.keys()))


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--candidates", type=int, default=16, help="N")
    made.add_argument("--prefix", type=int, default=128, help="tokens before the confusion point")
    made.add_argument("--padded", type=int, default=192, help="length the replicated rows are padded to")
    options = made.parse_args()
    torch.set_num_threads(options.threads)
    one, replicated = Worker(tlpo_way, options), Worker(replicated_way, options)
    for _ in range(options.repeats):
        replicated.run()
        one.run()
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "one.safetensors", Path(folder) / "replicated.safetensors"]
        for worker, file in zip((one, replicated), files, strict=True):
            taken = list(worker.runs)
            worker.run(str(file))
            worker.runs = taken
            worker.close()
        difference = difference_saved(*files)
    ways = [("one row, one position", one), (f"{options.candidates} replicated rows", replicated)]
    table(
        ["way", "seconds", "peak GB", "loss"],
        [[n, w.median(), w.median("peak_bytes") / 1e9, w.runs[-1].result] for n, w in ways],
    )
    finish(
        options,
        speedup=replicated.median() / one.median(),
        memory_ratio=one.median("peak_bytes") / max(1, replicated.median("peak_bytes")),
        gradient_difference=difference,
        gradient_difference_fp64=difference_fp64(options),
        seconds=one.median(),
        peak_gb=one.median("peak_bytes") / 1e9,
        repeats=options.repeats,
    )


if __name__ == "__main__":
    main()
