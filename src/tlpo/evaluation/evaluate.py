"""``tlpo evaluate`` as a function: how consistent a model is, how capable, how likely it finds clean text.

`evaluate` reads from top to bottom. Each part is taken from the cache if it has been measured before on the same
content (`tlpo.evaluation.parts`), else measured, and evaluation.json is written anew after each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tlpo.data import PromptRecord
from tlpo.errors import UserError
from tlpo.evaluation.clean_text import clean_texts, default_texts
from tlpo.evaluation.consistency import consistency_rows, outcomes
from tlpo.evaluation.evaluation_folder import SCHEMA, EvaluationFolder, read_evaluation
from tlpo.evaluation.options import EvaluationConfig
from tlpo.evaluation.paired import paired_differences
from tlpo.evaluation.parts import Item, Part, PartCache, PartResult, digest
from tlpo.evaluation.prompts import consistency_prompts
from tlpo.evaluation.responses import judge, response_part, sample_responses
from tlpo.evaluation.subject import Subject, refuse_other_vocabulary
from tlpo.evaluation.text_figures import divergence_figures, likelihood_figures, response_figures
from tlpo.metrics.wordlist import load_word_list
from tlpo.modeling.cache import cache_root
from tlpo.provenance import git_commit, sha256_of, versions

Progress = Callable[[str, int, int], None]
"""Called with (what is being measured, how much is done, how much there is)."""


def evaluate(config: EvaluationConfig, *, on_progress: Progress | None = None) -> dict[str, Any]:
    """Evaluate a model into `config.output`; returns the contents of evaluation.json (docs/evaluation.md).

    Raises:
        UserError: an input cannot be used, or the folder holds another evaluation.
    """
    return _Evaluation(config, on_progress or (lambda what, done, total: None)).run()


class _Evaluation:
    """One evaluation on its way."""

    def __init__(self, config: EvaluationConfig, on_progress: Progress) -> None:
        self.config, self.progress = config, on_progress
        self.drawn: dict[str, int] = {"resamples": config.resamples, "seed": config.seed}
        if config.baseline is not None:
            read_evaluation(Path(config.baseline))  # told now rather than after hours
        if config.word_list is not None:
            load_word_list(config.word_list)  # as well
        self.prompts = consistency_prompts(config) if "consistency" in config.suite else []
        self.texts = self._clean_texts()
        self.selection = self._tasks() if "capability" in config.suite else None
        self.subject = self._subject(config.model, config.adapter)
        self.base = self._subject(config.base, None) if config.base is not None else None
        if self.base is not None:
            refuse_other_vocabulary(self.subject, self.base)  # told now rather than after hours
        self.cache = PartCache(Path(config.cache) if config.cache else cache_root() / "evaluations")
        settings = self._settings()
        identity = {"model_hash": self.subject.content, **settings}
        self.folder = EvaluationFolder(Path(config.output), identity)
        self.report: dict[str, Any] = {
            "schema": SCHEMA, "complete": False,
            "model": config.model, "adapter": config.adapter, "run": config.origin,
            "method": config.shown_method, "label": config.shown_label,
            "content_hash": digest(identity), "model_hash": self.subject.content, "settings": settings,
            "versions": _versions(), "git_commit": git_commit(),
            "consistency": [], "capability": [],
            "text": {"nll": {}, "temperature": None, "responses": [], "kl_from_base": None},
            "items": {"consistency": {}, "capability": {}, "nll": {}, "kl_from_base": {}},
            "baseline": None,
        }  # fmt: skip

    def run(self) -> dict[str, Any]:
        """Measure part after part."""
        for code, lines in self.texts.items():
            self._likelihood(code, lines)
        for temperature in self.config.temperatures if self.prompts else ():
            self._consistency(temperature)
        if self.selection is not None:
            self._capability()
        if self.base is not None:
            for code, lines in self.texts.items():
                self._divergence(self.base, code, lines)
        self.subject.release()
        if self.config.baseline is not None:
            self.report["baseline"] = paired_differences(self.folder.path, Path(self.config.baseline), **self.drawn)
        self.report["complete"] = True
        self.folder.write_report(self.report)
        return self.report

    def _likelihood(self, code: str, lines: Sequence[str]) -> None:
        def compute(_: Path) -> PartResult:
            from tlpo.evaluation.nll import text_nll

            found = text_nll(*self.subject.load(), lines)
            rows = zip(found.sums, found.tokens, strict=True)
            return PartResult([{"id": row, "sum": nats, "tokens": n} for row, (nats, n) in enumerate(rows)])

        self.progress(f"likelihood {code}", 0, len(lines))
        items = self.cache.get(Part("nll", {**self.subject.identity, "lines": digest(lines)}), compute).items
        self.progress(f"likelihood {code}", len(lines), len(lines))
        self.report["text"]["nll"][code] = likelihood_figures(items, **self.drawn)
        self._keep("nll", code, f"nll-{code}", items)

    def _consistency(self, temperature: float) -> None:
        shown = format(temperature, "g")
        items = sample_responses(
            self.config, self.subject, self.prompts, temperature, self.cache,
            lambda done, total: self.progress(f"responses, temperature {shown}", done, total),
        )  # fmt: skip
        part = response_part(self.config, self.subject, self.prompts, temperature)
        judged: list[dict[str, Any]] = [{} for _ in items]
        for number, name in enumerate(self.config.profiles):
            self.progress(f"judging, temperature {shown}", number, len(self.config.profiles))
            profile, tallies = judge(self.config, name, items, part, self.cache)
            self.report["settings"].setdefault("definitions", {})[name] = profile.definition
            for own, tally in zip(judged, tallies, strict=True):
                own[name] = outcomes(profile, tally)
            self.report["consistency"] += consistency_rows(
                items, profile, tallies, temperature=temperature, english=self.config.english, **self.drawn
            )
        self.progress(f"judging, temperature {shown}", len(self.config.profiles), len(self.config.profiles))
        self._text(items, temperature)
        kept = [{**item, "outcomes": own} for item, own in zip(items, judged, strict=True)]
        self._keep("consistency", shown, f"consistency-t{shown}", kept)

    def _text(self, items: Sequence[Item], temperature: float) -> None:
        """Figures of the responses by language; those of the highest temperature stand for all."""
        text = self.report["text"]
        for code in dict.fromkeys(item["language"] for item in items):
            own = response_figures([item for item in items if item["language"] == code], **self.drawn)
            text["responses"].append({"temperature": temperature, "language": code, **own})
        if text["temperature"] is None or temperature > text["temperature"]:
            whole = response_figures(items, **self.drawn)
            text.update({name: value for name, value in whole.items() if name != "n"}, temperature=temperature)

    def _capability(self) -> None:
        from tlpo.evaluation.harness.rows import capability_rows, group_rows, overall_row
        from tlpo.evaluation.harness.run import CapabilitySuite

        assert self.selection is not None
        suite = CapabilitySuite(self.config, self.subject, self.selection, self.cache)
        results: dict[str, PartResult] = {}
        for number, name in enumerate(self.selection.tasks, start=1):
            shown = f"{name} ({number} of {len(self.selection.tasks)})"
            results[name] = suite.run(name, partial(self.progress, shown))
            self.report["capability"] += capability_rows(name, results[name], **self.drawn)
            self._keep("capability", name, f"capability-{name}", results[name].items)
        overall = overall_row(results, **self.drawn)
        self.report["capability"] += group_rows(self.selection.groups, results) + ([overall] if overall else [])

    def _divergence(self, base: Subject, code: str, lines: Sequence[str]) -> None:
        def compute(_: Path) -> PartResult:
            from tlpo.evaluation.divergence import line_divergences

            (model, tokenizer), (other, _other_tokenizer) = self.subject.load(), base.load()
            found = line_divergences(
                model, other, tokenizer, lines,
                on_progress=lambda done, total: self.progress(f"divergence {code}", done, total),
            )  # fmt: skip
            return PartResult(
                [
                    {"id": row, "sum": one.forward, "reverse_sum": one.reverse, "tokens": one.tokens}
                    for row, one in enumerate(found)
                ]
            )

        inputs = {**self.subject.identity, "base": base.content, "lines": digest(lines)}
        items = self.cache.get(Part("kl", inputs), compute).items
        self.progress(f"divergence {code}", len(lines), len(lines))
        found = self.report["text"]["kl_from_base"] or {}
        self.report["text"]["kl_from_base"] = {**found, code: divergence_figures(items, **self.drawn)}
        self._keep("kl_from_base", code, f"kl-{code}", items)

    def _keep(self, part: str, name: str, file: str, items: Sequence[Item]) -> None:
        self.report["items"][part][name] = self.folder.add_items(file, items)
        self.folder.write_report(self.report)

    def _subject(self, name: str, adapter: str | None) -> Subject:
        """The model or the base model. The revision is that of the model, or where that is a folder, of its base."""
        own = self.config
        revised = name == own.model or Path(own.model).is_dir()
        return Subject(
            name, adapter=adapter, dtype=own.dtype, device=own.device,
            revision=own.revision if revised else None, trust_remote_code=own.trust_remote_code,
        )  # fmt: skip

    def _clean_texts(self) -> dict[str, list[str]]:
        if self.config.clean_text:
            return clean_texts(self.config.clean_text)
        asked = self.config.language or []
        return default_texts(list(dict.fromkeys([*asked, *(prompt.language for prompt in self.prompts)])))

    def _tasks(self) -> Any:
        from tlpo.evaluation.harness.tasks import available_tasks, select_tasks

        names = self.config.tasks
        if names is None:
            if self.config.capability_data is None:
                raise UserError("the suite 'capability' needs --capability_data DIR, or --tasks with names of lm-eval")
            names = available_tasks(self.config.capability_data, self.config.language)
        return select_tasks(names, self.config.capability_data)

    def _settings(self) -> dict[str, Any]:
        """What decides the figures besides the model: evaluations with equal settings can be compared."""
        own = self.config
        settings: dict[str, Any] = {
            "suite": own.suite,
            "dtype": own.dtype,
            "seed": own.seed,
            "resamples": own.resamples,
        }
        settings["clean_text"] = {code: digest(lines)[:16] for code, lines in self.texts.items()}
        settings["base"] = self.base.content if self.base is not None else None
        if self.prompts:
            settings |= _of(own, "temperature", "num_samples", "top_p", "max_new_tokens", "template",
                            "chat_template_kwargs", "gate", "instruction", "profiles", "english",
                            "batch_size")  # fmt: skip
            settings["few_shot"] = digest(Path(own.few_shot).read_text(encoding="utf-8")) if own.few_shot else None
            settings["prompts"] = {"n": len(self.prompts), "content": _prompts_content(self.prompts)}
            settings["word_list"] = Path(own.word_list).name if own.word_list else None
            settings["words"] = sha256_of(Path(own.word_list))[:16] if own.word_list else None
        if self.selection is not None:
            settings |= _of(own, "limit", "num_fewshot", "apply_chat_template", "capability_batch_size")
            settings["tasks"] = list(self.selection.tasks)
        return settings


def _of(config: EvaluationConfig, *names: str) -> dict[str, Any]:
    return {name: getattr(config, name) for name in names}


def _prompts_content(prompts: Sequence[PromptRecord]) -> str:
    return digest([[prompt.index, prompt.source, prompt.language, prompt.prompt] for prompt in prompts])[:16]


def _versions() -> dict[str, str]:
    """Of this package, of what it calls, and of what the evaluation needs besides."""
    found = versions()
    for name in ("lm_eval", "datasets", "lingua-language-detector"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
