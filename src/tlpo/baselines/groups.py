"""GRPO's roll-out by the project's own engine: the same prompts in the same order and, at the first step, the same
responses as TLPO's."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from tlpo.confusion import ConfusionDetector
from tlpo.data.encoded import EncodedPrompt, epoch_order
from tlpo.errors import UserError
from tlpo.metrics.characters import character_counts
from tlpo.modeling.generation import Completion, generate

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

    from tlpo.baselines.config import GRPOArguments

MEANS = ("confusion/rate", "completions/eos_rate", "completions/letters")
SUMS = ("rollout/responses", "rollout/tokens")
_CHARACTERS = ("digits", "characters")


class GroupRollouts:
    """Samples the groups that TRL's GRPOTrainer asks for, as its ``rollout_func``.

    Args:
        prompts: the training prompts.
        args: how many responses, how long, how sampled, and what counts as confusion.
        tokenizer: the policy's.
    """

    def __init__(
        self, prompts: Sequence[EncodedPrompt], args: GRPOArguments, tokenizer: PreTrainedTokenizerBase
    ) -> None:
        self._prompts, self._args, self._tokenizer = prompts, args, tokenizer
        self._detectors = {
            code: ConfusionDetector(code, english=args.english, strictness=args.strictness)
            for code in {prompt.language for prompt in prompts}
        }
        self._sums: dict[str, float] = defaultdict(float)

    def __call__(self, keys: list[str], trainer: Any) -> dict[str, Any]:
        """Responses to prompts, each named by its place among the prompts and repeated once for each response."""
        size = int(self._args.num_generations or 1)
        places = [int(key) for key in keys[::size]]
        assert [str(place) for place in places for _ in range(size)] == keys
        prompts = [self._prompts[place] for place in places]
        settings = self._args.sampling(samples=size, step=trainer.state.global_step)
        groups = generate(
            trainer.model,
            self._tokenizer,
            [prompt.ids for prompt in prompts],
            settings,
            keys=[prompt.index for prompt in prompts],
        )
        for prompt, group in zip(prompts, groups, strict=True):
            for completion in group:
                self._count(completion, self._detectors[prompt.language])
                trainer.rollouts.add(responses=1, tokens=len(completion.ids))
        return {
            "prompt_ids": [prompt.ids for prompt in prompts for _ in range(size)],
            "completion_ids": [completion.ids for group in groups for completion in group],
            "logprobs": None,  # the trainer computes those of the policy itself
        }

    def _count(self, completion: Completion, detector: ConfusionDetector) -> None:
        self._sums["rollout/responses"] += 1
        self._sums["rollout/tokens"] += len(completion.ids)
        self._sums["confusion/rate"] += detector.confusion_point(completion.text) is not None
        self._sums["completions/eos_rate"] += completion.finished == "eos"
        self._sums["completions/letters"] += detector.has_target_letter(completion.text)
        _, digits, characters = character_counts(completion.text, detector.language)
        self._sums["digits"] += digits
        self._sums["characters"] += characters

    def drain(self, reduce_sum: Callable[[Tensor], Tensor]) -> dict[str, float]:
        """The metrics since the last call, by the names of TLPO's, over all processes. reduce_sum: adds a tensor up."""
        names = [*SUMS, *MEANS, *_CHARACTERS]
        local = torch.tensor([self._sums[name] for name in names], dtype=torch.float64)
        totals = dict(zip(names, reduce_sum(local).tolist(), strict=True))
        self._sums.clear()
        responses, characters = totals["rollout/responses"], totals["characters"]
        found = {name: totals[name] for name in SUMS if responses}
        found |= {name: totals[name] / responses for name in MEANS if responses}
        return found | ({"completions/digits": totals["digits"] / characters} if characters else {})


def order_of_steps(size: int, args: GRPOArguments) -> list[int]:
    """The places of the prompts for all steps of a run, one step after the other, as TLPO walks through them.

    The last prompts of an epoch are left out where they fill no whole step.

    Raises:
        UserError: the prompts do not fill one step.
    """
    each = args.prompts_per_step
    per_epoch = size // each
    if not per_epoch:
        raise UserError(
            f"{size} prompts do not fill one step of {each}: give more prompts or a smaller per_device_train_batch_size"
        )
    steps = args.max_steps if args.max_steps > 0 else math.ceil(args.num_train_epochs * per_epoch)
    order: list[int] = []
    for epoch in range(-(-steps // per_epoch)):
        order += epoch_order(size, args.seed, epoch)[: per_epoch * each]
    return order[: steps * each]
