"""`tlpo heads analyze`: patching within tasks and between them, maps of alpha, and which tasks are alike."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from tlpo.errors import missing_extra
from tlpo.files import make_folder, write_json
from tlpo.provenance import versions
from tlpo.reports.heads import figures
from tlpo.reports.heads.page import write_heads_page
from tlpo.runs.heads.evaluate import settings_of, write_results
from tlpo.runs.heads.folder import ResultsFile
from tlpo.runs.heads.methods import labels
from tlpo.runs.heads.patching import Patch, all_patches, known_patch, run_patch
from tlpo.runs.heads.progress import heads_progress
from tlpo.runs.heads.records import Result
from tlpo.runs.heads.session import Session
from tlpo.runs.heads.similarity import Array, similarity
from tlpo.runs.heads.summary import score_interval


def analyze(session: Session) -> dict[str, Any]:
    """Fit and answer what is missing, then write analysis.json, the figures and report.html.

    Patching takes the first seed; the maps and the similarity take all.

    Returns the contents of analysis.json.
    """
    require_drawing()
    known = ResultsFile(session.folder.analysis / "patching.jsonl")
    results = ResultsFile(session.folder.results_path)
    _answer(session, known, results)
    alphas = {
        task: [session.adapter(task, seed).alpha.double().numpy() for seed in session.seeds] for task in session.tasks
    }
    inter = _inter(session, known)
    shape = next(iter(alphas.values()))[0].shape
    found = {
        "model": session.extract.model,
        "shape": list(shape),
        "seeds": session.seeds,
        "threshold": session.evaluate.threshold,
        "max_alpha": session.fit.max_alpha,
        "tasks": {task: _selection(session, runs) for task, runs in alphas.items()},
        "intra": {task: _intra(session, known, task) for task in session.tasks},
        "inter": inter,
        "similarity": similarity(alphas, inter),
        "settings": {**settings_of(session), **asdict(session.analyze)},
        "versions": versions(),
    }
    write_json(session.folder.analysis / "analysis.json", found)
    drawn = draw(found, session.folder.analysis / "figures")
    table = write_results(session, results) if results.all() else None
    names = labels(session.extract.shots)
    write_heads_page(session.folder.analysis / "report.html", found, table, drawn, names)
    return found


def require_drawing() -> None:
    """Raise a UserError at once, not after the work, if what draws the figures is not installed."""
    for package in ("matplotlib", "scipy"):
        try:
            __import__(package)
        except ImportError:
            raise missing_extra(package, "plot") from None


def draw(found: dict[str, Any], folder: Path) -> dict[str, str]:
    """Draw all figures of an analysis; returns their SVG texts by name."""
    make_folder(folder)
    maps = {task: selection["alpha"] for task, selection in found["tasks"].items()}
    made = {f"alpha-{task}": figures.alpha_map(alpha, found["max_alpha"]) for task, alpha in maps.items()}
    made["alpha"] = figures.alpha_maps(maps, found["max_alpha"])
    made["patching"] = figures.patching(found["intra"])
    if found["inter"]:
        inter = found["inter"]
        made["inter"] = figures.matrix(
            inter["tasks"], inter["strict"], rows="selection of", columns="embedding and items of",
            label="strict exact match",
        )  # fmt: skip
    if found["similarity"]:
        alike = found["similarity"]
        made["similarity"] = figures.matrix(
            alike["tasks"], alike["correlation"], rows="", columns="", label="correlation of alpha", limits=(-1.0, 1.0)
        )
        made["tree"] = figures.dendrogram(alike["tasks"], alike["linkage"])
    return {name: figures.save(figure, folder / name) for name, figure in made.items()}


def _answer(session: Session, known: ResultsFile, results: ResultsFile) -> None:
    """Fit selections and run the patches that are missing."""
    seed = session.seeds[0]
    unfitted = [
        (task, number) for number in session.seeds for task in session.tasks if not session.fitted(task, number)
    ]
    patches = [
        patch for patch in all_patches(list(session.tasks), seed, session.analyze.draws) if not known.has(*patch.key)
    ]
    with heads_progress(len(unfitted) + len(patches), session.folder.path) as progress:
        for task, number in unfitted:
            session.adapter(task, number, progress.part(f"{task}, seed {number}: fit"))
            progress.finished()
        for patch in patches:
            report = progress.part(f"{patch.task}: {patch.name}")
            known.add(known_patch(results, patch) or run_patch(session, patch, session.analyze.inter_items, report))
            progress.finished()


def _selection(session: Session, runs: list[Array]) -> dict[str, Any]:
    """alpha's mean over seeds, (L, H); heads above the threshold and the share near an end, means over seeds."""
    low, high = 0.1 * session.fit.max_alpha, 0.9 * session.fit.max_alpha
    return {
        "alpha": np.mean(runs, axis=0).tolist(),
        "high": round(float(np.mean([(alpha > session.evaluate.threshold).sum() for alpha in runs]))),
        "settled": float(np.mean([((alpha < low) | (alpha > high)).mean() for alpha in runs])),
    }


def _intra(session: Session, known: ResultsFile, task: str) -> dict[str, Any]:
    seed = session.seeds[0]

    def figures_of(name: str) -> dict[str, Any]:
        return _score(known.get(task, name, seed))

    high = session.adapter(task, seed).alpha > session.evaluate.threshold
    return {
        "heads": int(high.sum()),
        **{name: figures_of(name) for name in ("soft", "high", "low")},
        "random": [figures_of(f"random-{place}") for place in range(session.analyze.draws)],
    }


def _inter(session: Session, known: ResultsFile) -> dict[str, Any] | None:
    """The matrix: row by row the task whose selection is taken; on the diagonal the task's own, on the same items."""
    tasks, seed = list(session.tasks), session.seeds[0]
    if len(tasks) < 2:
        return None

    def score(lender: str, task: str) -> float:
        if lender == task:
            own = known.get(task, "soft", seed).strict
            return float(np.mean(own[: session.analyze.inter_items or None]))
        return known.get(*Patch.borrowed(task, lender, seed).key).score

    matrix = [[score(lender, task) for task in tasks] for lender in tasks]
    return {"tasks": tasks, "strict": matrix, "limit": session.analyze.inter_items or None}


def _score(result: Result) -> dict[str, Any]:
    return {"strict": result.score, "ci95": score_interval(result.strict)}
