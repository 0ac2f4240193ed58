"""The audit: sample responses, judge each, score them all, write the folder.

`run_audit` reads from top to bottom. Prompts are sampled in fixed chunks of similar length and each chunk's responses
are appended as soon as they are judged, so an interrupted audit loses one chunk at most and, resumed, gives the same
responses as an unbroken one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.confusion import ConfusionDetector
from tlpo.data import PromptRecord
from tlpo.data.instructions import encode_instructed
from tlpo.errors import UserError
from tlpo.evaluation.folder import AuditFolder
from tlpo.evaluation.records import ResponseRecord, span_dicts
from tlpo.evaluation.scoring import examples, score, score_by_language
from tlpo.evaluation.settings import AuditSettings
from tlpo.files import write_json
from tlpo.provenance import versions

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tlpo.modeling.gate import ScriptGate
    from tlpo.modeling.generation import Completion

Loader = Callable[[], "tuple[PreTrainedModel, PreTrainedTokenizerBase]"]
Progress = Callable[[int, int], None]
Chunk = list[tuple[PromptRecord, list[int]]]


@dataclass(frozen=True)
class Audit:
    """An audit done: `figures` are the contents of audit.json, `records` the responses in the prompts' order."""

    figures: dict[str, Any]
    records: list[ResponseRecord]


def run_audit(
    settings: AuditSettings,
    prompts: Sequence[PromptRecord],
    output: Path,
    load: Loader,
    *,
    on_progress: Progress | None = None,
) -> Audit:
    """Audit a model and write settings.json, responses.jsonl and audit.json into `output`.

    load: returns the model (adapter applied) and its tokenizer; called only if responses are missing.
    on_progress: called with (responses kept, responses wanted), first before any is sampled.

    Raises UserError when the folder holds another audit, there is no prompt, or a prompt exceeds the model's context.
    """
    if not prompts:
        raise UserError("there are no prompts to audit: give at least one")
    folder = AuditFolder(output, settings.identity(prompts))
    records = folder.kept()
    wanted = len(prompts) * settings.num_samples
    report = on_progress or (lambda done, total: None)
    report(len(records), wanted)
    if len(records) < wanted:
        records = _sample_missing(settings, prompts, folder, records, load, report)
    records.sort(key=lambda record: (record.index, record.sample))
    folder.replace(records)
    figures = summarize(records, settings, prompts)
    write_json(folder.audit_path, figures)
    return Audit(figures, records)


def summarize(
    records: Sequence[ResponseRecord], settings: AuditSettings, prompts: Sequence[PromptRecord]
) -> dict[str, Any]:
    """The contents of audit.json. `language` is "mul" (several languages) where there is more than one."""
    languages = score_by_language(records)
    return {
        "model": settings.model,
        "language": next(iter(languages)) if len(languages) == 1 else "mul",
        "english": settings.english,
        **score(records),
        "languages": languages,
        "examples": examples(records),
        "settings": settings.identity(prompts),
        "versions": versions(),
    }


def _sample_missing(
    settings: AuditSettings,
    prompts: Sequence[PromptRecord],
    folder: AuditFolder,
    kept: Sequence[ResponseRecord],
    load: Loader,
    report: Progress,
) -> list[ResponseRecord]:
    """Sample the chunks that are not complete yet; returns all responses."""
    model, tokenizer = load()
    detectors = {
        code: ConfusionDetector(code, english=settings.english, strictness=settings.strictness)
        for code in {prompt.language for prompt in prompts}
    }
    chunks = list(_chunks(settings, prompts, model, tokenizer))
    have = {(record.index, record.sample) for record in kept}
    missing = [chunk for chunk in chunks if not _complete(chunk, settings.num_samples, have)]
    redone = {prompt.index for chunk in missing for prompt, _ in chunk}
    records = [record for record in kept if record.index not in redone]
    folder.replace(records)
    gate = _gate(settings, tokenizer, detectors) if missing else None
    for chunk in missing:
        completions = _generate(settings, chunk, model, tokenizer, gate)
        fresh = [
            _record(prompt, number, completion, detectors[prompt.language])
            for (prompt, _), group in zip(chunk, completions, strict=True)
            for number, completion in enumerate(group)
        ]
        folder.append(fresh)
        records += fresh
        report(len(records), len(prompts) * settings.num_samples)
    return records


def _chunks(
    settings: AuditSettings,
    prompts: Sequence[PromptRecord],
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
) -> Iterator[Chunk]:
    """The prompts encoded, longest first, as many at a time as make one decoding batch."""
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    encoded: Chunk = []
    for prompt in prompts:
        ids = encode_instructed(
            tokenizer,
            prompt.prompt,
            prompt.language,
            instruction=settings.instruction,
            shots=settings.few_shot,
            template=settings.template,
            chat_template_kwargs=settings.chat_template_kwargs,
        )
        settings.refuse_long(prompt, len(ids), limit)
        encoded.append((prompt, ids))
    encoded.sort(key=lambda pair: -len(pair[1]))
    size = max(1, settings.batch_size // settings.num_samples)
    for first in range(0, len(encoded), size):
        yield encoded[first : first + size]


def _complete(chunk: Chunk, num_samples: int, have: set[tuple[int, int]]) -> bool:
    return all((prompt.index, number) in have for prompt, _ in chunk for number in range(num_samples))


def _gate(settings: AuditSettings, tokenizer: PreTrainedTokenizerBase, languages: Iterable[str]) -> ScriptGate | None:
    if not settings.gate:
        return None
    from tlpo.modeling.gate import ScriptGate

    return ScriptGate(tokenizer, languages, english=settings.english)


def _generate(
    settings: AuditSettings,
    chunk: Chunk,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    gate: ScriptGate | None,
) -> list[list[Completion]]:
    from tlpo.modeling.generation import generate

    def gated(logits: Tensor, places: Sequence[int]) -> Tensor:
        assert gate is not None
        return gate.masked(logits, [chunk[place][0].language for place in places])

    return generate(
        model,
        tokenizer,
        [ids for _, ids in chunk],
        settings.sampling,
        keys=[prompt.index for prompt, _ in chunk],
        logit_filter=gated if gate else None,
    )


def _record(prompt: PromptRecord, number: int, completion: Completion, detector: ConfusionDetector) -> ResponseRecord:
    """Judge one response as it stands, as training does: the limit may have cut its last word."""
    detection = detector.check(completion.text)
    ids = completion.ids[:-1] if completion.finished == "eos" else completion.ids
    return ResponseRecord(
        index=prompt.index,
        sample=number,
        language=prompt.language,
        prompt=prompt.prompt,
        response=completion.text,
        ids=tuple(ids),
        finished=completion.finished,
        verdict=detection.verdict,
        confusion_point=detection.confusion_point,
        spans=span_dicts(detection),
    )
