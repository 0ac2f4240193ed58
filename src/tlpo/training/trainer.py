"""``TLPOTrainer``: sample, find the confusion point, try other tokens there, update at that position.

On top of ``transformers.Trainer``, which brings the loop, the optimizer, data parallelism and checkpoints. Of its
methods ``get_batch_samples`` turns prompts into confusion points, ``training_step`` and ``compute_loss`` update at
them, ``evaluate`` measures the rate of confusion, and ``create_scheduler`` leaves out a warm-up's idle step. The
five steps of the method are methods of their own, to be overridden one by one: ``rollout``, ``detect``,
``explore``, ``advantage`` and ``loss``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer, TrainerCallback

from tlpo.confusion import ConfusionDetector
from tlpo.data.encoded import EncodedPrompt, encode_dataset
from tlpo.loop.schedule import ScheduleMixin
from tlpo.loop.setup import refuse_several_gpus, refuse_sharding, with_master_weights, without_dropout
from tlpo.modeling.alignment import token_bytes
from tlpo.modeling.generation import Completion, GenerationSettings, GenerationStats, end_token_ids, generate
from tlpo.modeling.logprobs import last_logits
from tlpo.objective import candidate_logps, clipped_surrogate, group_advantages, point_losses
from tlpo.training.candidates import ExplorationSettings, sampled_alone
from tlpo.training.config import TLPOConfig
from tlpo.training.confused_tokens import TokenMasks, confused_alone, foreign_words
from tlpo.training.counting import count_points, count_response, count_update
from tlpo.training.dataset import PromptOrder, PromptRows, Rows, encode_sets, identity, prompt_order
from tlpo.training.decisive import move_points
from tlpo.training.divergence import Estimator, point_divergence, prefix_divergence
from tlpo.training.exploration import Candidate, explore
from tlpo.training.metrics import OF_RESPONSES, StepMetrics
from tlpo.training.persistence import TLPOFiles, TLPOPersistence
from tlpo.training.points import ConfusionPoint, Pending, PointRow, Rollout, collate, first_points
from tlpo.training.reference import Reference
from tlpo.training.rewards import Judged, judge
from tlpo.training.setup import as_model, check_context, detectors_for, with_adapter


class TLPOTrainer(TLPOPersistence, ScheduleMixin, Trainer):
    """Trainer for Token-Level Policy Optimization.

    Args:
        model: a causal LM, or its hub id, folder or short name. The reference model is a copy of what is passed.
        args: see :class:`TLPOConfig`.
        train_dataset: rows with ``prompt`` (text or chat messages) and ``language``: the language of the answer, which
            need not be that of the question. One run may hold several languages.
        eval_dataset: rows of the same kind, or several sets of them by name; ``evaluate`` reports the confusion rate.
        processing_class: the tokenizer; loaded beside the model if that was given by name.
        peft_config: a ``peft`` configuration to train an adapter; the reference is then the model without it.
        detector: one detector for all rows, or one for each language; default: built from the rows' languages.
        callbacks: further ``transformers`` callbacks.

    Raises:
        UserError: for rows or arguments that cannot be used.
    """

    _tag_names = ("tlpo",)
    args: TLPOConfig
    model: Any
    train_dataset: PromptRows | None
    eval_dataset: list[EncodedPrompt] | dict[str, list[EncodedPrompt]] | None

    def __init__(
        self,
        model: PreTrainedModel | str,
        args: TLPOConfig | None = None,
        train_dataset: Rows | None = None,
        eval_dataset: Rows | Mapping[str, Rows] | None = None,
        processing_class: PreTrainedTokenizerBase | None = None,
        peft_config: Any = None,
        detector: ConfusionDetector | Mapping[str, ConfusionDetector] | None = None,
        callbacks: list[TrainerCallback] | None = None,
    ) -> None:
        args = args if args is not None else TLPOConfig(output_dir="tlpo-output")
        policy, tokenizer = as_model(model, processing_class)
        policy = without_dropout(with_master_weights(with_adapter(policy, peft_config, args)))
        room = check_context(policy, args)
        self.tokenizer_ = tokenizer
        self.step_metrics = StepMetrics()
        self.pending = self.finished_pending = Pending()  # now, and at the end of the last finished step
        self.last_rollout: Rollout | None = None

        self._encode = partial(
            encode_dataset,
            tokenizer=tokenizer,
            template=args.prompt_template,
            default_language=detector.language if isinstance(detector, ConfusionDetector) else None,
            max_tokens=room,
            chat_template_kwargs=args.template_options,
        )
        train = None if train_dataset is None else self._encode(train_dataset)
        evaluation, evaluated = encode_sets(eval_dataset, self._encode)
        self._detectors_for = partial(detectors_for, given=detector, args=args)
        self.detectors = self._detectors_for([*(train or []), *evaluated])
        super().__init__(
            model=policy,
            args=args,
            data_collator=identity,  # type: ignore[arg-type]  # prompts, not tensors
            train_dataset=None if train is None else PromptRows(train),
            eval_dataset=evaluation,
            processing_class=tokenizer,
            callbacks=callbacks,
        )
        refuse_sharding(self.args)
        refuse_several_gpus(self.args)
        is_adapter = hasattr(policy, "disable_adapter")
        self.reference = Reference(policy, is_adapter=is_adapter) if args.needs_reference else None
        if self.reference is not None and self.reference.copy is not None:
            self.reference.copy = self.accelerator.prepare_model(
                self.reference.copy.to(self.args.device), evaluation_mode=True
            )
        self.eos_ids = end_token_ids(policy, tokenizer)
        self.token_table = token_bytes(tokenizer)
        masks = partial(
            TokenMasks,
            table=self.token_table,
            size=policy.config.get_text_config().vocab_size,
            detector_of=lambda language: self.detectors[language],
            device=self.args.device,
        )
        self.confused_tokens, self.foreign_tokens = masks(confused_alone), masks(foreign_words)
        self.pad_id = int(next(t for t in (tokenizer.pad_token_id, tokenizer.eos_token_id, 0) if t is not None))
        self.loss_is_scaled_for_ga = True
        self.start_files(TLPOFiles(self), args.max_nonfinite_steps)

    # ---- the five steps -------------------------------------------------------------------------------------------

    def rollout(
        self, prompts: Sequence[EncodedPrompt], settings: GenerationSettings, *, early_stop: bool
    ) -> list[list[Completion]]:
        """Sample responses to each prompt; with ``early_stop`` a row ends at its first certain confusion."""
        stats = GenerationStats()
        completions = generate(
            self.model,
            self.tokenizer_,
            [prompt.ids for prompt in prompts],
            settings,
            keys=[prompt.index for prompt in prompts],
            streams=(lambda place: self.detectors[prompts[place].language].stream()) if early_stop else None,
            stats=stats,
        )
        self.step_metrics.add("rollout/tokens", stats.new_tokens)
        self.step_metrics.add("rollout/saved_tokens", stats.saved_row_steps)
        return completions

    def detect(
        self, prompts: Sequence[EncodedPrompt], completions: Sequence[Sequence[Completion]]
    ) -> list[ConfusionPoint]:
        """The confusion point of every response that has one."""
        points = []
        for prompt, group in zip(prompts, completions, strict=True):
            detector = self.detectors[prompt.language]
            for sample, completion in enumerate(group):
                offset = completion.confusion_point
                if offset is None:
                    offset = detector.confusion_point(completion.text)
                count_response(self.step_metrics, completion, offset, detector)
                if offset is not None:
                    points.append(ConfusionPoint.at(offset, completion, prompt, sample, self.token_table))
        return points

    def explore(self, points: Sequence[ConfusionPoint]) -> None:
        """Move points to the tokens that decided; fill in candidates, their continuations' outcomes and rewards."""
        move_points(
            points,
            int(self.args.max_point_shift or 0),
            self.token_table,
            lambda places: [group[0] for group in self._explored(places, sampled_alone(self.args.exploration))],
            lambda point, candidate: self._judged(point, candidate, by_response=False).outcome == "confused",
        )
        for point, candidates in zip(points, self._explored(points, self.args.exploration), strict=True):
            point.candidates = candidates
            point.old_logps = [float(torch.log(torch.tensor(c.prob).clamp_min(1e-45))) for c in candidates]
            point.judged = [self._judged(point, candidate) for candidate in candidates]

    def advantage(self, points: Sequence[ConfusionPoint]) -> None:
        """Fill in each point's advantages; a group without signal gets zeros."""
        if not points:
            return
        advantages = group_advantages(
            torch.tensor([[c.prob for c in point.candidates] for point in points], dtype=torch.float64),
            torch.tensor([[j.reward for j in point.judged] for point in points], dtype=torch.float64),
            torch.tensor([[j.member for j in point.judged] for point in points]),
            self.args.advantage,  # type: ignore[arg-type]  # checked by the config
        )
        for point, values in zip(points, advantages.tolist(), strict=True):
            point.advantages = values

    def loss(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """Loss of each confusion point, (P,): one forward pass of its prefix, the head where a term needs it."""
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "position_ids")}
        held = self.args.prefix_positions if self.args.prefix_beta else 0
        positions = last_logits(model, inputs, held + 1)
        logits = positions[:, -1]
        logps = candidate_logps(logits, batch["candidate_ids"])
        # With one iteration the policy has not moved since exploration: the ratio is exactly 1.
        old_logps = logps.detach() if self.args.num_iterations == 1 else batch["old_logps"]
        surrogate = clipped_surrogate(logps, old_logps, batch["advantages"], self.args.epsilon)
        kl, drift = None, None
        if self.reference is not None:
            with self.reference.model() as reference:
                ref_positions = last_logits(reference, inputs, held + 1)
            confused, estimator = batch.get("confused"), cast(Estimator, self.args.kl_estimator)
            kl = point_divergence(logits, ref_positions[:, -1], batch["candidate_ids"], confused, estimator)
            if held:
                drift = prefix_divergence(positions, ref_positions, batch["attention_mask"], confused, estimator)
        ratio = torch.exp(logps.detach() - old_logps.detach())
        count_update(self.step_metrics, batch, logits.detach(), ratio, kl, drift, self.args.epsilon)
        losses = point_losses(surrogate, kl, batch["members"], float(self.args.beta or 0))
        return losses if drift is None else losses + float(self.args.prefix_beta or 0) * drift

    # ---- how the steps hang together ------------------------------------------------------------------------------

    def get_batch_samples(
        self, epoch_iterator: Iterator[list[EncodedPrompt]], num_batches: int, device: torch.device
    ) -> tuple[list[list[list[PointRow]]], Tensor | None]:
        """Turn the prompts of one optimizer step into chunks of confusion points; none while there are too few.

        All chunks ride on the last micro-batch: gradient accumulation multiplies the prompts of a step, while
        ``update_batch_size`` bounds the points that are forwarded together.
        """
        self.before_step()
        batches = list(islice(epoch_iterator, num_batches))
        if not batches:
            return [], None
        if self.state.global_step % self.args.num_iterations == 0:
            found = self.collect([prompt for batch in batches for prompt in batch])
            # Rows that wait have seen no update: the policy still is the one that explored them.
            self.pending = self.pending.with_found(found)
        counts = self._gathered(torch.tensor([len(self.pending.rows)], device=self.args.device))
        last_step = self.state.global_step + 1 >= self.state.max_steps
        too_few = int(counts.sum()) < int(self.args.min_points or 1) and not last_step
        self.pending = replace(self.pending, waiting=too_few)
        if too_few:
            return [[] for _ in batches], counts.sum()
        size = self.args.update_batch_size
        # Every process runs as many chunks as the fullest one, so that the collectives stay aligned.
        chunk_count = -(-int(counts.max()) // size)
        empty = PointRow.empty(self.pad_id, self.args.exploration.num_candidates)
        return [[] for _ in batches[1:]] + [self.pending.chunks(size, chunk_count, empty)], counts.sum()

    def collect(self, prompts: Sequence[EncodedPrompt]) -> list[PointRow]:
        """Roll out, detect, explore and weigh: the rows to update on, groups without signal dropped."""
        with self.accelerator.autocast():
            with self.step_metrics.phase("rollout"):
                samples = int(self.args.num_generations or 1)
                settings = self.args.sampling(samples=samples, step=self.state.global_step)
                completions = self.rollout(prompts, settings, early_stop=self.args.early_stop) if prompts else []
            with self.step_metrics.phase("detect"):
                found = self.detect(prompts, completions)
                points = first_points(found, int(self.args.points_per_prompt or 0))
            with self.step_metrics.phase("explore"):
                self.explore(points)
                self.advantage(points)
        self.rollouts.add(
            responses=sum(map(len, completions)),
            tokens=sum(len(completion.ids) for group in completions for completion in group),
        )
        self.step_metrics.add("confusion/points", len(found))
        count_points(self.step_metrics, points, put_in=bool(self.args.include_sampled_token))
        self.last_rollout = Rollout(prompts, completions, found, points)
        return [PointRow.of(point) for point in points if point.has_signal]

    def training_step(  # type: ignore[override]
        self,
        model: nn.Module,
        inputs: list[list[PointRow]],
        num_items_in_batch: Tensor | None = None,
    ) -> Tensor:
        """Forward and backward over the chunks. Without any point anywhere no gradient arises and no weight moves."""
        total = torch.zeros((), device=self.args.device)
        if not inputs:
            return total
        model.train()
        if (told := getattr(self.optimizer, "train", None)) is not None:  # schedule-free optimizers, as in the Trainer
            told()
        with self.step_metrics.phase("update"):
            for place, rows in enumerate(inputs):
                last = place == len(inputs) - 1
                with nullcontext() if last else self.accelerator.no_sync(model):
                    batch = collate(rows, self.pad_id, self.args.device)
                    if self.args.holds_clean:
                        batch["confused"] = self.confused_tokens.of([row.language for row in rows])
                    with self.compute_loss_context_manager():
                        loss = self.compute_loss(model, batch, num_items_in_batch=num_items_in_batch)
                    self.accelerator.backward(loss)
                    total += loss.detach()
            self.guard.note_loss(self._gathered(total[None]))  # waits for the device, whose time belongs to the phase
        return total

    def compute_loss(  # type: ignore[override]
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | None = None,
    ) -> Tensor:
        """The points' losses, averaged over all points of all processes."""
        losses = self.loss(model, inputs)
        points = num_items_in_batch if num_items_in_batch is not None else inputs["weights"].sum()
        # Data parallelism averages gradients over processes; the sum is what is wanted.
        total: Tensor = (losses * inputs["weights"]).sum() * self.accelerator.num_processes / points
        return total

    def skipped_step(self) -> None:
        """Count it; a step is skipped by all processes, of which one counts."""
        self.step_metrics.add("train/skipped_steps", float(self.args.process_index == 0))

    def _get_train_sampler(self, train_dataset: Any = None) -> PromptOrder:
        dataset = train_dataset or self.train_dataset or []
        return prompt_order(len(dataset), self.args, lambda: self.state.global_step)

    @torch.no_grad()
    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Any = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """The confusion rate on rows, or on sets of them by name, by default its own: one sample each, as audits do."""
        prompts: Any = (self.eval_dataset if eval_dataset is None else eval_dataset) or []
        if isinstance(prompts, Mapping):
            each = [self.evaluate(rows, ignore_keys, f"{metric_key_prefix}_{name}") for name, rows in prompts.items()]
            return {name: value for found in each for name, value in found.items()}
        if not all(isinstance(prompt, EncodedPrompt) for prompt in prompts):
            prompts = self._encode(prompts)
            self.detectors = self._detectors_for(prompts) | self.detectors
        mine = prompts[self.args.process_index :: self.args.world_size]
        training_metrics, self.step_metrics = self.step_metrics, StepMetrics()
        try:
            with self.accelerator.autocast():
                settings = self.args.evaluation_sampling()
                self.detect(mine, self.rollout(mine, settings, early_stop=False) if mine else [])
            found = self.step_metrics.drain(self._summed, self.accelerator.num_processes)
        finally:
            self.step_metrics = training_metrics
        metrics = {f"{metric_key_prefix}_{name}": found[name] for name in OF_RESPONSES if name in found}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Add the step's metrics to what is logged."""
        if "loss" in logs:  # neither an evaluation nor the summary at the end
            logs = logs | self.step_metrics.drain(self._summed, self.accelerator.num_processes)
        super().log(logs, start_time)

    def floating_point_ops(self, inputs: Any) -> int:
        """Not counted: a step's work lies in the roll-out, which this hook does not see."""
        return 0

    # ---- bookkeeping ----------------------------------------------------------------------------------------------

    def _explored(self, points: Sequence[ConfusionPoint], settings: ExplorationSettings) -> list[list[Candidate]]:
        found = explore(
            self.model,
            [point.prefix_ids for point in points],
            [point.sampled_id for point in points],
            settings,
            eos_ids=self.eos_ids,
            pad_id=self.pad_id,
            draw_keys=[(self.args.seed, self.state.global_step, p.prompt_index, p.sample, 1) for p in points],
            confused=self._wrong_tokens([point.language for point in points]) if settings.confused else None,
        )
        tokens = sum(len(candidate.continuation) - 1 for group in found for candidate in group)
        self.step_metrics.add("explore/tokens", tokens)
        self.rollouts.add(explored_tokens=tokens)
        return found

    def _judged(self, point: ConfusionPoint, candidate: Candidate, *, by_response: bool = True) -> Judged:
        return judge(
            point.prefix_text,
            candidate,
            self.token_table,
            self.detectors[point.language],
            self.eos_ids,
            self.args.rewards,
            pending=point.prefix_pending,
            sampled=by_response and candidate.token == point.sampled_id,
        )

    def _wrong_tokens(self, languages: Sequence[str]) -> Tensor:
        """(P, V) bool: what to try as wrong candidates; how each of them goes on decides what it is worth."""
        return self.confused_tokens.of(languages) | self.foreign_tokens.of(languages)

    def _gathered(self, values: Tensor) -> Tensor:
        return self.accelerator.gather(values) if self.accelerator.num_processes > 1 else values

    def _summed(self, values: Tensor) -> Tensor:
        if self.accelerator.num_processes == 1:
            return values
        total: Tensor = self.accelerator.reduce(values.to(self.args.device), reduction="sum")
        return total.cpu()
