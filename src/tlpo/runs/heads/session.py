"""One `tlpo heads` command at work: its model, loaded when first needed, and the parts that later stages build on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tlpo.errors import UserError
from tlpo.head_selection.adapter import HEADER, TaskAdapter
from tlpo.head_selection.embedding import TaskEmbedding
from tlpo.head_selection.fingerprint import fingerprint, model_name, model_revision
from tlpo.head_selection.generation import answer
from tlpo.head_selection.scoring import prefix_match, strict_match
from tlpo.head_selection.selector import HeadSelector
from tlpo.head_selection.settings import SelectorSettings
from tlpo.head_selection.structure import attention_outputs
from tlpo.head_selection.tasks import Example, Task
from tlpo.head_selection.templates import Template
from tlpo.runs.heads.folder import HeadsFolder
from tlpo.runs.heads.records import Result
from tlpo.runs.heads.settings import AnalyzeOptions, EvaluateOptions, ExtractOptions, parse_template
from tlpo.runs.heads.timing import Stopwatch

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Report = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """A report to nobody."""


@dataclass
class Session:
    """What a command works with.

    Attributes:
        folder: where results go.
        tasks: by name.
        seeds: of embeddings, selections and everything drawn.
        extract, fit, evaluate, analyze: the options of the stages; the seed in `fit` is not used.
        load: returns the model and its tokenizer; called once, when something must be computed.
    """

    folder: HeadsFolder
    tasks: dict[str, Task]
    seeds: list[int]
    extract: ExtractOptions
    fit: SelectorSettings
    evaluate: EvaluateOptions
    analyze: AnalyzeOptions
    load: Callable[[], tuple[Any, Any]] = field(repr=False)

    @cached_property
    def _loaded(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        model, tokenizer = self.load()
        attention_outputs(model)  # refuses a model without heads before anything is asked of it
        # The first passes are slower than all later ones, and would be laid to whatever is timed first.
        answer(model, tokenizer, [self.template.zero_shot("warm")] * 2, max_new_tokens=2)
        return model, tokenizer

    @property
    def model(self) -> PreTrainedModel:
        """Loaded when first asked for."""
        return self._loaded[0]

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's own."""
        return self._loaded[1]

    @cached_property
    def template(self) -> Template:
        """How examples and questions are written."""
        return parse_template(self.extract.template)

    def embedding(self, task: str, seed: int, report: Report = silent) -> TaskAdapter:
        """The task embedding, with alpha 0.5 everywhere; extracted if the folder lacks it."""
        place = self.folder.embedding(task, seed)
        if self.extracted(task, seed):
            return TaskAdapter.from_pretrained(place)
        model, tokenizer = self.model, self.tokenizer
        with Stopwatch() as took:
            embedding = TaskEmbedding.extract(
                model,
                tokenizer,
                self.tasks[task].train,
                template=self.template,
                num_prompts=self.extract.num_prompts,
                shots=self.extract.shots,
                seed=seed,
                on_progress=report,
            )
        adapter = TaskAdapter.untrained(embedding)
        adapter.meta |= {
            "task": task,
            "seed": seed,
            "model": model_name(model),
            "revision": model_revision(model),
            "fingerprint": fingerprint(model),
            "template": asdict(self.template),
            "extract_seconds": took.wall,
            "extract_cpu_seconds": took.cpu,
        }
        adapter.save_pretrained(place)
        return adapter

    def adapter(self, task: str, seed: int, report: Report = silent) -> TaskAdapter:
        """The fitted selection; fitted if the folder lacks it."""
        place = self.folder.adapter(task, seed)
        if self.fitted(task, seed):
            return TaskAdapter.from_pretrained(place)
        start = self.embedding(task, seed)
        settings = replace(self.fit, seed=seed)
        selector = HeadSelector(self.model, self.tokenizer, start.embedding, self.template, settings)
        with Stopwatch() as took:
            adapter = selector.fit(self.tasks[task], on_progress=report)
        adapter.meta |= {"fit_seconds": took.wall, "fit_cpu_seconds": took.cpu}
        adapter.save_pretrained(place)
        return adapter

    def fitted(self, task: str, seed: int) -> bool:
        """Whether the folder has the fitted selection."""
        return (self.folder.adapter(task, seed) / HEADER).is_file()  # the file that is written last

    def extracted(self, task: str, seed: int) -> bool:
        """Whether the folder has the task embedding."""
        return (self.folder.embedding(task, seed) / HEADER).is_file()

    def test_items(self, task: str) -> list[Example]:
        """The test items that answers are asked for: all, or the first `evaluate.items`."""
        return list(self.tasks[task].test[: self.evaluate.items or None])

    def answered(
        self,
        key: tuple[str, str, int | None],
        items: Sequence[Example],
        prompts: list[str],
        *,
        adapter: TaskAdapter | None = None,
        model: Any = None,
        report: Report = silent,
        **figures: Any,
    ) -> Result:
        """Answer the items and score the answers.

        prompts: one an item. model: default the session's own. figures: further fields of the result.
        """
        used = self.model if model is None else model
        with Stopwatch() as took:
            found = answer(
                used,
                self.tokenizer,
                prompts,
                max_new_tokens=self.evaluate.max_new_tokens,
                stop=self.template.stop,
                batch_size=self.evaluate.batch_size,
                adapter=adapter,
                on_progress=report,
            )
        pairs = [(text, item.output) for text, item in zip(found, items, strict=True)]
        return Result(
            *key,
            answers=tuple(found),
            strict=tuple(int(strict_match(text, output, self.template.stop)) for text, output in pairs),
            prefix=tuple(int(prefix_match(text, output)) for text, output in pairs),
            seconds=took.wall,
            cpu_seconds=took.cpu,
            **figures,
        )

    def check(self) -> None:
        """Raise a UserError for a task that is too small for the prompts, before any work is done."""
        for task in self.tasks.values():
            if len(task.train) <= self.extract.shots:
                raise UserError(
                    f"the task '{task.name}' has {len(task.train)} training examples, too few for prompts of "
                    f"{self.extract.shots} shots and a query: give more, or a lower --shots"
                )
