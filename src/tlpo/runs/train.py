"""``tlpo train`` as a whole: audit, train, audit again, compare, and a model card that states the figures.

Each part leaves its results in the output folder as it ends, and is not done again when the run goes on:

    resolved_config.yaml, run.json     options, versions, git commit; whether the run is finished
    contamination.json                 training prompts that are evaluation prompts too, or nearly
    before/, after/                    the two audits (settings.json, responses.jsonl, audit.json, report.html)
    checkpoint-N/                      whole checkpoints
    metrics.jsonl                      one line a logged step
    completions.jsonl                  sampled responses, a few a step
    confusion_points.jsonl             confusion points with their candidates, a few a step
    final/                             the model or adapter, with its card
    comparison.json                    before against after, with intervals
"""

from __future__ import annotations

import gc
import json
import sys
from dataclasses import dataclass, fields, replace
from enum import Enum
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.evaluation.audit import Audit, Loader, run_audit
from tlpo.evaluation.clean_text import clean_texts
from tlpo.evaluation.compare_audits import compare_audits
from tlpo.evaluation.nll import TextNLL, compare_nll, text_nll
from tlpo.evaluation.settings import AuditSettings
from tlpo.files import write_json
from tlpo.loop.checkpoints import last_complete
from tlpo.loop.run import TrainResult, held_out_prompts, train
from tlpo.loop.run_folder import alone_in, claim, status_of
from tlpo.provenance import versions
from tlpo.reports import comparison_table, write_audit_page, write_model_card
from tlpo.runs.contamination import note_contamination
from tlpo.runs.methods import method

if TYPE_CHECKING:
    from tlpo.data import PromptRecord
    from tlpo.loop.config import MethodConfig, RunConfig

# Options that the model card states, of those that the method has.
CARD_OPTIONS = (
    "recipe", "strictness", "learning_rate", "lr_scheduler_type", "max_steps", "num_train_epochs",
    "per_device_train_batch_size", "gradient_accumulation_steps", "num_generations", "temperature",
    "num_candidates", "confused_share", "candidate_source", "candidate_temperature", "look_ahead",
    "include_sampled_token", "sampled_reward", "reward_in_context", "neutral_reward", "end_reward", "advantage",
    "loss_type", "reward", "scale_rewards", "epsilon", "beta", "kl_estimator", "prefix_beta", "prefix_positions",
    "min_points", "points_per_prompt", "max_point_shift", "num_iterations", "ref_model_sync_steps", "warmup_steps",
    "top_p", "max_new_tokens",
)  # fmt: skip
LORA_OPTIONS = ("lora_r", "lora_alpha", "lora_dropout", "lora_target_modules")
# Of these it states what differs from the defaults of transformers, or of this package where transformers has none.
FURTHER_OPTIONS = (
    "optim", "adam_beta1", "adam_beta2", "adam_epsilon", "weight_decay", "max_grad_norm", "lr_scheduler_kwargs", "bf16",
    "rollout_budget", "prompt_template", "chat_template_kwargs",
)  # fmt: skip


@dataclass(frozen=True)
class AuditedResult:
    """What `audited_training` returns; the comparison is None when audits were left out."""

    training: TrainResult
    before: Audit | None
    after: Audit | None
    comparison: dict[str, Any] | None
    nll: dict[str, dict[str, Any]]


def audited_training(run: RunConfig, args: MethodConfig, *, command: str | None = None) -> AuditedResult:
    """Audit, train and audit again, and write the model card; `show` prints what came of it.

    With several processes the main one audits, before and after, while the others wait.

    Args:
        run: model and data.
        args: the trainer's arguments.
        command: the line that repeats the run, for the model card.

    Raises:
        UserError: when an input cannot be used or the output folder holds something else.
    """
    folder, check_inputs = Path(str(args.output_dir)), method(run.method).check_inputs
    base = cache(lambda: _base(run, args))  # loaded when first needed, which a finished run never does
    trained = cache(lambda: _trained(run, args))
    if args.process_index:
        check_inputs(run, args, *base())
        return AuditedResult(_train(run, args, base), None, None, None, {})
    texts, held_out = clean_texts(run.clean_text or []), held_out_prompts(run, method(run.method).languages(run, args))
    if held_out:
        _audit_settings("before", run, args)
    if status_of(folder, run, args) != "finished":
        check_inputs(run, args, *base())
    with alone_in(folder):
        status = claim(folder, run, args)
        contamination = note_contamination(run, args, folder, new=status == "new")
        before = _audit("before", run, args, held_out, base) if held_out else None
        nll_before = _likelihoods(folder / "nll_before.json", texts, base)
        training = _train(run, args, base)
        base.cache_clear()
        _free_memory()
        after = _audit("after", run, args, held_out, trained) if held_out else None
        nll_after = _likelihoods(folder / "nll_after.json", texts, trained)
        nll = {code: compare_nll(nll_before[code], nll_after[code]) for code in texts}
        comparison = compare_audits(before.records, after.records) if before and after else None
        write_json(folder / "comparison.json", {"audits": comparison, "nll": nll})
        write_model_card(training.final, _facts(run, args, comparison, nll, command, contamination))
    return AuditedResult(training, before, after, comparison, nll)


def show(result: AuditedResult, folder: Path) -> None:
    """Print the comparison of each language and where the files are; for the main process alone."""
    from rich.console import Console

    console, nll = Console(highlight=False), result.nll
    for code, figures in (result.comparison or {"languages": {}})["languages"].items():
        console.print(
            comparison_table(figures, {name: nll[name] for name in dict.fromkeys((code, *nll)) if name in nll})
        )
    show_files(folder, console)


def show_files(folder: Path, console: Any) -> None:
    """Print the paths of the results that are there."""
    for name in ("final", "comparison.json", "before/report.html", "after/report.html", "metrics.jsonl"):
        if (folder / name).exists():
            console.print(str(folder / name), markup=False, soft_wrap=True)


def _audit(
    name: str,
    run: RunConfig,
    args: MethodConfig,
    prompts: list[PromptRecord],
    load: Loader,
) -> Audit:
    from tlpo.runs.progress import audit_progress

    output = Path(str(args.output_dir)) / name
    settings = _audit_settings(name, run, args)
    with audit_progress(f"audit {name}", output) as on_progress:
        done = run_audit(settings, prompts, output, load, on_progress=on_progress)
    write_audit_page(output / "report.html", done.figures, done.records)
    return done


def _audit_settings(name: str, run: RunConfig, args: MethodConfig) -> AuditSettings:
    """How the audit samples; raises UserError for what does not go together."""
    return AuditSettings(
        model=run.model if name == "before" else str(Path(str(args.output_dir)) / "final"),
        english=args.english,
        strictness=args.strictness,
        num_samples=run.audit_samples,
        temperature=args.audit_temperature,
        top_p=args.audit_top_p,
        max_new_tokens=args.max_new_tokens,
        template=args.prompt_template,
        chat_template_kwargs=args.template_options,
        seed=args.audit_seed,
        batch_size=2 * args.rollout_batch_size,
    )


def _likelihoods(path: Path, texts: dict[str, list[str]], load: Loader) -> dict[str, TextNLL]:
    """NLL of each language's lines, kept in a file so that a run that goes on does not measure again."""
    if path.is_file():
        kept = json.loads(path.read_text())
        return {code: TextNLL(tuple(kept[code]["sums"]), tuple(kept[code]["tokens"])) for code in texts}
    if not texts:
        return {}
    model, tokenizer = load()
    found = {code: text_nll(model, tokenizer, lines) for code, lines in texts.items()}
    write_json(path, {code: {"sums": nll.sums, "tokens": nll.tokens} for code, nll in found.items()})
    return found


def _train(run: RunConfig, args: MethodConfig, load: Loader) -> TrainResult:
    """The training with its progress shown; Ctrl-C says what is kept."""
    from tlpo.runs.training_progress import training_progress

    try:
        with training_progress() as progress:
            make_trainer = partial(method(run.method).make_trainer, run, args)
            return train(run, args, make_trainer, load=load, progress=progress)
    except KeyboardInterrupt:
        kept = last_complete(Path(str(args.output_dir)))
        if args.process_index == 0:
            told = f"{kept} is kept" if kept else "no step is finished yet"
            sys.stderr.write(f"{told}: the same command goes on from there\n")
        raise


def _free_memory() -> None:
    """Give back policy, optimizer and reference: the trained model is loaded beside nothing."""
    import torch

    gc.collect()  # the trainer's parts refer to each other
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _base(run: RunConfig, args: MethodConfig) -> Any:
    """The model to train and its tokenizer."""
    from tlpo.modeling.load import load_model, load_tokenizer

    options: Any = {"revision": run.revision, "trust_remote_code": run.trust_remote_code}
    return load_model(run.model, device=args.device, **options), load_tokenizer(run.model, **options)


def _trained(run: RunConfig, args: MethodConfig) -> Any:
    """The trained model as its users will load it, from the final folder, and its tokenizer."""
    from tlpo.modeling.load import load_tokenizer

    final = Path(str(args.output_dir)) / "final"
    tokenizer = load_tokenizer(final, trust_remote_code=run.trust_remote_code)
    if not run.lora:
        return _base(replace(run, model=str(final), revision=None), args)[0], tokenizer
    from peft import PeftModel

    return PeftModel.from_pretrained(_base(run, args)[0], final).to(args.device), tokenizer


def _facts(
    run: RunConfig,
    args: MethodConfig,
    comparison: dict[str, Any] | None,
    nll: dict[str, dict[str, Any]],
    command: str | None,
    contamination: dict[str, Any] | None = None,
) -> dict[str, Any]:
    from tlpo.modeling.gguf import GGUF_MODELS

    recipe = _recipe(run, args)
    if contamination is not None:
        recipe["contamination"] = _contamination_told(run, contamination)
    known = GGUF_MODELS.get(run.model)
    return {
        "license": known.license if known else None,
        "base_model": run.model,
        "adapter": run.lora,
        "method": method(run.method).told,
        "languages": method(run.method).languages(run, args),
        "english": args.english,
        "sampling": {
            "temperature": args.audit_temperature, "top_p": args.audit_top_p, "max_new_tokens": args.max_new_tokens,
        },
        "comparison": comparison,
        "nll": nll,
        "recipe": {"method": run.method, **recipe},
        "command": command,
        "seed": args.seed,
        "versions": versions(),
    }  # fmt: skip


def _recipe(run: RunConfig, args: MethodConfig) -> dict[str, Any]:
    """The options that decide what the model becomes, as the card states them."""
    from transformers import TrainingArguments

    defaults = {option.name: option.default for kind in (type(args), TrainingArguments) for option in fields(kind)}
    recipe = {name: getattr(args, name) for name in CARD_OPTIONS if hasattr(args, name)}
    recipe |= {name: getattr(args, name) for name in FURTHER_OPTIONS if getattr(args, name) != defaults[name]}
    if run.lora:
        recipe |= {name: getattr(run, name) for name in LORA_OPTIONS}
        recipe["lora_target_modules"] = run.lora_target_modules or "all-linear"
    if args.world_size > 1:
        recipe["processes"] = args.world_size
    return {name: value.value if isinstance(value, Enum) else value for name, value in recipe.items()}


def _contamination_told(run: RunConfig, found: dict[str, Any]) -> str:
    """Which prompts were compared, and what came of it; of a file the name alone, as others read the card."""
    which = "bundled" if run.eval_prompts is None else Path(run.eval_prompts).name
    compared = (
        f"of {found['train']} training prompts {found['exact']} are among the {found['evaluation']} held-out ones "
        f"({which}) and {found['near']} are near one"
    )
    lacking = ", ".join(found.get("not_checked", ()))  # a run of an earlier version has none
    missing = f"not checked: no held-out prompts for {lacking}"
    return "; ".join([*([compared] if found["evaluation"] else []), *([missing] if lacking else [])])
