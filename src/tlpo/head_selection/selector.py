"""Training the selection: L x H logits, Adam, the model frozen (arXiv 2507.20906, with four changes).

The loss is on the whole answer and its stop (``loss="first_token"`` is the paper's); batches of several items; keys and
values of the prompts are computed once; and the best validation is really kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, overload

import torch

from tlpo.errors import UserError
from tlpo.head_selection.adapter import TaskAdapter
from tlpo.head_selection.draws import some_of
from tlpo.head_selection.embedding import TaskEmbedding, embedding_shape
from tlpo.head_selection.encoding import refuse_long, stop_token_ids
from tlpo.head_selection.fingerprint import fingerprint, model_name, model_revision
from tlpo.head_selection.fitting import Fit, frozen
from tlpo.head_selection.items import Item, encode_items
from tlpo.head_selection.settings import SelectorSettings
from tlpo.head_selection.structure import attention_outputs
from tlpo.head_selection.tasks import Example, Task
from tlpo.head_selection.templates import Template
from tlpo.modeling.allocator import keep_big_blocks

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["HeadSelector", "SelectorSettings"]


class HeadSelector:
    """Fits the selection of heads for one task, or one selection for several tasks.

    Args:
        model: the causal LM. Its weights stay as they are, and so do its mode and what of it requires gradients.
        tokenizer: the model's own.
        embedding: the task's embedding, or one for each task by name.
        template: default ``Template()``.
        settings: default ``SelectorSettings()``.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        embedding: TaskEmbedding | Mapping[str, TaskEmbedding],
        template: Template | None = None,
        settings: SelectorSettings | None = None,
    ) -> None:
        self._model, self._tokenizer, self._embedding = model, tokenizer, embedding
        self._template, self._settings = template or Template(), settings or SelectorSettings()
        self._outputs = attention_outputs(model)

    @overload
    def fit(self, task: Task, *, on_progress: Callable[[int, int], None] | None = None) -> TaskAdapter: ...

    @overload
    def fit(
        self, task: Mapping[str, Task], *, on_progress: Callable[[int, int], None] | None = None
    ) -> dict[str, TaskAdapter]: ...

    def fit(
        self, task: Task | Mapping[str, Task], *, on_progress: Callable[[int, int], None] | None = None
    ) -> TaskAdapter | dict[str, TaskAdapter]:
        """Train on the training split and keep the selection that is best on the validation split.

        Best is the highest share of validation answers that greedy decoding writes exactly, the stop included; of equal
        shares the lower loss. Over several tasks both are means over the tasks.

        Args:
            task: one task, or tasks by name, which then share one selection.
            on_progress: called with (steps done, steps in all).

        Returns:
            the adapter, or one for each task; ``meta["metrics"]`` has the validations.

        Raises:
            UserError: an embedding is missing, or belongs to a model with other heads; an example exceeds the context.
        """
        if isinstance(task, Task):
            if isinstance(self._embedding, Mapping):
                raise UserError("there are embeddings for several tasks, but one task: give the tasks by name")
            return self._fit({task.name: task}, {task.name: self._embedding}, on_progress)[task.name]
        if not isinstance(self._embedding, Mapping):
            raise UserError("several tasks need an embedding each: give the embeddings by name")
        missing = [name for name in task if name not in self._embedding]
        if missing or not task:
            raise UserError(f"there is no embedding for the task '{missing[0]}'" if missing else "there is no task")
        return self._fit(dict(task), {name: self._embedding[name] for name in task}, on_progress)

    def _fit(
        self,
        tasks: dict[str, Task],
        embeddings: dict[str, TaskEmbedding],
        on_progress: Callable[[int, int], None] | None,
    ) -> dict[str, TaskAdapter]:
        wanted = embedding_shape(self._outputs)
        for name, embedding in embeddings.items():
            if tuple(embedding.values.shape) != wanted:
                raise UserError(
                    f"the embedding of '{name}' has the shape {tuple(embedding.values.shape)}, but this model's heads "
                    f"give {wanted}: extract it from this model"
                )
        keep_big_blocks()
        settings, pad = self._settings, self._tokenizer.pad_token_id
        with frozen(self._model):
            fit = Fit(
                self._model,
                self._outputs,
                self._items([task.train for task in tasks.values()], settings.train_items),
                self._items([task.valid for task in tasks.values()], settings.valid_items),
                torch.stack([embeddings[name].values for name in tasks]),
                stop_token_ids(self._model, self._tokenizer, self._template.stop),
                pad if pad is not None else 0,
                settings,
            )
            logits, metrics = fit.run(on_progress)
        meta = {
            "model": model_name(self._model),
            "revision": model_revision(self._model),
            "fingerprint": fingerprint(self._model),
            "template": asdict(self._template),
            "settings": asdict(settings),
            "seed": settings.seed,
            "tasks": list(tasks),
            "metrics": metrics,
        }
        return {
            name: TaskAdapter(embeddings[name], logits.clone(), {"task": name, **meta}, settings.max_alpha)
            for name in tasks
        }

    def _items(self, splits: Sequence[Sequence[Example]], limit: int) -> list[Item]:
        """The used items of every task, their answers cut to the longest that is generated."""
        longest = self._settings.max_new_tokens
        items = [
            replace(item, answer=item.answer[:longest], cut=len(item.answer) >= longest)
            for number, examples in enumerate(splits)
            for item in encode_items(
                self._tokenizer, self._template, some_of(examples, limit, self._settings.seed), number
            )
        ]
        refuse_long(self._model, [(*item.prompt, *item.answer) for item in items], 0, "give shorter examples")
        return items
