"""The training loop of a selection: draw items, one Adam step on the logits of alpha, validate now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tlpo.head_selection.draws import batches, windows
from tlpo.head_selection.forward import AnswerLogits
from tlpo.head_selection.items import Item, Suffixes
from tlpo.head_selection.loss import greedy_matches, token_losses
from tlpo.head_selection.output_layer import Shortlist
from tlpo.head_selection.settings import SelectorSettings
from tlpo.head_selection.structure import AttentionOutput
from tlpo.modeling.cache_size import bytes_a_token

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_VALIDATION_ROWS = 32
_CACHE_BYTES = 2**31


@dataclass(frozen=True)
class Validation:
    """One validation. match: share of answers that greedy decoding writes, with their stop. loss: nats an answer."""

    step: int
    match: float
    loss: float

    def better_than(self, other: Validation) -> bool:
        """More matches, or as many at a lower loss."""
        return (self.match, -self.loss) > (other.match, -other.loss)


class Fit:
    """One run of training.

    Args:
        model: the causal LM, frozen and in evaluation mode (see `frozen`).
        outputs: ``attention_outputs(model)``.
        train, valid: items of all tasks; ``Item.task`` is the number of its task.
        embeddings: (tasks, L, H, d).
        stop_ids: tokens that end an answer.
        pad_id: any token id.
        settings: see `SelectorSettings`.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        outputs: Sequence[AttentionOutput],
        train: Sequence[Item],
        valid: Sequence[Item],
        embeddings: Tensor,
        stop_ids: Sequence[int],
        pad_id: int,
        settings: SelectorSettings,
    ) -> None:
        self._started = time.perf_counter()
        self._model, self._outputs, self._settings, self._pad_id = model, outputs, settings, pad_id
        self._train, self._valid = list(train), list(valid)
        self._embeddings = embeddings.to(model.device)
        self._stops = torch.tensor(stop_ids, device=model.device)
        self._valid_logits = AnswerLogits(model, outputs, self._valid, pad_id)
        self.logits = torch.zeros(embeddings.shape[1:3], device=model.device, requires_grad=True)
        self._shortlist: Shortlist | None = None
        if settings.shortlist and Shortlist.pays(model):
            # The prompts' own tokens are what a wrong answer copies.
            needed = {*stop_ids, *(token for item in self._train for token in (*item.prompt, *item.answer))}
            self._shortlist = Shortlist(model, torch.tensor(sorted(needed), device=model.device), settings.shortlist)

    def run(self, on_progress: Callable[[int, int], None] | None = None) -> tuple[Tensor, dict[str, Any]]:
        """Train; returns the best logits (L, H) on the CPU, and the figures of training."""
        settings = self._settings
        optimizer = torch.optim.Adam([self.logits], lr=settings.learning_rate)
        validations = [self.validate(0)]
        best, kept, since = validations[0], self.logits.detach().clone(), 0
        for step, loss in enumerate(self._steps(), start=1):
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            if on_progress:
                on_progress(step, settings.steps)
            if step % settings.validate_every and step < settings.steps:
                continue
            validations.append(self.validate(step))
            since += 1
            if validations[-1].better_than(best):
                best, kept, since = validations[-1], self.logits.detach().clone(), 0
            if since == settings.patience:
                break
        figures = {
            "best_step": best.step,
            "valid_match": best.match,
            "valid_loss": best.loss,
            "validations": [vars(validation) for validation in validations],
            "cached": self._valid_logits.cached,
            "seconds": round(time.perf_counter() - self._started, 2),
        }
        return kept.cpu(), figures

    @torch.no_grad()
    def validate(self, step: int = 0) -> Validation:
        """Match and loss on the validation items, each the mean over the tasks, whatever their sizes."""
        losses, matches = [], []
        for start in range(0, len(self._valid), _VALIDATION_ROWS):
            indices = range(start, min(start + _VALIDATION_ROWS, len(self._valid)))
            suffixes = Suffixes.of([self._valid[index] for index in indices], whole_answer=True, pad_id=self._pad_id)
            logits = self._logits(self._valid_logits, suffixes, indices, [self._valid[index].task for index in indices])
            if self._shortlist is not None:
                self._shortlist.add(logits)
            losses.append(self._losses(logits, suffixes, suffixes.targets, self._stops))
            matches.append(greedy_matches(logits, suffixes, self._stops))
        tasks = torch.tensor([item.task for item in self._valid])

        def mean(values: Tensor) -> float:
            return float(torch.stack([values[tasks == task].double().mean() for task in set(tasks.tolist())]).mean())

        return Validation(step, mean(torch.cat(matches).cpu()), mean(torch.cat(losses).cpu()))

    def _logits(self, answers: AnswerLogits, suffixes: Suffixes, indices: Sequence[int], tasks: list[int]) -> Tensor:
        alpha = self._settings.max_alpha * self.logits.sigmoid()
        return answers(suffixes, indices, self._embeddings[tasks], alpha.expand(len(tasks), -1, -1)).float()

    def _losses(self, logits: Tensor, suffixes: Suffixes, targets: Tensor, stops: Tensor) -> Tensor:
        """(B,) loss of each item: the sum over its tokens, or its first token's."""
        losses = token_losses(logits, targets.to(logits.device), stops)
        if self._settings.loss == "first_token":
            losses = losses * (suffixes.columns == 0).to(losses.device)
        return losses.new_zeros(len(suffixes.ids)).index_add(0, suffixes.rows.to(losses.device), losses)

    def _steps(self) -> Iterator[Tensor]:
        """The loss of every step, in turn.

        Prefixes are computed for as many steps at once as the memory set aside for them can hold.
        """
        settings = self._settings
        plan = batches(self._train, settings.steps, settings.batch_size, settings.seed)
        whole = settings.loss == "answer"
        for window in windows(plan, self._train, _CACHE_BYTES // max(1, bytes_a_token(self._model))):
            place = {number: at for at, number in enumerate(sorted({number for step in window for number in step}))}
            items = [self._train[number] for number in place]
            answers = AnswerLogits(self._model, self._outputs, items, self._pad_id, self._valid_logits.cached)
            for numbers in window:
                indices = [place[number] for number in numbers]
                chosen = [items[index] for index in indices]
                suffixes = Suffixes.of(chosen, whole_answer=whole, pad_id=self._pad_id)
                yield self._step(answers, suffixes, indices, [item.task for item in chosen])

    def _step(self, answers: AnswerLogits, suffixes: Suffixes, indices: Sequence[int], tasks: list[int]) -> Tensor:
        """The mean loss of a batch, over the shortlist if there is one."""
        if self._shortlist is None:
            logits = self._logits(answers, suffixes, indices, tasks)
            return self._losses(logits, suffixes, suffixes.targets, self._stops).mean()
        with self._shortlist.used():
            logits = self._logits(answers, suffixes, indices, tasks)
        targets, stops = (self._shortlist.places(ids.to(logits.device)) for ids in (suffixes.targets, self._stops))
        return self._losses(logits, suffixes, targets, stops).mean()


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, and no gradients for the weights, for the time of the block."""
    modes = {module: module.training for module in model.modules()}
    wanted = [weight for weight in model.parameters() if weight.requires_grad]
    model.train(False)
    for weight in wanted:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training
        for weight in wanted:
            weight.requires_grad_(True)
