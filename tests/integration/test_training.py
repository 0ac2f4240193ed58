"""The trainer end to end on tiny random models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from tests.models import ARCHITECTURES, chat_tokenizer, tiny_model, tokenizer
from tests.runs import ROWS, history, largest_difference, same, trainer, weights
from transformers import TrainerCallback

from tlpo import ConfusionDetector, TLPOTrainer, UserError
from tlpo.modeling.alignment import TokenText
from tlpo.modeling.generation import Completion
from tlpo.training.dataset import EncodedPrompt, PromptOrder
from tlpo.training.points import ConfusionPoint

LORA = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM")


class WeightsAfterEachStep(TrainerCallback):
    def __init__(self) -> None:
        self.steps: list[dict[str, torch.Tensor]] = []

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        self.steps.append(weights(model))


class Quiet(TLPOTrainer):
    """Finds nothing at the steps named in ``silent``, counted from 0."""

    silent: Sequence[int] = ()

    def detect(self, prompts: Any, completions: Any) -> list[ConfusionPoint]:
        points = super().detect(prompts, completions)
        return [] if self.state.global_step in self.silent else points


class Remembering(TLPOTrainer):
    """Keeps what each step saw."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.rounds: list[tuple[list[EncodedPrompt], list[list[Completion]], list[ConfusionPoint]]] = []
        super().__init__(*args, **kwargs)

    def detect(self, prompts: Any, completions: Any) -> list[ConfusionPoint]:
        points = super().detect(prompts, completions)
        self.rounds.append((list(prompts), completions, points))
        return points


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_trains(tmp_path: Path, architecture: str) -> None:
    run = trainer(tmp_path, model=tiny_model(architecture), max_steps=2)
    before = weights(run.model)
    run.train()
    assert not same(before, weights(run.model))
    assert all(parameter.isfinite().all() for parameter in run.model.parameters())
    for entry in history(run)[:2]:
        assert entry["confusion/points"] >= entry["confusion/points_used"] > 0
        assert entry["ratio/mean"] == 1
        assert 0 < entry["explore/mass_correct"] < 1
        assert 0 < entry["confusion/rate"] <= 1
        assert entry["grad_norm"] > 0


def test_training_raises_the_mass_of_the_clean_candidates(tmp_path: Path) -> None:
    run = trainer(tmp_path, rows=ROWS[:4], max_steps=12, num_generations=8, learning_rate=1e-2)
    run.train()
    mass = [entry["explore/mass_correct"] for entry in history(run)[:12]]
    rate = [entry["confusion/rate"] for entry in history(run)[:12]]
    assert sum(mass[-3:]) / 3 > 0.6 > 0.3 > mass[0]
    assert sum(rate[-3:]) < sum(rate[:3])


def test_a_step_without_points_leaves_the_weights_as_they_are(tmp_path: Path) -> None:
    """Weight decay and the momentum of earlier steps must not move them either."""
    watch = WeightsAfterEachStep()
    Quiet.silent = (0, 2)
    run = trainer(tmp_path, kind=Quiet, callbacks=[watch], max_steps=4, weight_decay=0.5)
    start = weights(run.model)
    run.train()
    first, second, third, fourth = watch.steps
    assert same(start, first)
    assert not same(first, second)
    assert same(second, third)
    assert not same(third, fourth)
    assert [entry["confusion/points"] > 0 for entry in history(run)[:4]] == [False, True, False, True]


def test_groups_without_signal_are_dropped_and_counted(tmp_path: Path) -> None:
    class Flat(TLPOTrainer):
        def explore(self, points: Sequence[ConfusionPoint]) -> None:
            super().explore(points)
            for point in points:
                point.judged = [point.judged[0]] * len(point.judged)

    run = trainer(tmp_path, kind=Flat, weight_decay=0.5, max_steps=2)
    before = weights(run.model)
    run.train()
    assert same(before, weights(run.model))
    entry = history(run)[0]
    assert entry["confusion/points"] > 0
    assert (entry["confusion/points_used"], entry["explore/frac_no_signal"]) == (0, 1)


@pytest.mark.parametrize("estimator", ["k3", "exact"])
def test_two_iterations_equal_plain_gradient_descent(tmp_path: Path, estimator: str) -> None:
    """The weights after two steps on one roll-out against brute force: one row for every candidate, plain PyTorch."""
    model, rate, beta = tiny_model(), 0.5, 0.3
    rows, reference = tiny_model(), tiny_model()
    run = trainer(
        tmp_path,
        model=model,
        kind=Remembering,
        optim="sgd",
        learning_rate=rate,
        beta=beta,
        kl_estimator=estimator,
        num_iterations=2,
        max_steps=2,
        max_grad_norm=0,
    )
    run.train()
    assert len(run.rounds) == 1
    points = [point for point in run.rounds[0][2] if point.has_signal]
    assert len(points) > 2
    old = [_logps(rows, point).detach() for point in points]
    for _ in range(2):
        rows.zero_grad()
        losses = [_brute_loss(rows, reference, point, o, beta, estimator) for point, o in zip(points, old, strict=True)]
        (sum(losses) / len(losses)).backward()
        with torch.no_grad():
            for parameter in rows.parameters():
                if parameter.grad is not None:
                    parameter -= rate * parameter.grad
    moved = largest_difference(weights(reference), weights(rows))
    assert moved > 1e-3
    assert largest_difference(weights(model), weights(rows)) < 1e-4 * moved
    second = history(run)[1]
    assert second["rollout/tokens"] == 0
    assert second["kl"] > 0
    assert second["ratio/mean"] != 1


def _logps(model: Any, point: ConfusionPoint) -> torch.Tensor:
    sequences = torch.tensor([[*point.prefix_ids, candidate.token] for candidate in point.candidates])
    logps = torch.log_softmax(model(sequences, use_cache=False).logits[:, -2], dim=-1)
    return logps.gather(-1, sequences[:, -1:])[:, 0]


def _brute_loss(
    model: Any, reference: Any, point: ConfusionPoint, old: torch.Tensor, beta: float, estimator: str
) -> torch.Tensor:
    members = torch.tensor([judged.member for judged in point.judged])
    p = torch.tensor([candidate.prob for candidate in point.candidates])[members]
    rewards = torch.tensor([judged.reward for judged in point.judged])[members]
    weight = p * (rewards - (p * rewards).sum() / p.sum())
    advantages = weight / weight.abs().sum()
    logps = _logps(model, point)
    ratio = torch.exp(logps - old)[members]
    surrogate = torch.min(ratio * advantages, torch.clamp(ratio, 0.8, 1.2) * advantages)
    with torch.no_grad():
        ref_logps = _logps(reference, point)
        ref_all = torch.log_softmax(reference(torch.tensor([point.prefix_ids])).logits[0, -1], -1)
    delta = (ref_logps - logps)[members]
    kl = torch.exp(delta) - delta - 1
    if estimator == "exact":
        everything = torch.log_softmax(model(torch.tensor([point.prefix_ids])).logits[0, -1], -1)
        kl = (everything.exp() * (everything - ref_all)).sum().expand_as(surrogate)
    return -(surrogate - beta * kl).mean()


def verdicts(detector: ConfusionDetector, text: str) -> set[int | None]:
    """The confusion point of a text as it stands, and of one that goes on: a stopped response's is either."""
    return {detector.check(text, truncated=truncated).confusion_point for truncated in (False, True)}


def test_points_are_where_the_responses_go_wrong(tmp_path: Path) -> None:
    """The prefix ends right before the first token that carries part of the confused character."""
    run = trainer(tmp_path, kind=Remembering, max_steps=3, num_generations=6)
    run.train()
    detector, table, points = ConfusionDetector("ko", english="confusion"), run.token_table, 0
    for prompts, completions, found in run.rounds:
        by_place = {(point.prompt_index, point.sample): point for point in found}
        for prompt, group in zip(prompts, completions, strict=True):
            for sample, completion in enumerate(group):
                point = by_place.get((prompt.index, sample))
                if point is None:
                    assert completion.finished != "confusion"
                    continue
                points += 1
                assert point.response == completion.text
                assert point.char_offset in verdicts(detector, completion.text)
                before = len(completion.text[: point.char_offset].encode())
                place = len(point.prefix_ids) - len(prompt.ids)
                assert point.prefix_ids == prompt.ids + completion.ids[:place]
                assert point.sampled_id == completion.ids[place]
                sizes = [len(table[token]) for token in completion.ids]
                if "\ufffd" not in completion.text:  # then text and bytes have the same places
                    assert sum(sizes[:place]) <= before < sum(sizes[: place + 1])
                prefix = TokenText(table, completion.ids[:place])
                assert (prefix.text, prefix.pending) == (point.prefix_text, point.prefix_pending)
    assert points > 40


def test_a_token_that_ends_a_character_and_begins_the_wrong_one(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    # 나는 가ж: the third token ends 가 and begins ж.
    run.token_table = [b"", "나는 ".encode(), "가".encode()[:2], "가".encode()[2:] + "ж".encode()[:1], "ж".encode()[1:]]
    text = TokenText(run.token_table, [1, 2, 3, 4])
    completion = Completion([1, 2, 3, 4], text.text, text.token_of_char, "length")
    (point,) = run.detect([EncodedPrompt(0, [9, 9], "ko")], [[completion]])
    assert (point.char_offset, point.prefix_ids, point.sampled_id) == (4, [9, 9, 1, 2], 3)
    assert (point.prefix_text, point.prefix_pending) == ("나는 ", "가".encode()[:2])


def test_the_sampled_token_is_judged_confused(tmp_path: Path) -> None:
    """It lies in every group, and in context it is what the detector objected to."""
    run = trainer(tmp_path, kind=Remembering, max_steps=2, num_generations=4)
    run.train()
    outcomes = [
        judged.outcome
        for _, _, points in run.rounds
        for point in points
        for candidate, judged in zip(point.candidates, point.judged, strict=True)
        if candidate.token == point.sampled_id
    ]
    assert len(outcomes) == sum(len(points) for _, _, points in run.rounds)
    assert outcomes.count("confused") / len(outcomes) > 0.8


# transformers renames the option in version 6; both names mean the same.
old_name = pytest.mark.filterwarnings("ignore:`gradient_checkpointing` is deprecated:FutureWarning")


@old_name
@pytest.mark.parametrize("checkpointing", [False, True])
def test_lora_trains_the_adapter_alone_and_the_reference_is_the_base(tmp_path: Path, checkpointing: bool) -> None:
    base = tiny_model()
    run = trainer(tmp_path, model=tiny_model(), peft_config=LORA, gradient_checkpointing=checkpointing, max_steps=3)
    before = weights(run.model)
    run.train()
    after = weights(run.model)
    for name, value in after.items():
        if "lora_" not in name:
            assert torch.equal(value, before[name]), name
    assert any(not torch.equal(value, before[name]) for name, value in after.items() if "lora_B" in name)
    kl = [entry["kl"] for entry in history(run)[:3]]
    assert kl[0] == 0
    assert kl[2] > 0
    probe = torch.tensor([[5, 9, 30, 77]])
    with torch.no_grad(), run.reference.model() as reference:  # type: ignore[union-attr]
        assert torch.equal(reference(probe).logits, base(probe).logits)
    with torch.no_grad():
        assert not torch.equal(run.model(probe).logits, base(probe).logits)
    run.save_model(str(tmp_path / "adapter"))
    assert (tmp_path / "adapter" / "adapter_model.safetensors").is_file()


@old_name
@pytest.mark.parametrize("options", [{}, {"peft_config": LORA}], ids=["full", "lora"])
def test_gradient_checkpointing_changes_nothing(tmp_path: Path, options: dict[str, Any]) -> None:
    plain = trainer(tmp_path / "a", max_steps=2, **options)
    plain.train()
    thrifty = trainer(tmp_path / "b", max_steps=2, gradient_checkpointing=True, **options)
    thrifty.train()
    assert largest_difference(weights(plain.model), weights(thrifty.model)) < 1e-6


def test_accumulation_and_update_batches_change_nothing(tmp_path: Path) -> None:
    """1 x 4 prompts, 4 x 1 and 2 x 2 make the same step, and so do few or many points a forward pass."""
    shapes = [
        {"per_device_train_batch_size": 4},
        {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 4},
        {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "update_batch_size": 3},
        {"per_device_train_batch_size": 4, "update_batch_size": 1, "rollout_batch_size": 2},
        {"per_device_train_batch_size": 4, "exploration_batch_size": 8},
    ]
    results = []
    for place, shape in enumerate(shapes):
        run = trainer(tmp_path / str(place), optim="sgd", learning_rate=0.1, **shape)
        run.train()
        results.append((weights(run.model), [entry["confusion/points_used"] for entry in history(run)[:3]]))
    start = weights(tiny_model())
    for found, points in results[1:]:
        assert points == results[0][1]
        assert largest_difference(found, results[0][0]) < 1e-5 * largest_difference(found, start)


def test_bf16_autocast_over_float32_master_weights(tmp_path: Path) -> None:
    kinds: set[torch.dtype] = set()
    model = tiny_model()
    model.model.layers[0].mlp.up_proj.register_forward_hook(lambda module, args, output: kinds.add(output.dtype))
    run = trainer(tmp_path / "a", model=model, bf16=True)
    before = weights(run.model)
    run.train()
    assert kinds == {torch.bfloat16}
    assert {parameter.dtype for parameter in run.model.parameters()} == {torch.float32}
    assert not same(before, weights(run.model))
    # A step far below bf16's resolution survives in the master weights.
    small = trainer(tmp_path / "b", bf16=True, optim="sgd", learning_rate=1e-6, max_steps=1)
    small.train()
    assert 0 < largest_difference(before, weights(small.model)) < 1e-5


def test_clipping_acts_on_the_second_iteration(tmp_path: Path) -> None:
    run = trainer(tmp_path, num_iterations=2, max_steps=4, learning_rate=0.05, kind=Remembering)
    run.train()
    entries = history(run)[:4]
    assert len(run.rounds) == 2
    assert [entry["rollout/tokens"] > 0 for entry in entries] == [True, False, True, False]
    assert entries[0]["ratio/clip_fraction"] == entries[2]["ratio/clip_fraction"] == 0
    assert entries[1]["ratio/clip_fraction"] > 0


@pytest.mark.parametrize(("every", "expected"), [(1, [0, 0, 0, 0]), (2, [0, 1, 0, 1]), (0, [0, 1, 1, 1])])
def test_the_reference_is_refreshed_every_n_steps(tmp_path: Path, every: int, expected: list[int]) -> None:
    run = trainer(tmp_path, ref_model_sync_steps=every, max_steps=4, beta=0.1)
    start = weights(run.model)
    run.train()
    assert [int(entry["kl"] > 1e-9) for entry in history(run)[:4]] == expected
    copy = run.reference.copy  # type: ignore[union-attr]
    assert same(weights(copy), weights(run.model) if every else start)  # type: ignore[arg-type]


def test_the_reference_is_the_model_in_memory(tmp_path: Path) -> None:
    """Not the one on disk that it was loaded from, and none at all without a KL term."""
    tiny_model().save_pretrained(tmp_path / "model")
    edited = type(tiny_model()).from_pretrained(tmp_path / "model")
    with torch.no_grad():
        edited.lm_head.weight.mul_(2)
    run = trainer(tmp_path / "run", model=edited)
    assert same(weights(run.reference.copy), weights(edited))  # type: ignore[arg-type, union-attr]
    assert trainer(tmp_path / "none", beta=0.0).reference is None


def test_several_languages_and_chat_messages_in_one_run(tmp_path: Path) -> None:
    """Text and messages, prompts in one language to be answered in another; each judged by its own detector."""
    own = chat_tokenizer()
    rows = [
        {"prompt": "Что нового?", "language": "ru"},
        {"prompt": [{"role": "user", "content": "오늘 날씨"}], "language": "ko"},
        {"prompt": [{"role": "system", "content": "짧게"}, {"role": "user", "content": "Hello"}], "language": "ar"},
        {"prompt": "오늘 날씨", "language": "ja"},
    ]
    run = trainer(tmp_path, rows=rows, processing_class=own, kind=Remembering, num_generations=6, max_steps=2)
    run.train()
    assert set(run.detectors) == {"ru", "ko", "ar", "ja"}
    points = [point for _, _, found in run.rounds for point in found]
    assert {point.language for point in points} == {"ru", "ko", "ar", "ja"}
    for point in points:
        row = rows[point.prompt_index]
        assert point.language == row["language"]
        messages = row["prompt"] if isinstance(row["prompt"], list) else [{"role": "user", "content": row["prompt"]}]
        prompt = own.apply_chat_template(messages, tokenize=True, add_generation_prompt=True, return_dict=False)
        assert point.prefix_ids[: len(prompt)] == prompt
        assert point.prefix_ids.count(own.bos_token_id) == 1 + prompt[1:].count(own.bos_token_id)
        detector = ConfusionDetector(point.language, english="confusion")
        assert point.char_offset in verdicts(detector, point.response)


def test_a_single_detector_gives_rows_their_language(tmp_path: Path) -> None:
    rows = [{"prompt": row["prompt"]} for row in ROWS[:4]]
    run = trainer(tmp_path, rows=rows, detector=ConfusionDetector("ru"), max_steps=1)
    assert {prompt.language for prompt in run.train_dataset or []} == {"ru"}
    run.train()
    with pytest.raises(UserError, match="no detector for ko: add it"):
        trainer(tmp_path, detector={"ru": ConfusionDetector("ru")})


def test_evaluation_reports_and_does_not_disturb_training(tmp_path: Path) -> None:
    plain = trainer(tmp_path / "a", max_steps=2)
    plain.train()
    run = trainer(tmp_path / "b", max_steps=2, eval_dataset=ROWS[:5], eval_strategy="steps", eval_steps=1)
    run.train()
    assert same(weights(plain.model), weights(run.model))
    found = [entry for entry in run.state.log_history if "eval_confusion/rate" in entry]
    assert len(found) == 2
    assert 0 < found[0]["eval_confusion/rate"] <= 1
    assert found[0]["eval_completions/mean_length"] <= 10
    for mine, other in zip(history(plain)[:2], history(run)[:2], strict=True):
        assert {k: v for k, v in mine.items() if "seconds" not in k} == {
            k: v for k, v in other.items() if "seconds" not in k
        }


@pytest.mark.parametrize(
    ("drop_last", "accumulation", "epochs"), [(False, 1, [0, 0, 0, 1]), (True, 1, [0, 0, 1, 1]), (True, 2, [0, 1])]
)
def test_each_epoch_has_its_own_order(tmp_path: Path, drop_last: bool, accumulation: int, epochs: list[int]) -> None:
    """Ten prompts in batches of four: three steps an epoch, two when the last is dropped."""
    run = trainer(
        tmp_path,
        rows=ROWS[:10],
        kind=Remembering,
        num_generations=1,
        max_new_tokens=4,
        dataloader_drop_last=drop_last,
        gradient_accumulation_steps=accumulation,
        max_steps=len(epochs),
    )
    run.train()
    size = 4 * accumulation
    orders = [list(PromptOrder(10, 3, size, 1, lambda epoch=epoch: epoch)) for epoch in (0, 1)]  # type: ignore[misc]
    starts = [epochs[:step].count(epoch) * size for step, epoch in enumerate(epochs)]
    expected = [orders[epoch][start : start + size] for epoch, start in zip(epochs, starts, strict=True)]
    assert [[prompt.index for prompt in prompts] for prompts, *_ in run.rounds] == expected  # type: ignore[attr-defined]


def test_evaluation_of_other_rows(tmp_path: Path) -> None:
    """Rows that the trainer was not made with, in a language it has no detector for yet."""
    run = trainer(tmp_path, rows=ROWS[:4], max_new_tokens=6)
    found = run.evaluate([{"prompt": "Сегодня", "language": "ru"}, ROWS[5]])
    assert 0 <= found["eval_confusion/rate"] <= 1
    assert set(run.detectors) == {"ko", "ru"}
    assert found == run.evaluate(run._encode([{"prompt": "Сегодня", "language": "ru"}, ROWS[5]]))


def test_metrics_agree_with_what_happened(tmp_path: Path) -> None:
    run = trainer(tmp_path, kind=Remembering, max_steps=2, early_stop=False)
    run.train()
    for entry, (_, completions, points) in zip(history(run)[:2], run.rounds, strict=True):
        responses = [completion for group in completions for completion in group]
        assert entry["confusion/points"] == len(points)
        assert entry["confusion/rate"] == pytest.approx(len(points) / len(responses))
        assert entry["rollout/tokens"] == sum(len(c.ids) for c in responses)
        assert entry["completions/mean_length"] == pytest.approx(entry["rollout/tokens"] / len(responses))
        assert entry["rollout/saved_tokens"] == 0
        assert entry["confusion/points_used"] == sum(point.has_signal for point in points)
        rewards = [judged.reward for point in points for judged in point.judged]
        assert entry["explore/reward"] == pytest.approx(sum(rewards) / len(rewards))
        assert entry["explore/tokens"] == sum(len(c.continuation) for point in points for c in point.candidates)
        assert entry["update/tokens"] == sum(len(point.prefix_ids) for point in points if point.has_signal)
        top = [sorted(point.candidates, key=lambda c: -c.prob)[:8] for point in points]
        assert len(top) == len(points)


def test_early_stop_spares_tokens_and_finds_the_same_points(tmp_path: Path) -> None:
    runs = []
    for early in (False, True):
        run = trainer(tmp_path / str(early), kind=Remembering, max_steps=1, num_generations=6, early_stop=early)
        run.train()
        runs.append(run)
    full, stopped = runs
    places = [[(p.prompt_index, p.sample, p.char_offset, p.prefix_ids) for p in run.rounds[0][2]] for run in runs]
    assert places[0] == places[1]
    spared = history(full)[0]["rollout/tokens"] - history(stopped)[0]["rollout/tokens"]
    assert history(stopped)[0]["rollout/saved_tokens"] >= spared > 0


def test_files_of_a_run(tmp_path: Path) -> None:
    run = trainer(tmp_path, save_strategy="steps", save_steps=1, save_total_limit=2, log_completions=3)
    run.train()
    folders = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert folders == ["checkpoint-2", "checkpoint-3"]
    for folder in folders:
        names = {path.name for path in (tmp_path / folder).iterdir()}
        assert {"model.safetensors", "config.json", "tokenizer.json", "trainer_state.json"} <= names
        assert {"checkpoint_complete.json", "optimizer.pt", "rng_state.pth", "scheduler.pt"} <= names
        assert "training_args.bin" not in names
    metrics = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in metrics if "loss" in entry] == [1, 2, 3]
    points = [json.loads(line) for line in (tmp_path / "confusion_points.jsonl").read_text().splitlines()]
    assert {point["step"] for point in points} == {1, 2, 3}
    for point in points:
        assert point["language"] == "ko"
        assert len(point["candidates"]) == 8
        assert sum(candidate["advantage"] for candidate in point["candidates"]) == pytest.approx(0, abs=1e-9)


def test_arguments_that_the_model_cannot_meet(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="num_candidates is 481, but the model's vocabulary has 480 tokens"):
        trainer(tmp_path, num_candidates=481)
    with pytest.raises(UserError, match="max_new_tokens is 600, but the model's context holds 512 tokens"):
        trainer(tmp_path, max_new_tokens=600)
    with pytest.raises(UserError, match=r"training record 0: the prompt has \d+ tokens, but only 2 fit"):
        trainer(tmp_path, max_new_tokens=510)
    with pytest.raises(UserError, match="ref_model_sync_steps is 2, but an adapter's reference is its base model"):
        trainer(tmp_path, peft_config=LORA, ref_model_sync_steps=2)
    with pytest.raises(UserError, match="no tokenizer: pass it as processing_class"):
        TLPOTrainer(tiny_model(), trainer(tmp_path).args, train_dataset=ROWS)


def test_a_model_by_folder(tmp_path: Path) -> None:
    tiny_model().save_pretrained(tmp_path / "model")
    tokenizer("byte_fallback").save_pretrained(tmp_path / "model")
    args = trainer(tmp_path / "a", max_steps=1).args
    run = TLPOTrainer(str(tmp_path / "model"), args, train_dataset=ROWS)
    run.train()
    twin = trainer(tmp_path / "b", max_steps=1)
    twin.train()
    assert same(weights(run.model), weights(twin.model))
