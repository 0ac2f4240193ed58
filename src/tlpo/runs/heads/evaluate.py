"""`tlpo heads evaluate`: every method on every task with every seed, and the table of it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tlpo.errors import UserError, did_you_mean
from tlpo.files import write_json, write_text
from tlpo.provenance import versions
from tlpo.reports.heads.tables import results_markdown
from tlpo.runs.heads.folder import ResultsFile
from tlpo.runs.heads.methods import ICL, METHODS, ZERO_SHOT, labels, run_method
from tlpo.runs.heads.progress import heads_progress
from tlpo.runs.heads.session import Session
from tlpo.runs.heads.summary import summarize


def extract_all(session: Session) -> None:
    """Make the task embeddings that the folder lacks."""
    missing = [(task, seed) for seed in session.seeds for task in session.tasks if not session.extracted(task, seed)]
    with heads_progress(len(missing), session.folder.path) as progress:
        for task, seed in missing:
            session.embedding(task, seed, progress.part(f"{task}, seed {seed}: embedding"))
            progress.finished()


def fit_all(session: Session) -> None:
    """Make the selections that the folder lacks."""
    missing = [(task, seed) for seed in session.seeds for task in session.tasks if not session.fitted(task, seed)]
    with heads_progress(len(missing), session.folder.path) as progress:
        for task, seed in missing:
            session.embedding(task, seed, progress.part(f"{task}, seed {seed}: embedding"))
            session.adapter(task, seed, progress.part(f"{task}, seed {seed}: fit"))
            progress.finished()


def evaluate(session: Session, methods: Sequence[str]) -> dict[str, Any]:
    """Run what is missing, write results.jsonl as it is done, then results.json and results.md.

    Returns the contents of results.json, over all tasks and methods that the folder holds results of.
    """
    known = ResultsFile(session.folder.results_path)
    names = labels(session.extract.shots)
    # Seed by seed, so that an unfinished run has whole tables of fewer seeds.
    wanted = dict.fromkeys(
        (task, method, None if method == ZERO_SHOT else seed)
        for seed in session.seeds
        for task in session.tasks
        for method in methods
    )
    missing = [key for key in wanted if not known.has(*key)]
    with heads_progress(len(missing), session.folder.path) as progress:
        for task, method, number in missing:
            report = progress.part(f"{task}{'' if number is None else f', seed {number}'}: {names[method]}")
            known.add(run_method(session, method, task, number, report))
            progress.finished()
    return write_results(session, known)


def write_results(session: Session, known: ResultsFile) -> dict[str, Any]:
    """Write results.json and results.md from all results that the folder holds, and return the former."""
    names = labels(session.extract.shots)
    results = {
        "model": session.extract.model,
        **summarize(known.all(), list(METHODS), ICL),
        "settings": settings_of(session),
        "versions": versions(),
    }
    write_json(session.folder.path / "results.json", results)
    write_text(session.folder.path / "results.md", results_markdown(results, names))
    return results


def settings_of(session: Session) -> dict[str, Any]:
    """The options of all stages."""
    fit = {f"fit_{name}": value for name, value in asdict(session.fit).items() if name != "seed"}
    return {**asdict(session.extract), **fit, **asdict(session.evaluate)}


def chosen_methods(given: Sequence[str]) -> list[str]:
    """The methods named, in the table's order; all for none. Raises UserError for an unknown one."""
    for name in given:
        if name not in METHODS:
            raise UserError(f"no such method: '{name}'{did_you_mean(name, METHODS)}; there are {', '.join(METHODS)}")
    return [name for name in METHODS if not given or name in given]
