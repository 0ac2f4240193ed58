"""What decides an audit's responses, and the check that it makes sense."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.data.instructions import Shot
from tlpo.errors import UserError, did_you_mean
from tlpo.provenance import content_digest

if TYPE_CHECKING:
    from tlpo.data import PromptRecord
    from tlpo.modeling.generation import GenerationSettings

_CHOICES = {"english": ("neutral", "confusion"), "strictness": ("default", "strict")}


@dataclass(frozen=True)
class AuditSettings:
    """How responses are sampled and judged.

    model: what the report calls it (hub id, folder or short name). english: "neutral" or "confusion".
    strictness: "default", or "strict": names, acronyms and single foreign words count too.
    num_samples: responses a prompt. temperature: 0 is greedy. template: for base models, text with {prompt} in it.
    chat_template_kwargs: options of the model's chat template, for example {"enable_thinking": False}.
    adapter: a LoRA adapter's folder or hub id. revision: of a model on the hub. batch_size: rows decoded together.
    gate: forbid tokens with letters of a wrong script (see `tlpo.modeling.gate`). instruction: put before each prompt;
    {language} in it becomes the language's name. few_shot: examples that come before it (see `tlpo.data.instructions`).

    Raises UserError when values are out of range; all of them are named in one message.
    """

    model: str
    english: str = "neutral"
    strictness: str = "default"
    num_samples: int = 1
    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 256
    template: str | None = None
    chat_template_kwargs: dict[str, Any] | None = None
    adapter: str | None = None
    revision: str | None = None
    seed: int = 0
    batch_size: int = 64
    gate: bool = False
    instruction: str | None = None
    few_shot: tuple[Shot, ...] = ()

    def __post_init__(self) -> None:
        problems = [
            f"{name} is {getattr(self, name)}: give at least 1"
            for name in ("num_samples", "max_new_tokens", "batch_size")
            if getattr(self, name) < 1
        ]
        if not 0 <= self.temperature < float("inf"):
            problems.append(f"temperature is {self.temperature}: give 0 (greedy) or more")
        if not 0 < self.top_p <= 1:
            problems.append(f"top_p is {self.top_p}: give a number in (0, 1]")
        for name, known in _CHOICES.items():
            value = getattr(self, name)
            if value not in known:
                problems.append(f"{name} is '{value}'{did_you_mean(value, known)}: choose '{known[0]}' or '{known[1]}'")
        if self.template is not None and "{prompt}" not in self.template:
            problems.append(f"template {self.template!r} lacks the placeholder {{prompt}}: add it")
        if self.temperature == 0 and self.num_samples > 1:
            problems.append(f"num_samples is {self.num_samples} at temperature 0: greedy samples are all alike, give 1")
        if problems:
            raise UserError("; ".join(problems))

    @property
    def sampling(self) -> GenerationSettings:
        """The part that sampling needs."""
        from tlpo.modeling.generation import GenerationSettings

        return GenerationSettings(
            max_new_tokens=self.max_new_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            num_generations=self.num_samples,
            batch_size=self.batch_size,
            seed=self.seed,
        )

    def refuse_long(self, prompt: PromptRecord, tokens: int, context: int | None) -> None:
        """Refuse a prompt that, with the longest response, exceeds the model's context; None: there is no limit."""
        if context is not None and tokens + self.max_new_tokens > context:
            raise UserError(
                f"{prompt.place}: the prompt has {tokens} tokens; with max_new_tokens {self.max_new_tokens} it "
                f"exceeds the model's context of {context}: shorten the prompt or lower max_new_tokens"
            )

    def identity(self, prompts: Sequence[PromptRecord]) -> dict[str, Any]:
        """Everything that decides the responses, as JSON values; `differences` tells whether two are one audit's."""
        return {
            **asdict(self),
            # Absent is what they were in audits of versions without them.
            "gate": self.gate or None,
            "few_shot": _digest([asdict(shot) for shot in self.few_shot]) if self.few_shot else None,
            "model_files": _content(self.model),
            "adapter_files": _content(self.adapter),
            "prompts": len(prompts),
            "prompts_digest": _digest([[prompt.language, prompt.prompt] for prompt in prompts]),
        }


def differences(known: Mapping[str, Any], identity: Mapping[str, Any]) -> list[str]:
    """The names of what two identities differ in. A local model is known by what is in it, wherever it lies."""
    same = set()
    for name in ("model", "adapter"):
        before, now = known.get(f"{name}_files"), identity.get(f"{name}_files")
        if before and now and before in (now, _stamp(identity[name])):
            same |= {name, f"{name}_files"}
    return [name for name in identity if name not in same and known.get(name) != identity[name]]


def _content(name: str | None) -> str | None:
    """A digest of what is in a local model's files, so that other weights are not taken for it."""
    if name is None or not Path(name).is_dir():
        return None
    return _digest([[path.name, _file_content(path)] for path in _files(name)])


def _file_content(path: Path) -> str | None:
    if path.name != "adapter_config.json":
        return content_digest(path)
    # The adapted modules are a set, which peft writes in any order.
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return _digest(sorted(line.strip(" ,") for line in lines))


def _stamp(name: str) -> str:
    """What earlier versions knew a local model by: the names, sizes and times of its files."""
    return _digest([[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in _files(name)])


def _files(name: str) -> list[Path]:
    """The files of a local model, without notes and what training keeps for itself."""
    return sorted(path for path in Path(name).iterdir() if path.is_file() and path.suffix not in (".md", ".pt", ".pth"))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]
