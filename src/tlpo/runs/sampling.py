"""``tlpo data sample``: several whole responses to each prompt, written as they come.

Prompts are sampled in blocks in the file's order, so that whatever part is done is a fair one; within a block the
longest come first, a few prompts of similar length at a time. That order depends on the prompts alone: a run that goes
on cuts the file back to the last whole batch and continues, and ends with the same bytes as an unbroken one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.confusion import ConfusionDetector
from tlpo.data import PromptRecord, encode_prompt
from tlpo.errors import UserError, at
from tlpo.evaluation.settings import AuditSettings
from tlpo.evaluation.subject import Subject
from tlpo.runs.sample_file import Batch, Sampled, SampleFile, name_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tlpo.modeling.generation import Completion

BLOCK = 512
"""Prompts that are ordered by length together."""
Progress = Callable[[int, int], None]


def sample_responses(
    settings: AuditSettings,
    subject: Subject,
    prompts: Sequence[PromptRecord],
    output: Path,
    *,
    on_progress: Progress | None = None,
) -> Sampled:
    """Sample ``settings.num_samples`` responses to each prompt and write one JSON line a prompt.

    A line has id (the prompt's, else its place in the file), prompt, language, answer (a reference answer, if there
    is one) and responses, each with text, ids (sampled tokens, the end-of-sequence token left out), verdict,
    confusion_point and finished ("eos" or "length"). What decides them goes into ``<name>.settings.json`` beside it.

    on_progress: called with (responses kept, responses wanted).

    Raises:
        UserError: there is no prompt, one exceeds the model's context, or the file holds other responses.
    """
    if not prompts:
        raise UserError("there are no prompts to sample from: give at least one")
    file, report = SampleFile(output), on_progress or (lambda done, total: None)
    wanted = len(prompts) * settings.num_samples
    with file.alone():
        decided_by = _identity(settings, subject, prompts)
        if file.status(decided_by) != "finished":
            model, tokenizer = subject.load()
            batches = _batches(settings, prompts, model, tokenizer)  # refuses what cannot be used
            file.note(decided_by, "running")
            _sample_missing(settings, batches, model, tokenizer, file, report)
            file.note(decided_by, "finished")
        report(wanted, wanted)
    return file.summary()


def _identity(settings: AuditSettings, subject: Subject, prompts: Sequence[PromptRecord]) -> dict[str, Any]:
    """Everything that decides the responses; the model by its content, so that its folder may be moved."""
    known = settings.identity(prompts)
    for name in ("model", "adapter", "model_files", "adapter_files"):
        known.pop(name, None)
    device = subject.device.partition(":")[0]
    return {**known, "model_content": subject.content, "dtype": subject.identity["dtype"], "device": device}


def _sample_missing(
    settings: AuditSettings,
    batches: Sequence[Batch],
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    file: SampleFile,
    report: Progress,
) -> None:
    """Sample every batch that is not in the file yet."""
    detectors = {
        code: ConfusionDetector(code, english=settings.english, strictness=settings.strictness)
        for code in {prompt.language for batch in batches for prompt, _ in batch}
    }
    wanted = sum(len(batch) for batch in batches) * settings.num_samples
    whole = file.keep_whole(batches)
    done = sum(len(batch) for batch in batches[:whole]) * settings.num_samples
    file.resumed = done
    report(done, wanted)
    for batch in batches[whole:]:
        completions = _generate(settings, batch, model, tokenizer)
        file.append(
            [
                _record(prompt, group, detectors[prompt.language])
                for (prompt, _), group in zip(batch, completions, strict=True)
            ]
        )
        done += len(batch) * settings.num_samples
        report(done, wanted)


def _batches(
    settings: AuditSettings,
    prompts: Sequence[PromptRecord],
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
) -> list[Batch]:
    """The prompts encoded, in the order in which they are sampled."""
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    size = max(1, settings.batch_size // settings.num_samples)
    batches: list[Batch] = []
    for first in range(0, len(prompts), BLOCK):
        block = [(prompt, _encoded(settings, prompt, tokenizer, limit)) for prompt in prompts[first : first + BLOCK]]
        block.sort(key=lambda pair: -len(pair[1]))
        batches += [block[start : start + size] for start in range(0, len(block), size)]
    return batches


def _encoded(
    settings: AuditSettings, prompt: PromptRecord, tokenizer: PreTrainedTokenizerBase, limit: int | None
) -> list[int]:
    with at(prompt.place):
        ids = encode_prompt(
            tokenizer,
            prompt.prompt,
            template=settings.template,
            language=prompt.language,
            chat_template_kwargs=settings.chat_template_kwargs,
        )
    settings.refuse_long(prompt, len(ids), limit)
    return ids


def _generate(
    settings: AuditSettings, batch: Batch, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> list[list[Completion]]:
    from tlpo.modeling.generation import generate

    keys = [prompt.index for prompt, _ in batch]
    return generate(model, tokenizer, [ids for _, ids in batch], settings.sampling, keys=keys)


def _record(prompt: PromptRecord, completions: Sequence[Completion], detector: ConfusionDetector) -> dict[str, Any]:
    """One prompt with its responses, each judged as it stands."""
    responses = []
    for completion in completions:
        found = detector.check(completion.text)
        responses.append(
            {
                "text": completion.text,
                "ids": completion.ids[:-1] if completion.finished == "eos" else completion.ids,
                "verdict": found.verdict,
                "confusion_point": found.confusion_point,
                "finished": completion.finished,
            }
        )
    answer = {} if prompt.answer is None else {"answer": prompt.answer}
    values = {"id": name_of(prompt), "prompt": prompt.prompt, "language": prompt.language, **answer}
    return {**values, "responses": responses}
