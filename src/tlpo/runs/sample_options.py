"""The options of `tlpo data sample`, for the command and for the study that calls it."""

from __future__ import annotations

from dataclasses import dataclass

from tlpo.data.encoding import chat_options
from tlpo.data.templates import with_newlines
from tlpo.errors import UserError
from tlpo.evaluation.settings import AuditSettings


@dataclass
class SampleOptions:
    """The options of `tlpo data sample`, under the command's own names.

    Raises UserError when values are out of range.
    """

    model: str
    output: str
    language: str | None = None
    prompts: str | None = None
    num_prompts: int | None = None
    num_samples: int = 16
    temperature: float = 0.7
    top_p: float = 1.0
    max_new_tokens: int = 1024
    english: str = "neutral"
    strictness: str = "default"
    template: str | None = None
    chat_template_kwargs: str | None = None
    adapter: str | None = None
    seed: int = 0
    batch_size: int = 64
    dtype: str = "auto"
    revision: str | None = None
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        if self.num_prompts is not None and self.num_prompts < 1:
            raise UserError(f"num_prompts is {self.num_prompts}: give at least 1")
        if self.dtype not in ("float32", "bfloat16", "float16", "auto"):
            raise UserError(f"dtype is '{self.dtype}': choose float32, bfloat16, float16 or auto")
        self.settings()

    def settings(self) -> AuditSettings:
        """How the responses are sampled and judged."""
        return AuditSettings(
            model=self.model,
            english=self.english,
            strictness=self.strictness,
            num_samples=self.num_samples,
            temperature=self.temperature,
            top_p=self.top_p,
            max_new_tokens=self.max_new_tokens,
            template=with_newlines(self.template),
            chat_template_kwargs=chat_options(self.chat_template_kwargs),
            adapter=self.adapter,
            revision=self.revision,
            seed=self.seed,
            batch_size=self.batch_size,
        )
