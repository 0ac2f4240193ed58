"""What the stages that end in training data share: judging anew, writing, and the counts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlpo.cli.data._shown import show
from tlpo.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

    from tlpo.confusion import ConfusionDetector
    from tlpo.data.pairs import Judge, Tally


def judge_for(samples: Path, english: str | None, strictness: str | None) -> Judge | None:
    """A judge with these settings; what is not given stays as it was when the responses were sampled.

    None when neither is given: the verdicts in the file hold. Raises UserError for an unknown setting.
    """
    if english is None and strictness is None:
        return None
    from tlpo.confusion import ConfusionDetector

    known = _sampling_settings(samples)
    options: dict[str, Any] = {
        "english": english or known.get("english", "neutral"),
        "strictness": strictness or known.get("strictness", "default"),
    }
    ConfusionDetector("en", **options)  # a bad option is told before the first record
    detectors: dict[str, ConfusionDetector] = {}

    def judge(text: str, language: str) -> str:
        if language not in detectors:
            detectors[language] = ConfusionDetector(language, **options)
        return detectors[language].check(text).verdict

    return judge


def write_learning(
    samples: Path,
    output: Path,
    records: Callable[[Tally], Iterator[dict[str, Any]]],
    settings: dict[str, Any],
    *,
    made: str,
) -> None:
    """Write the records as they are made, the file whole or not at all; counts beside it and on the screen.

    What was made before, of the same samples with the same settings, is only shown. Raises UserError when the output is
    there but was made otherwise, or no record comes of it; nothing is then written.
    """
    from tlpo.data.finished import finished_report, report_path
    from tlpo.data.lines import check_output, whole_file
    from tlpo.data.pairs import Tally
    from tlpo.files import write_json
    from tlpo.provenance import content_digest, versions

    check_output(output, samples)
    made_of = {"made": f"{made}s", "samples_sha256": content_digest(samples), "settings": settings}
    if (before := finished_report(output, made_of)) is not None:
        show(_table(before, made), [output], done_before=True)
        return
    tally, number = Tally(), 0
    with whole_file(output) as write:
        for record in records(tally):
            write(record)
            number += 1
        if not number:
            outcomes = {outcome for counts in tally.prompts.values() for outcome in counts}
            raise UserError(
                f"{samples}: no {made} comes of it; its prompts are: {', '.join(sorted(outcomes)) or 'none'}"
            )
        # From the report's folder, so that both may be moved together and read from anywhere.
        behind = os.path.relpath(samples.resolve(), output.resolve().parent)
        report = {"samples": behind, **made_of, f"{made}s": number, **tally.as_json(), "versions": versions()}
        write_json(report_path(output), report)  # first: a file without its report would be taken for another's
    show(_table(report, made), [output], done_before=False)


def _table(report: dict[str, Any], made: str) -> Table:
    from tlpo.reports.data_tables import tally_table

    number = report[f"{made}s"]
    return tally_table(report, f"{number} {made}{'' if number == 1 else 's'}")


def _sampling_settings(samples: Path) -> dict[str, str]:
    """What `tlpo data sample` noted beside its file; nothing if it is another file."""
    try:
        found = json.loads(samples.with_suffix(".settings.json").read_text(encoding="utf-8"))["settings"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {name: found[name] for name in ("english", "strictness") if isinstance(found.get(name), str)}
