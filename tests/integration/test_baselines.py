"""SFT, DPO, ORPO and GRPO by TRL on tiny random models: what they are given, what they hold on to, how they go on."""

from __future__ import annotations

import copy
import json
import math
import statistics
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from tests.baselines import METHODS, OFFLINE, sampled, trainer
from tests.models import chat_tokenizer, tiny_model, tokenizer
from tests.runs import same, weights

from tlpo.confusion import ConfusionDetector
from tlpo.data import encode_prompt
from tlpo.modeling.load import load_model

pytest.importorskip("trl", reason="needs TRL: pip install 'tlpo[trl]'")

LORA = {"lora": True, "lora_r": 4, "lora_dropout": 0.2}


def batches(run: Any) -> list[dict[str, Any]]:
    """The batches of an epoch, as the trainer's data loader gives them."""
    return list(run.get_train_dataloader())


def edited(folder: Path) -> Any:
    """A model on the disk whose weights in memory are others."""
    tiny_model().save_pretrained(folder)
    model = load_model(folder)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(weight.numel())))
    return model


def logged(run: Any) -> list[dict[str, float]]:
    return [entry for entry in run.state.log_history if "loss" in entry]


class TestWhatTheyAreGiven:
    """Token ids, worked out here from the texts; nothing passes through TRL's own tokenisation."""

    @pytest.mark.parametrize("chat", [False, True])
    def test_prompts_as_the_roll_out_has_them_and_responses_as_sampled(self, tmp_path: Path, chat: bool) -> None:
        own = chat_tokenizer() if chat else tokenizer("byte_fallback")
        rows = sampled(own=own)
        prompts = [encode_prompt(own, row["prompt"], language="ko") for row in rows]
        if chat:
            assert all(ids[0] == own.bos_token_id and ids.count(own.bos_token_id) == 1 for ids in prompts)
        responses = {
            verdict: [
                [(one["ids"] + [own.eos_token_id] * (one["finished"] == "eos"))[:8]
                 for one in row["responses"] if one["verdict"] == verdict]
                for row in rows
            ]
            for verdict in ("clean", "confused")
        }  # fmt: skip

        seen = []
        for batch in batches(trainer("sft", tmp_path / "sft", own=own, rows=rows)):
            for ids, labels, mask in zip(batch["input_ids"], batch["labels"], batch["attention_mask"], strict=True):
                place = next(p for p, prompt in enumerate(prompts) if ids.tolist()[: len(prompt)] == prompt)
                start, end = len(prompts[place]), int(mask.sum())
                assert labels.tolist() == [-100] * start + ids.tolist()[start:end] + [-100] * (len(ids) - end)
                assert ids.tolist()[start:end] in responses["clean"][place]
                seen.append(place)
        assert sorted(seen) == list(range(len(rows)))

        for batch in batches(trainer("dpo", tmp_path / "dpo", own=own, rows=rows)):
            half = len(batch["input_ids"]) // 2
            for row, ids in enumerate(batch["input_ids"].tolist()):
                length = int(batch["attention_mask"][row].sum())
                place = next(p for p, prompt in enumerate(prompts) if ids[: len(prompt)] == prompt)
                start = len(prompts[place])
                assert batch["completion_mask"][row].tolist() == [
                    int(start <= position < length) for position in range(len(ids))
                ]
                assert ids[start:length] in responses["clean" if row < half else "confused"][place]

        for batch in batches(trainer("orpo", tmp_path / "orpo", own=own, rows=rows)):
            for side, verdict in (("chosen", "clean"), ("rejected", "confused")):
                for row, ids in enumerate(batch[f"{side}_input_ids"].tolist()):
                    length = int(batch[f"{side}_attention_mask"][row].sum())
                    place = next(p for p, prompt in enumerate(prompts) if ids[: len(prompt)] == prompt)
                    start = len(prompts[place])
                    assert ids[start:length] in responses[verdict][place]
                    assert batch[f"{side}_labels"][row].tolist()[:length] == [-100] * start + ids[start:length]

    def test_grpo_samples_what_tlpo_samples_at_the_first_step(self, tmp_path: Path) -> None:
        from tests import runs

        rows = runs.ROWS[:7]
        seen: dict[str, list[Any]] = {}
        tlpo_run = runs.trainer(
            tmp_path / "tlpo", rows=rows, kind=runs.Remembering, max_steps=1, early_stop=False,
            per_device_train_batch_size=3, num_generations=4,
        )  # fmt: skip
        tlpo_run.train()
        run = trainer(
            "grpo", tmp_path / "grpo", rows=rows, max_steps=1, per_device_train_batch_size=3, max_new_tokens=10
        )
        plain = run._generate

        def remember(prompts: list[str]) -> Any:
            output = plain(prompts)
            seen["prompts"], seen["completions"] = output[0], output[1]
            return output

        run._generate = remember
        run.train()
        prompts, completions, _ = tlpo_run.rounds[0]  # type: ignore[attr-defined]
        assert seen["prompts"] == [prompt.ids for prompt in prompts for _ in range(4)]
        assert seen["completions"] == [completion.ids for group in completions for completion in group]
        assert run.rollouts.responses == tlpo_run.rollouts.responses == 12
        assert run.rollouts.tokens == tlpo_run.rollouts.tokens == sum(map(len, seen["completions"]))
        first, theirs = logged(run)[0], runs.history(tlpo_run)[0]
        for name in ("confusion/rate", "completions/letters", "completions/digits", "completions/mean_length"):
            assert first[name] == pytest.approx(theirs[name]), name
        assert first["rollout/tokens"] == run.rollouts.tokens


class TestTheReferenceIsTheModelThatWasPassed:
    """TRL alone would read the reference from the disk, under the name that the model was loaded by."""

    def test_dpo(self, tmp_path: Path) -> None:
        run = trainer("dpo", tmp_path / "run", model=edited(tmp_path / "m"), max_steps=2, update_batch_size=2)
        run.train()
        first, second = logged(run)
        assert first["loss"] == pytest.approx(math.log(2), abs=1e-6)  # -log sigmoid(0)
        for side in ("chosen", "rejected"):
            assert first[f"rewards/{side}"] == pytest.approx(0, abs=1e-6)
            assert abs(second[f"rewards/{side}"]) > 1e-3  # the policy has moved, the reference has not

    def test_dpo_by_trl_alone_would_fail_that(self, tmp_path: Path) -> None:
        from tlpo.baselines import trl_trainers

        model = edited(tmp_path / "m")
        plain, trl_trainers.frozen_copy = trl_trainers.frozen_copy, lambda policy: None
        try:
            run = trainer("dpo", tmp_path / "run", model=model, max_steps=1, update_batch_size=2)
        finally:
            trl_trainers.frozen_copy = plain
        run.train()
        assert abs(logged(run)[0]["rewards/chosen"]) > 1e-2

    def test_grpo(self, tmp_path: Path) -> None:
        model = edited(tmp_path / "m")
        before = weights(model)
        run = trainer("grpo", tmp_path / "run", model=model, max_steps=2, beta=0.1, learning_rate=0.1)
        assert same(weights(run.ref_model), before)
        run.train()
        first, second = logged(run)
        assert first["kl"] == pytest.approx(0, abs=1e-9)
        assert second["kl"] > 1e-4
        assert same(weights(run.ref_model), before)
        assert not any(weight.requires_grad for weight in run.ref_model.parameters())

    def test_grpo_from_the_disk_would_fail_that(self, tmp_path: Path) -> None:
        run = trainer("grpo", tmp_path / "run", model=edited(tmp_path / "m"), max_steps=1, beta=0.1)
        with torch.no_grad():
            for weight, old in zip(run.ref_model.parameters(), load_model(tmp_path / "m").parameters(), strict=True):
                weight.copy_(old)
        run.train()
        assert logged(run)[0]["kl"] > 1e-2

    @pytest.mark.parametrize("name", ["dpo", "grpo"])
    def test_an_adapter_has_the_model_without_it(self, name: str, tmp_path: Path) -> None:
        run = trainer(name, tmp_path / "run", model=edited(tmp_path / "m"), run={"lora": True}, max_steps=2,
                      learning_rate=0.1)  # fmt: skip
        run.train()
        assert run.ref_model is None
        assert set(run.model.peft_config) == {"default"}
        first, second = logged(run)
        if name == "dpo":
            assert first["rewards/chosen"] == pytest.approx(0, abs=1e-6)
            assert abs(second["rewards/chosen"]) > 1e-4
        else:
            assert first["kl"] == pytest.approx(0, abs=1e-9)
            assert second["kl"] > 1e-6

    def test_without_beta_grpo_needs_none(self, tmp_path: Path) -> None:
        run = trainer("grpo", tmp_path / "run", max_steps=1, beta=0)
        assert run.ref_model is None
        run.train()
        assert "kl" not in logged(run)[0]


class TestLosses:
    """Against the formulas, on the first batch and the untouched model."""

    def logps(self, model: Any, prompt: list[int], response: list[int]) -> torch.Tensor:
        with torch.no_grad():
            logits = model(torch.tensor([prompt + response])).logits[0, len(prompt) - 1 : -1]
        return logits.log_softmax(-1).gather(-1, torch.tensor(response)[:, None])[:, 0].double()

    def test_sft_is_the_mean_over_the_tokens_of_the_step(self, tmp_path: Path) -> None:
        model, own, rows = tiny_model(), tokenizer("byte_fallback"), sampled(4)
        rows = [row | {"responses": row["responses"][:1]} for row in rows]
        run = trainer("sft", tmp_path / "run", model=copy.deepcopy(model), rows=rows, max_steps=1,
                      per_device_train_batch_size=4, update_batch_size=2, max_new_tokens=64)  # fmt: skip
        assert (run.args.per_device_train_batch_size, run.args.gradient_accumulation_steps) == (2, 2)
        run.train()
        found = [
            self.logps(model, encode_prompt(own, row["prompt"], language="ko"), row["responses"][0]["ids"] + [2])
            for row in rows
        ]
        assert logged(run)[0]["loss"] == pytest.approx(-float(torch.cat(found).mean()), abs=1e-4)

    def test_dpo_of_a_policy_that_has_moved(self, tmp_path: Path) -> None:
        """Away from the reference beta, the sign and the ends of the responses all count."""
        reference, own, row = tiny_model(), tokenizer("byte_fallback"), sampled(1)[0]
        row["responses"] = row["responses"][:2]
        run = trainer("dpo", tmp_path / "run", model=copy.deepcopy(reference), rows=[row], max_steps=1, beta=0.5,
                      per_device_train_batch_size=1, max_new_tokens=64)  # fmt: skip
        torch.manual_seed(1)
        with torch.no_grad():
            for weight in run.model.parameters():
                weight.add_(0.05 * torch.randn_like(weight))
        prompt = encode_prompt(own, row["prompt"], language="ko")
        chosen, rejected = row["responses"][0]["ids"] + [2], row["responses"][1]["ids"]
        shifts = [
            float((self.logps(run.model, prompt, ids) - self.logps(reference, prompt, ids)).sum())
            for ids in (chosen, rejected)
        ]
        run.train()
        assert abs(shifts[0] - shifts[1]) > 0.1
        expected = math.log1p(math.exp(-0.5 * (shifts[0] - shifts[1])))
        assert abs(expected - math.log(2)) > 0.02
        assert logged(run)[0]["loss"] == pytest.approx(expected, abs=1e-4)

    def test_grpo_moves_towards_what_stayed_in_the_language(self, tmp_path: Path) -> None:
        """One step raises the better half of the responses over the worse half, as read by the detector alone."""
        model, own = tiny_model(), tokenizer("byte_fallback")
        run = trainer("grpo", tmp_path / "run", model=copy.deepcopy(model), rows=sampled(1), max_steps=1, beta=0,
                      num_generations=16, per_device_train_batch_size=1, learning_rate=1e-3)  # fmt: skip
        found: dict[str, Any] = {}
        sample = run.rollout_func
        run.rollout_func = lambda *given: found.update(sample(*given)) or found
        run.train()
        detector = ConfusionDetector("ko", english="confusion")
        rises: dict[bool, list[float]] = {True: [], False: []}
        for prompt, ids in zip(found["prompt_ids"], found["completion_ids"], strict=True):
            text = own.decode(ids, skip_special_tokens=True)
            after, before = (float(self.logps(one.eval(), prompt, ids).sum()) for one in (run.model, model))
            rises[detector.confusion_point(text) is None].append(after - before)
        assert min(map(len, rises.values())) >= 2
        assert statistics.mean(rises[True]) > statistics.mean(rises[False]) + 1e-3

    def test_orpo(self, tmp_path: Path) -> None:
        model, own = tiny_model(), tokenizer("byte_fallback")
        row = sampled(1)[0]
        row["responses"] = row["responses"][:2]
        run = trainer("orpo", tmp_path / "run", model=copy.deepcopy(model), rows=[row], max_steps=1, beta=0.5,
                      per_device_train_batch_size=1, max_new_tokens=64)  # fmt: skip
        run.train()
        prompt = encode_prompt(own, row["prompt"], language="ko")
        chosen, rejected = row["responses"][0]["ids"] + [2], row["responses"][1]["ids"]
        means = [self.logps(model, prompt, ids).mean() for ids in (chosen, rejected)]
        odds = [mean - torch.log1p(-mean.exp()) for mean in means]
        # TRL takes the likelihood term over prompt and response.
        nll = -self.logps(model, prompt[:1], prompt[1:] + chosen).mean()
        expected = nll - 0.5 * torch.nn.functional.logsigmoid(odds[0] - odds[1])
        assert logged(run)[0]["loss"] == pytest.approx(float(expected), abs=1e-4)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("lora", [False, True])
def test_a_run_that_goes_on_ends_with_the_weights_of_the_unbroken_one(name: str, lora: bool, tmp_path: Path) -> None:
    options: dict[str, Any] = {"run": LORA if lora else {}, "weight_decay": 0.1, "lr_scheduler_type": "cosine",
                               "per_device_train_batch_size": 3, "max_steps": 4}  # fmt: skip
    unbroken = trainer(name, tmp_path / "unbroken", save_strategy="steps", save_steps=1, **options)
    start = weights(unbroken.model)
    unbroken.train()
    assert not same(start, weights(unbroken.model))
    for step in (1, 2):  # in the middle and at the end of an epoch of two steps
        torch.manual_seed(step)
        run = trainer(name, tmp_path / f"again{step}", save_strategy="no", **options)
        run.train(resume_from_checkpoint=str(tmp_path / "unbroken" / f"checkpoint-{step}"))
        assert same(weights(run.model), weights(unbroken.model)), step
        assert run.rollouts == unbroken.rollouts
        noise = ("runtime", "per_second", "step_time", "profiling")
        mine, theirs = (
            [{key: value for key, value in entry.items() if not any(part in key for part in noise)} for entry in found]
            for found in (logged(run), logged(unbroken))
        )
        assert mine == theirs


@pytest.mark.parametrize("name", METHODS)
def test_files_of_a_run(name: str, tmp_path: Path) -> None:
    run = trainer(name, tmp_path / "run", save_strategy="steps", save_steps=2, save_total_limit=1, max_steps=4)
    run.train()
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint-4", "metrics.jsonl"]
    files = {path.name for path in (tmp_path / "run" / "checkpoint-4").iterdir()}
    assert {"model.safetensors", "checkpoint_complete.json", "optimizer.pt", "rollouts_0.json"} <= files
    assert "training_args.bin" not in files
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4]
    assert run.args.bf16 is False
    assert run.args.gradient_checkpointing is False
    assert run.model.dtype == torch.float32


@pytest.mark.parametrize("name", OFFLINE)
def test_the_responses_of_the_file_are_the_budget(name: str, tmp_path: Path) -> None:
    rows = sampled(5)
    run = trainer(name, tmp_path / "run", rows=rows)
    assert run.rollouts.responses == 20
    assert run.rollouts.tokens == sum(len(one["ids"]) for row in rows for one in row["responses"])
    less = trainer(name, tmp_path / "less", rows=rows, rollout_budget=11)
    assert less.rollouts.responses == 8
    assert len(less.train_dataset) == 2


def test_a_loss_that_is_not_finite_moves_no_weight_and_ends_the_run(tmp_path: Path) -> None:
    from tlpo.errors import UserError

    run = trainer("sft", tmp_path / "run", max_steps=6, max_nonfinite_steps=1)
    before, plain = weights(run.model), run.compute_loss
    run.compute_loss = lambda *args, **kwargs: plain(*args, **kwargs) * float("nan")
    with pytest.raises(UserError, match="not finite in 2 steps in a row"):
        run.train()
    assert same(before, weights(run.model))


def test_an_adapters_folder_is_refused_as_the_model(tmp_path: Path) -> None:
    from tlpo.errors import UserError

    adapted: Any = get_peft_model(tiny_model(), LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    with pytest.raises(UserError, match="the model has no weight to train"):
        trainer("sft", tmp_path / "run", model=adapted.requires_grad_(False))
