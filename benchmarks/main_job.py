"""The main job, measured: train with TLPO, and compare the model before and after on held-out prompts.

    python benchmarks/main_job.py run --model gemma-3-270m --language ko --seed 1 --results runs/main.jsonl \\
        --clean_text ko=FILE en=FILE [--max_steps 16] [--recipe paper] [--learning_rate 1e-5] [--name NAME]
    python benchmarks/main_job.py report --results runs/main.jsonl [--csv docs/measured/main_job.csv]
    python benchmarks/main_job.py figure --csv docs/measured/main_job.csv --output docs/img/frontier.svg

`run` appends one JSON record, responses and all, to the results and passes over what is already there, so that a series
of runs can be interrupted. Any option of the trainer may be given. The report gives, before and after: the confusion
rate by the default detector, by the strict one and by the `tlpo` profile of the metrics, the shares of target letters
and digits, mean length, distinct-2, and the mean NLL of clean text: of all its lines, and of those that the run's own
detector finds clean (where English counts as confusion, a line with an English name is not). `report` prints one table
and, as its last line, one JSON object; `--csv` adds a row for each run and language to a file small enough to keep.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean
from typing import Any

from rich.console import Console
from rich.table import Table

DETECTORS = ("default", "strict", "tlpo")


@dataclass
class JobConfig:
    """What is measured beside the trainer's own options."""

    model: str = field(metadata={"help": "The policy."})
    results: str = field(metadata={"help": "JSON lines file of the records."})
    language: list[str] = field(metadata={"help": "Codes; several are trained together."})
    name: str = field(default="default", metadata={"help": "What the report calls this recipe."})
    clean_text: list[str] | None = field(default=None, metadata={"help": "LANGUAGE=FILE of clean sentences."})
    eval_samples: int = field(default=4, metadata={"help": "Responses to each held-out prompt."})
    lora: bool = field(default=False, metadata={"help": "Train a LoRA adapter."})
    threads: int = field(default=0, metadata={"help": "torch threads; 0 leaves the default."})
    keep_model: bool = field(default=False, metadata={"help": "Save the trained model in output_dir."})


def measure(model: Any, tokenizer: Any, job: JobConfig, args: Any) -> dict[str, Any]:
    """Responses of each language to the bundled held-out prompts, and the NLL of the clean texts.

    The responses themselves are kept, so that the report can judge them again.
    """
    from tlpo.data import encode_prompt, load_prompts
    from tlpo.modeling.generation import GenerationSettings, generate

    settings = GenerationSettings(
        max_new_tokens=args.max_new_tokens,
        temperature=args.audit_temperature,
        num_generations=job.eval_samples,
        batch_size=128,
        seed=1_000_003,  # the same draws for every run: what differs is the model
    )
    found: dict[str, Any] = _likelihoods(model, tokenizer, job, args)
    for language in job.language:
        prompts = load_prompts(language=language, split="eval")
        template = args.prompt_template
        encoded = [encode_prompt(tokenizer, p.prompt, language=language, template=template) for p in prompts]
        found[language] = [
            {"index": index, "sample": number, "response": c.text, "ids": c.ids, "finished": c.finished}
            for index, group in enumerate(generate(model, tokenizer, encoded, settings))
            for number, c in enumerate(group)
        ]
    return found


def figures(responses: list[dict[str, Any]], language: str, english: str) -> dict[str, Any]:
    """Responses judged by the default detector, the strict one and the `tlpo` profile, and the shares of the audit."""
    from tlpo.confusion import ConfusionDetector
    from tlpo.evaluation.records import ResponseRecord
    from tlpo.evaluation.scoring import score
    from tlpo.metrics import check_response

    records = [
        ResponseRecord(
            r["index"], r["sample"], language, "", r["response"], tuple(r["ids"]), r["finished"], "clean", None
        )
        for r in responses
    ]
    found = score(records)
    for name in ("default", "strict"):
        detector = ConfusionDetector(language, english=english, strictness=name)
        found[f"confused_{name}"] = sum(detector.confusion_point(r.response) is not None for r in records)
    setting = "confusion" if english == "confusion" else "neutral"
    points = [check_response(r.response, language, setting).confusion_point for r in records]
    found["confused_tlpo"] = sum(point is not None for point in points)
    return found


def _likelihoods(model: Any, tokenizer: Any, job: JobConfig, args: Any) -> dict[str, dict[str, float]]:
    """The mean NLL of the clean texts, of all lines ("nll") and of those the run's detector agrees on ("nll_own")."""
    from tlpo.confusion import ConfusionDetector
    from tlpo.evaluation.nll import text_nll

    found: dict[str, dict[str, float]] = {"nll": {}, "nll_own": {}}
    for entry in job.clean_text or []:
        code, _, path = entry.partition("=")
        lines = [line for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()][:60]
        found["nll"][code] = text_nll(model, tokenizer, lines).mean
        detector = ConfusionDetector(code, english=args.english, strictness=args.strictness)
        own = [line for line in lines if detector.confusion_point(line) is None]
        found["nll_own"][code] = text_nll(model, tokenizer, own).mean
    return found


def run(arguments: list[str]) -> None:
    """Train once, unless the results already hold this run."""
    import torch

    from tlpo.config import parse_config
    from tlpo.training.config import TLPOConfig

    job, args = parse_config((JobConfig, TLPOConfig), arguments)
    if job.threads:
        torch.set_num_threads(job.threads)
    results = Path(job.results)
    key = {"model": job.model, "languages": job.language, "name": job.name, "seed": args.seed}
    known = next((record for record in read(results) if all(record[k] == v for k, v in key.items())), None)
    if known is None:
        _train(job, args, key, results)
    elif other := _differing(known["options"], _options(args)):
        raise SystemExit(f"{results} holds a run of that name with other options ({other}): give another --name")
    else:
        print(f"already measured: {key}")
    report(results, only=key)


def _options(args: Any) -> dict[str, Any]:
    return {k: v for k, v in args.to_dict().items() if isinstance(v, str | int | float) and not k.startswith("_")}


def _differing(known: dict[str, Any], now: dict[str, Any]) -> str:
    """Such as "learning_rate was 1e-05, now 2e-05"; where files lie does not count."""
    names = [name for name in now if name in known and known[name] != now[name] and not name.endswith("_dir")]
    return ", ".join(f"{name} was {known[name]}, now {now[name]}" for name in names)


def _train(job: JobConfig, args: Any, key: dict[str, Any], results: Path) -> None:
    """Measure, train, measure again, and add the record to the results."""
    from tlpo.data import load_prompts
    from tlpo.loop.config import RunConfig
    from tlpo.modeling.load import load_model, load_tokenizer
    from tlpo.training.trainer import TLPOTrainer

    model, tokenizer = load_model(job.model), load_tokenizer(job.model)
    before = _cached_before(results, model, tokenizer, job, args)
    rows = [
        {"prompt": record.prompt, "language": record.language}
        for record in load_prompts(language=job.language, split="train")
    ]
    lora = RunConfig(model=job.model, lora=job.lora).peft_config()
    start = time.perf_counter()
    trainer = TLPOTrainer(model, args, train_dataset=rows, processing_class=tokenizer, peft_config=lora)
    trainer.train()
    seconds = time.perf_counter() - start
    after = measure(trainer.model, tokenizer, job, args)
    record = {**key, "seconds": seconds, "before": before, "after": after, "log": trainer.state.log_history}
    record["options"] = _options(args)
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")
    if job.keep_model:
        trainer.save_model()


def _cached_before(results: Path, model: Any, tokenizer: Any, job: JobConfig, args: Any) -> dict[str, Any]:
    """The base model's figures, measured once for each language and kept beside the results."""
    results.parent.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Any] = {"nll": {}, "nll_own": {}}
    for language in job.language:
        texts = [entry for entry in job.clean_text or [] if entry.partition("=")[0] in (language, "en")]
        decided = (
            job.model,
            args.max_new_tokens,
            args.audit_temperature,
            job.eval_samples,
            args.prompt_template,
            args.english,
            args.strictness,
            sorted(texts),
        )
        digest = hashlib.sha256(json.dumps(decided).encode()).hexdigest()[:8]
        path = results.parent / f"base-{Path(job.model).name}-{language}-{digest}.json"
        if not path.is_file():
            alone = replace(job, language=[language], clean_text=texts)
            path.write_text(json.dumps(measure(model, tokenizer, alone, args), ensure_ascii=False))
        found = json.loads(path.read_text())
        for name in ("nll", "nll_own"):
            kept[name] |= found.pop(name)
        kept |= found
    return kept


def read(path: Path) -> list[dict[str, Any]]:
    """The records so far."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def report(path: Path, only: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """One row for each recipe, set of languages and language; means over seeds."""
    groups: dict[tuple[str, str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for record in read(path):
        if only and any(record[k] != v for k, v in only.items()):
            continue
        for language in record["languages"]:
            groups[record["model"], record["name"], "+".join(record["languages"]), language].append(record)
    table = Table(title="before -> after, means over seeds", title_justify="left")
    for heading in (
        "recipe", "trained on", "lang", "seeds", "n", "rate % (default)", "fall %", "rate % (strict)", "fall %",
        "rate % (tlpo)", "letters %", "digits %", "length", "distinct-2", "NLL target", "own", "NLL en", "train s",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    summary = []
    for (model, name, together, language), records in sorted(groups.items()):
        row = summarize(records, language) | {"model": model, "recipe": name, "trained_on": together}
        summary.append(row)
        table.add_row(name, together, language, str(len(records)), str(row["n"]), *_cells(row))
    Console(width=230).print(table)
    print(json.dumps({"rows": summary}, ensure_ascii=False))
    return summary


def summarize(records: list[dict[str, Any]], language: str) -> dict[str, Any]:
    """Pooled rates and mean changes over the seeds of one recipe."""
    row: dict[str, Any] = {"language": language, "seeds": len(records)}
    for side in ("before", "after"):
        sides = [figures(record[side][language], language, record["options"]["english"]) for record in records]
        row["n"] = sum(found["n"] for found in sides)
        for detector in DETECTORS:
            row[f"rate_{detector}_{side}"] = sum(found[f"confused_{detector}"] for found in sides) / row["n"]
        for name in ("letters_share", "digits_share", "mean_length", "distinct_2"):
            row[f"{name}_{side}"] = mean(found[name] for found in sides)
    for detector in DETECTORS:
        before = row[f"rate_{detector}_before"]
        row[f"fall_{detector}"] = 1 - row[f"rate_{detector}_after"] / before if before else None
    for name, code, column in (("nll", language, "target"), ("nll_own", language, "own"), ("nll", "en", "en")):
        if all(code in record["before"].get(name, {}) for record in records):
            row[f"nll_rise_{column}"] = mean(
                record["after"][name][code] - record["before"][name][code] for record in records
            )
    row["train_seconds"] = mean(record["seconds"] for record in records)
    row["points"] = mean(
        sum(entry.get("explore/points", entry.get("confusion/points", 0)) for entry in record["log"] if "loss" in entry)
        for record in records
    )
    return row


def _cells(row: dict[str, Any]) -> list[str]:
    def change(name: str, scale: float = 1.0, digits: int = 1) -> str:
        return f"{row[f'{name}_before'] * scale:.{digits}f} -> {row[f'{name}_after'] * scale:.{digits}f}"

    def fall(name: str) -> str:
        return "–" if row[name] is None else f"{100 * row[name]:.0f}"

    return [
        change("rate_default", 100), fall("fall_default"), change("rate_strict", 100), fall("fall_strict"),
        change("rate_tlpo", 100), change("letters_share", 100), change("digits_share", 100), change("mean_length"),
        change("distinct_2", 1, 3), f"{row.get('nll_rise_target', float('nan')):+.3f}",
        f"{row.get('nll_rise_own', float('nan')):+.3f}", f"{row.get('nll_rise_en', float('nan')):+.3f}",
        f"{row['train_seconds']:.0f}",
    ]  # fmt: skip


CSV_COLUMNS = (
    "recipe", "options", "trained_on", "language", "seed", "responses", "rate_before", "rate_after", "nll_target",
    "nll_own", "nll_en", "letters", "digits", "length", "distinct_2", "points", "minutes",
)  # fmt: skip


def add_to_csv(results: Path, path: Path) -> None:
    """A row for each run and language that the file does not hold yet.

    Rates (strict detection) in percent; likelihoods as rises in nats a token; letters and digits as changes in points,
    length and distinct-2 in percent. ``recipe`` is the run's name; ``options`` is left to be filled in by hand.
    """
    known = read_csv(path)
    places = {(row["recipe"], row["trained_on"], row["language"], row["seed"]) for row in known}
    for record in read(results):
        for language in record["languages"]:
            row = _csv_row(record, language)
            if (row["recipe"], row["trained_on"], language, row["seed"]) not in places:
                known.append(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, CSV_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(known)


def _csv_row(record: dict[str, Any], language: str) -> dict[str, str]:
    found = summarize([record], language)

    def change(name: str) -> float:
        return float(found[f"{name}_after"] - found[f"{name}_before"])

    row = {
        "recipe": record["name"],
        "options": "",
        "trained_on": "+".join(record["languages"]),
        "language": language,
        "seed": str(record["seed"]),
        "responses": str(found["n"]),
        "rate_before": f"{100 * found['rate_strict_before']:.1f}",
        "rate_after": f"{100 * found['rate_strict_after']:.1f}",
        "letters": f"{100 * change('letters_share'):.1f}",
        "digits": f"{100 * change('digits_share'):.1f}",
        "length": f"{100 * change('mean_length') / found['mean_length_before']:.1f}",
        "distinct_2": f"{100 * change('distinct_2') / found['distinct_2_before']:.1f}",
        "points": f"{found['points']:.0f}",
        "minutes": f"{found['train_seconds'] / 60:.1f}",
    }
    for column in ("target", "own", "en"):
        if f"nll_rise_{column}" in found:
            row[f"nll_{column}"] = f"{found[f'nll_rise_{column}']:.3f}"
    return row


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows so far."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def figure(rows: list[dict[str, str]], path: Path) -> None:
    """What is left of the confusion against the rise in NLL: one panel a language, one point a run, one mark a recipe.

    The shaded corner is a fall of 85 % at no more than 0.05 nats. The recipe of the last row stands out.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "tlpo"  # the same rows give the same file
    shown = [row for row in rows if row["nll_target"]]
    languages = sorted({row["language"] for row in shown})
    *others, last = list(dict.fromkeys(row["recipe"] for row in reversed(shown)))[::-1]
    styles = {name: (mark, color, 6) for name, mark, color in zip(others, _MARKS, _COLORS, strict=False)}
    styles[last] = ("o", "C3", 10)
    drawn, panels = pyplot.subplots(1, len(languages), figsize=(3.1 * len(languages), 4.6), sharey=True, squeeze=False)
    for panel, language in zip(panels[0], languages, strict=True):
        panel.fill_between([-1, 0.05], 0, 15, color="C2", alpha=0.15, linewidth=0)
        panel.axvline(0, color="0.6", linewidth=0.6)
        for name, (mark, color, size) in styles.items():
            mine = [row for row in shown if (row["language"], row["recipe"]) == (language, name)]
            rises = [float(row["nll_target"]) for row in mine]
            left = [100 * float(row["rate_after"]) / float(row["rate_before"]) for row in mine]
            panel.plot(rises, left, mark, color=color, markersize=size, alpha=0.8, label=name, clip_on=False)
        panel.set(title=language, xlabel="rise in NLL (nats a token)", xlim=(-0.01, 0.125), xticks=(0, 0.05, 0.1))
        panel.set_ylim(0, 55)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0][0].set_ylabel("confusion left, % of the base model's")
    handles, labels = panels[0][0].get_legend_handles_labels()
    drawn.subplots_adjust(left=0.06, right=0.98, top=0.93, bottom=0.3, wspace=0.12)
    drawn.legend(handles, labels, loc="lower center", ncols=3, frameon=False, fontsize=9)
    drawn.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


_MARKS = "s^Dvp*X<>"
_COLORS = ("C0", "C1", "C4", "C5", "C8", "C9", "C7", "C6", "C2")


if __name__ == "__main__":
    words = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=False))
    if sys.argv[1:2] == ["run"]:
        run(sys.argv[2:])
    elif sys.argv[1:2] == ["report"] and "--results" in words:
        report(Path(words["--results"]))
        if "--csv" in words:
            add_to_csv(Path(words["--results"]), Path(words["--csv"]))
    elif sys.argv[1:2] == ["figure"] and {"--csv", "--output"} <= words.keys():
        figure(read_csv(Path(words["--csv"])), Path(words["--output"]))
    else:
        sys.exit(__doc__)
