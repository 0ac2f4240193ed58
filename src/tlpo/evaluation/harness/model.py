"""lm-eval's own model class around a loaded model: nothing is computed otherwise, but answers are kept as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lm_eval.api.model import CacheHook, hash_args
from lm_eval.models.huggingface import HFLM

from tlpo.evaluation.harness.answers import Answers

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Progress = Callable[[int, int], None]


class _Hook(CacheHook):  # type: ignore[misc]
    """What lm-eval tells of each answer as soon as it has it."""

    def __init__(self, model: HarnessModel) -> None:
        super().__init__(None)
        self._model = model

    def add_partial(self, attr: str, req: Sequence[Any], res: Any) -> None:
        self._model.answered(hash_args(attr, req), res)


class HarnessModel(HFLM):  # type: ignore[misc]
    """A loaded model for lm-eval.

    model, tokenizer: as loaded; the adapter, if any, is on the model. batch_size: requests scored together.

    `begin` is called before each task.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, batch_size: int) -> None:
        super().__init__(pretrained=model, tokenizer=tokenizer, batch_size=batch_size)
        self.set_cache_hook(_Hook(self))
        self._answers: Answers | None = None
        self._on_progress: Progress = lambda done, total: None
        self._done = self._total = 0

    def begin(self, answers: Answers, on_progress: Progress) -> None:
        """Keep the next task's answers there. on_progress: called with (requests answered, requests)."""
        self._answers, self._on_progress = answers, on_progress

    def answered(self, key: str, answer: Any) -> None:
        """lm-eval has one more answer."""
        if self._answers is not None:
            self._answers.add(key, answer)
        self._done = min(self._done + 1, self._total)
        self._on_progress(self._done, self._total)

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = True) -> list[Any]:
        return [tuple(answer) for answer in self._resumed("loglikelihood", requests)]

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = True) -> list[Any]:
        return self._resumed("loglikelihood_rolling", requests)

    def generate_until(self, requests: list[Any], disable_tqdm: bool = True) -> list[Any]:
        return self._resumed("generate_until", requests)

    def _model_call(self, *args: Any, **kwargs: Any) -> Any:
        self._write()  # the batch before this one is complete
        return super()._model_call(*args, **kwargs)

    def _model_generate(self, *args: Any, **kwargs: Any) -> Any:
        self._write()
        return super()._model_generate(*args, **kwargs)

    def _resumed(self, kind: str, requests: list[Any]) -> list[Any]:
        """The answers to all requests, those asked of the model that are not known yet."""
        keys = [hash_args(kind, request.args) for request in requests]
        known = self._answers.known if self._answers is not None and not _drawn_at_random(kind, requests) else {}
        missing = [request for key, request in zip(keys, requests, strict=True) if key not in known]
        self._done, self._total = len(requests) - len(missing), len(requests)
        self._on_progress(self._done, self._total)
        fresh = iter(getattr(super(), kind)(missing, disable_tqdm=True) if missing else [])
        self._write()
        return [known[key] if key in known else next(fresh) for key in keys]

    def _write(self) -> None:
        if self._answers is not None:
            self._answers.write()


def _drawn_at_random(kind: str, requests: list[Any]) -> bool:
    """Whether answers depend on the state of a random generator, which begins anew when a task goes on."""
    return kind == "generate_until" and any(request.args[1].get("do_sample") for request in requests)
