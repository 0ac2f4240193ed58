"""Two steps of TRL's own GRPOTrainer with the reward, in text and chat form."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.models import chat_tokenizer, tiny_model, tokenizer

from tlpo.integrations import LanguageConsistencyReward, language_consistency_reward

PROMPTS = {"ko": "서울은 어디에 있어요?", "zh": "今天天气怎么样？", "fr": "Bonjour", "en": "Hello"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("chat", [False, True])
def test_grpo_trains_with_the_reward(tmp_path: Path, chat: bool) -> None:
    trl = pytest.importorskip("trl", reason="needs TRL: pip install trl")
    datasets = pytest.importorskip("datasets", reason="needs datasets: pip install 'tlpo[datasets]'")
    prompts = [[{"role": "user", "content": text}] if chat else text for text in PROMPTS.values()]
    trainer = trl.GRPOTrainer(
        model=tiny_model(),
        reward_funcs=[language_consistency_reward, LanguageConsistencyReward(mode="binary")],
        args=trl.GRPOConfig(
            output_dir=str(tmp_path),
            per_device_train_batch_size=4,
            num_generations=2,
            max_completion_length=8,
            max_steps=2,
            logging_steps=1,
            report_to=[],
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            save_strategy="no",
            disable_tqdm=True,
        ),
        train_dataset=datasets.Dataset.from_dict({"prompt": prompts, "language": list(PROMPTS)}),
        processing_class=chat_tokenizer() if chat else tokenizer(),
    )
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "reward" in entry]
    assert len(logged) == 2
    for entry in logged:
        assert 0 <= entry["rewards/language_consistency_reward/mean"] <= 1
        assert 0 <= entry["rewards/language_consistency_reward_binary/mean"] <= 1
