"""What a run takes in and what it tells, on tiny random models: data, evaluation, metrics, files, arguments."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from tests.models import chat_tokenizer, tiny_model, tokenizer
from tests.runs import ROWS, Remembering, arguments, history, same, trainer, verdicts, weights
from transformers import TrainerCallback

from tlpo import ConfusionDetector, TLPOTrainer, UserError
from tlpo.data.encoded import EncodedPrompt
from tlpo.loop.config import RunConfig
from tlpo.loop.run import train
from tlpo.modeling.alignment import TokenText
from tlpo.modeling.generation import Completion, GenerationSettings
from tlpo.training.dataset import PromptOrder
from tlpo.training.points import ConfusionPoint

LORA = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "down_proj"], task_type="CAUSAL_LM")


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


class Dies(TrainerCallback):
    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        raise RuntimeError("out of memory")


def test_a_run_that_died_after_its_first_evaluation_begins_anew(tmp_path: Path) -> None:
    """That evaluation is of step 0, before any checkpoint."""
    folder = tmp_path / "run"
    options: dict[str, Any] = {"max_steps": 1, "eval_on_start": True, "eval_strategy": "epoch"}
    run = RunConfig(model="tiny", language=["ko"])

    def attempt(*callbacks: TrainerCallback) -> None:
        def make(model: Any, words: Any) -> TLPOTrainer:
            return trainer(folder, model=model, eval_dataset=ROWS[:2], callbacks=list(callbacks), **options)

        train(run, arguments(folder, **options), make, load=lambda: (tiny_model(), tokenizer("byte_fallback")))

    with pytest.raises(RuntimeError, match="out of memory"):
        attempt(Dies())
    attempt()
    metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in metrics if "eval_confusion/rate" in line] == [0, 1]


def test_evaluation_of_other_rows(tmp_path: Path) -> None:
    """Rows that the trainer was not made with, in a language it has no detector for yet."""
    run = trainer(tmp_path, rows=ROWS[:4], max_new_tokens=6)
    found = run.evaluate([{"prompt": "Сегодня", "language": "ru"}, ROWS[5]])
    assert 0 <= found["eval_confusion/rate"] <= 1
    assert set(run.detectors) == {"ko", "ru"}
    assert found == run.evaluate(run._encode([{"prompt": "Сегодня", "language": "ru"}, ROWS[5]]))


def test_several_evaluation_sets(tmp_path: Path) -> None:
    options = {"max_steps": 1, "eval_strategy": "steps", "eval_steps": 1, "max_new_tokens": 6}
    run = trainer(tmp_path, eval_dataset={"first": ROWS[:3], "second": ROWS[3:8]}, **options)
    run.train()
    logged = {name: value for entry in run.state.log_history for name, value in entry.items()}
    for name, rows in (("first", ROWS[:3]), ("second", ROWS[3:8])):
        alone = run.evaluate(rows)["eval_confusion/rate"]
        assert logged[f"eval_{name}_confusion/rate"] == pytest.approx(alone)


def test_metrics_agree_with_what_happened(tmp_path: Path) -> None:
    run = trainer(tmp_path, kind=Remembering, max_steps=2, early_stop=False)
    run.train()
    for entry, (_, completions, points) in zip(history(run)[:2], run.rounds, strict=True):
        responses = [completion for group in completions for completion in group]
        assert entry["confusion/points"] == len(points)
        assert entry["confusion/rate"] == pytest.approx(len(points) / len(responses))
        assert entry["rollout/tokens"] == sum(len(c.ids) for c in responses)
        assert entry["completions/mean_length"] == pytest.approx(entry["rollout/tokens"] / len(responses))
        text = [character for c in responses for character in c.text if not character.isspace()]
        digits = sum(unicodedata.category(character)[0] == "N" for character in text)
        assert entry["completions/digits"] == pytest.approx(digits / len(text))
        assert digits
        assert entry["rollout/saved_tokens"] == 0
        assert entry["confusion/points_used"] == sum(point.has_signal for point in points)
        rewards = [judged.reward for point in points for judged in point.judged]
        assert entry["explore/reward"] == pytest.approx(sum(rewards) / len(rewards))
        assert entry["explore/tokens"] == sum(len(c.continuation) - 1 for point in points for c in point.candidates)
        assert entry["update/tokens"] == sum(len(point.prefix_ids) for point in points if point.has_signal)
        top = [sorted(point.candidates, key=lambda c: -c.prob)[:8] for point in points]
        assert len(top) == len(points)


def test_points_of_one_prompt_beyond_the_first_are_found_but_not_explored(tmp_path: Path) -> None:
    entries = []
    for most in (0, 1):
        run = trainer(
            tmp_path / str(most), kind=Remembering, max_steps=1, num_generations=4, points_per_prompt=most, min_points=1
        )
        run.train()
        entries.append((history(run)[0], run.rounds[0][2]))
    (everything, points), (first, chosen) = entries
    assert everything["confusion/points"] == everything["explore/points"] == first["confusion/points"]
    prompts = {point.prompt_index for point in points}
    assert first["explore/points"] == len(prompts) < len(points)
    assert [(p.prompt_index, p.sample) for p in chosen if p.candidates] == [
        (index, min(p.sample for p in points if p.prompt_index == index))
        for index in dict.fromkeys(p.prompt_index for p in points)
    ]


def test_a_base_model_takes_a_prompt_template(tmp_path: Path) -> None:
    template = "물음: {prompt}\n답:"
    run = trainer(tmp_path, kind=Remembering, max_steps=1, num_generations=4, prompt_template=template)
    run.train()
    (_, _, points), own = run.rounds[0], tokenizer("byte_fallback")
    assert len(points) > 4
    for point in points:
        prompt = own(f"물음: {ROWS[point.prompt_index]['prompt']}\n답:")["input_ids"]
        assert point.prefix_ids[: len(prompt)] == prompt


class Own(TLPOTrainer):
    """Responses from elsewhere, and advantages by a rule of its own."""

    ids = (9, 4, 11)

    def rollout(
        self, prompts: Sequence[EncodedPrompt], settings: GenerationSettings, *, early_stop: bool
    ) -> list[list[Completion]]:
        text = TokenText([*[b""] * 4, "слово".encode(), *[b""] * 4, "나는 ".encode(), b"", "요".encode()], self.ids)
        return [[Completion([*self.ids], text.text, text.token_of_char, "length")] for _ in prompts]

    def advantage(self, points: Sequence[ConfusionPoint]) -> None:
        self.seen = list(points)
        for point in points:
            point.advantages = [0.0 for _ in point.candidates]


def test_roll_out_and_advantage_can_be_overridden(tmp_path: Path) -> None:
    run = trainer(tmp_path, kind=Own, max_steps=1, weight_decay=0.5)
    before = weights(run.model)
    run.train()
    assert isinstance(run, Own)
    assert [(point.char_offset, point.sampled_id) for point in run.seen] == [(3, 4)] * 4
    assert same(before, weights(run.model))  # no group has a signal
    assert history(run)[0]["confusion/points_used"] == 0


class Exploring(TLPOTrainer):
    """Asks of every explored point, one row and one place at a time, whether the greedy continuation is confused."""

    def explore(self, points: Sequence[ConfusionPoint]) -> None:
        super().explore(points)
        prompts = {prompt.index: prompt.ids for prompt in self.train_dataset or []}
        self.seen = [(point, self._along(point, len(prompts[point.prompt_index]))) for point in points]

    def _along(self, point: ConfusionPoint, prompt: int) -> list[bool]:
        ids, outcomes = [*point.prefix_ids, point.sampled_id, *point.later_ids], []
        first = len(point.prefix_ids) - point.shift
        for place in range(first, min(first + 4, len(ids))):
            row = torch.tensor([ids[: place + 1]])
            with torch.no_grad():
                for _ in range(3):
                    row = torch.cat([row, self.model(row, use_cache=False).logits[:, -1:].argmax(-1)], dim=1)
            end = next((i + 1 for i in range(place, row.shape[1]) if int(row[0, i]) in self.eos_ids), row.shape[1])
            before = TokenText(self.token_table, ids[prompt:place]).text
            text = TokenText(self.token_table, row[0, prompt:end].tolist()).text
            found = self.detectors[point.language].check(text, start=len(before))
            outcomes.append(found.confusion_point is not None)
        return outcomes


@pytest.mark.parametrize("sampled_reward", ["look_ahead", "response"])
def test_points_move_to_the_first_token_that_decides(tmp_path: Path, sampled_reward: str) -> None:
    options = {"max_steps": 1, "num_generations": 32, "max_point_shift": 3, "sampled_reward": sampled_reward}
    run = trainer(tmp_path, kind=Exploring, **options)
    run.train()
    assert isinstance(run, Exploring)
    moved = [point.shift for point, _ in run.seen if point.shift]
    assert len(moved) >= 3
    for point, outcomes in run.seen:
        assert point.shift == (outcomes.index(True) if True in outcomes else 0)
    assert history(run)[0]["explore/frac_moved"] == pytest.approx(len(moved) / len(run.seen))


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
        trainer(tmp_path, max_new_tokens=508)  # the look-ahead reads two tokens more
    with pytest.raises(UserError, match="ref_model_sync_steps is 2, but an adapter's reference is its base model"):
        trainer(tmp_path, peft_config=LORA, ref_model_sync_steps=2)
    with pytest.raises(UserError, match="no tokenizer: pass it as processing_class"):
        TLPOTrainer(tiny_model(), trainer(tmp_path).args, train_dataset=ROWS)


def test_the_seed_decides_an_adapter_start(tmp_path: Path) -> None:
    first, again, other = (weights(trainer(tmp_path, peft_config=LORA, seed=seed).model) for seed in (3, 3, 4))
    assert same(first, again)
    changed = {name for name in first if not same({name: first[name]}, {name: other[name]})}
    assert changed
    assert all("lora_A" in name for name in changed)


def test_a_model_by_folder(tmp_path: Path) -> None:
    tiny_model().save_pretrained(tmp_path / "model")
    tokenizer("byte_fallback").save_pretrained(tmp_path / "model")
    args = trainer(tmp_path / "a", max_steps=1).args
    run = TLPOTrainer(str(tmp_path / "model"), args, train_dataset=ROWS)
    run.train()
    twin = trainer(tmp_path / "b", max_steps=1)
    twin.train()
    assert same(weights(run.model), weights(twin.model))
