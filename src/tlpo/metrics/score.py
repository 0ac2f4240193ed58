"""The whole job in one call: responses in, report out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tlpo.errors import UserError
from tlpo.metrics.profile import Profile
from tlpo.metrics.records import Response, read_responses
from tlpo.metrics.registry import get_profile
from tlpo.metrics.rows import build_rows
from tlpo.metrics.scoring import tally_responses

RESAMPLES = 1000


def score_responses(
    responses: Iterable[Response],
    profile: Profile,
    *,
    workers: int | None = 1,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """One row for each (model, setting, source, language), then the averages; rates and intervals in percent.

    workers: processes; None chooses. resamples: bootstrap draws for `ci95`; 0 leaves the intervals empty.
    """
    return build_rows(tally_responses(responses, profile, workers=workers), profile, resamples=resamples, seed=seed)


def score_files(
    paths: Sequence[str | Path],
    profile: str = "default",
    *,
    english: str = "neutral",
    word_list: str | Path | None = None,
    language: str | None = None,
    workers: int | None = 1,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """The report that ``tlpo metrics`` writes: {profile, english, definition, resamples, seed, rows}.

    paths: CSV or JSON-lines files, `.gz` or not. english: "neutral" or "confusion" (`lcb` has no such setting and the
    report then holds None). word_list: for `lcb`. language: of files without a column for it.

    Raises:
        UserError: a file or an option cannot be used, or the files hold no response.
    """
    chosen = get_profile(profile, english=english, word_list=word_list)
    rows = score_responses(
        read_responses(paths, language=language), chosen, workers=workers, resamples=resamples, seed=seed
    )
    if not rows:
        raise UserError(f"no responses in {', '.join(map(str, paths))}: there is nothing to score")
    return {
        "profile": profile,
        "english": None if profile == "lcb" else english,
        "definition": chosen.definition,
        "resamples": resamples,
        "seed": seed,
        "rows": rows,
    }
