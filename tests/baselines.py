"""Small runs of the methods that TLPO is compared with, on tiny random models, and the files that they learn from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.models import SENTENCES, tiny_model, tokenizer
from tlpo.integrations import LanguageConsistencyReward
from tlpo.loop.config import MethodConfig, RunConfig
from tlpo.runs.methods import method

OFFLINE = ("sft", "dpo", "orpo")
METHODS = (*OFFLINE, "grpo")
ENDINGS = ("eos", "length", "eos", "length")
VERDICTS = ("clean", "confused", "clean", "confused")


def sampled(prompts: int = 6, own: Any = None) -> list[dict[str, Any]]:
    """Prompts with four responses each, as `tlpo data sample` writes them: clean, confused, clean, confused."""
    own = own or tokenizer("byte_fallback")
    rows = []
    for place in range(prompts):
        texts = [f" {SENTENCES[(place + number) % len(SENTENCES)][: 8 + place]}" for number in range(4)]
        rows.append(
            {
                "id": f"p{place}",
                "prompt": SENTENCES[place % len(SENTENCES)][:9],
                "language": "ko",
                "responses": [
                    {
                        "text": text,
                        "ids": own(text, add_special_tokens=False).input_ids,
                        "verdict": verdict,
                        "confusion_point": None if verdict == "clean" else 1,
                        "finished": ending,
                    }
                    for text, verdict, ending in zip(texts, VERDICTS, ENDINGS, strict=True)
                ],
            }
        )
    return rows


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def arguments(name: str, folder: Path, **options: Any) -> MethodConfig:
    """Three steps of two examples (grpo: two prompts with four responses), on the CPU and quiet."""
    defaults = {
        "use_cpu": True,
        "disable_tqdm": True,
        "english": "confusion",
        "max_steps": 3,
        "per_device_train_batch_size": 2,
        "max_new_tokens": 8,
        "learning_rate": 1e-2,
        "save_strategy": "no",
        "seed": 3,
    }
    return method(name).config(output_dir=str(folder), **(defaults | options))


def trainer(
    name: str,
    folder: Path,
    *,
    model: Any = None,
    own: Any = None,
    rows: list[dict[str, Any]] | None = None,
    run: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    """A method's trainer of the tiny Llama; ``options`` go into the arguments, ``run`` into the run's configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    own = own or tokenizer("byte_fallback")
    given = sampled(own=own) if rows is None else rows
    data = write_lines(folder.parent / f"{folder.name}.jsonl", given)
    source = {"prompts": str(data)} if name == "grpo" else {"data": str(data)}
    config = RunConfig(model="m", method=name, language=["ko"], **(source | (run or {})))
    args = arguments(name, folder, **options)
    more = {"reward": LanguageConsistencyReward(english="confusion")} if name == "grpo" else {}
    from tlpo.baselines.methods import make_trainer

    return make_trainer(config, args, tiny_model() if model is None else model, own, **more)  # type: ignore[arg-type]
