"""Greedy answers, one line each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from tlpo.head_selection.encoding import encode_text, refuse_long
from tlpo.modeling.generation import GenerationSettings, generate

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tlpo.head_selection.adapter import TaskAdapter


class _Stop:
    """Watches a growing answer for the stop."""

    def __init__(self, stop: str) -> None:
        self._stop, self._text = stop, ""

    def feed(self, piece: str) -> int | None:
        self._text += piece
        place = self._text.find(self._stop)
        return place if place >= 0 else None


def answer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    *,
    max_new_tokens: int = 20,
    stop: str = "\n",
    batch_size: int = 32,
    adapter: TaskAdapter | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """The greedy continuation of each prompt up to the stop, EOS or ``max_new_tokens``, the stop not included.

    Args:
        model: the causal LM.
        tokenizer: the model's own.
        prompts: plain texts that end where the answer begins.
        max_new_tokens: longest answer, in tokens.
        stop: the text that ends an answer; a row leaves the batch when it has written it.
        batch_size: prompts decoded together.
        adapter: injected at the end of each prompt; None is the bare model.
        on_progress: called with (prompts answered, prompts in all).

    Raises:
        UserError: a prompt and its answer exceed the model's context.
    """
    done = 0

    def advance(finished: int) -> None:
        nonlocal done
        done += finished
        if on_progress:
            on_progress(done, len(prompts))

    settings = GenerationSettings(max_new_tokens=max_new_tokens, temperature=0.0, batch_size=batch_size)
    rows = [encode_text(tokenizer, prompt) for prompt in prompts]
    refuse_long(model, rows, max_new_tokens, "give fewer shots, shorter inputs, or a lower max_new_tokens")
    with adapter.applied(model) if adapter is not None else nullcontext():
        found = generate(model, tokenizer, rows, settings, streams=lambda _: _Stop(stop), on_progress=advance)
    return [completion.text.split(stop, 1)[0] for [completion] in found]
