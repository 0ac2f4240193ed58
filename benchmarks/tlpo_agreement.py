"""How far `tlpo.metrics.check_response` is from the TLPO paper's reference detector on published outputs.

    python benchmarks/tlpo_agreement.py DATA [--every 10] [--language fr ...]

DATA holds `detector/tlpo_reference.jsonl.gz` (its verdicts; `row` is the row of the CSV) and the CSV files,
`lcb/outputs/<model>.csv.gz`. Verdicts and counts should be equal. Confusion points are equal wherever the reference's
is right; each other point is put into one of the classes of `point_class`, faults of the reference's way to find the
place: it searches the raw response for the failing word. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from tlpo.metrics.passrates import ResponseCounts, check_response

COUNTS = ("line_pass", "line_fail", "word_pass", "word_fail")


def point_class(text: str, theirs: int, ours: ResponseCounts) -> str:
    """Why the reference's point differs from ours: "equal", a documented fault, or "unexplained"."""
    first = ours.first_failed
    mine = first.offset if first else -1
    if mine == theirs:
        return "equal"
    if first is None:
        return "unexplained"
    found = text.find(first.word)
    if found < 0:
        # Cleaning took something out of the word, so the search fails; the point is then -1 or any wrong letter.
        return "cleaned word not in the response"
    if found < first.start and found <= theirs < mine:
        return "earlier occurrence of the word"
    if found < first.start and theirs == -1:
        return "earlier occurrence, and no wrong letter after it"
    return "unexplained"


class Tally:
    """Running figures of one language, or of all."""

    def __init__(self) -> None:
        self.rows = self.verdicts = self.counts = self.confused = 0
        self.theirs: Counter[str] = Counter()
        self.ours: Counter[str] = Counter()
        self.points: Counter[str] = Counter()
        self.seconds = 0.0

    def add(self, record: dict[str, Any], counts: ResponseCounts, text: str, seconds: float) -> None:
        """Take one response in one English setting."""
        self.rows += 1
        self.seconds += seconds
        verdict = (int(counts.passed), int(counts.counted and not counts.passed))
        self.verdicts += verdict == (record["resp_pass"], record["resp_fail"])
        mine = (counts.lines_passed, counts.lines_failed, counts.words_passed, counts.words_failed)
        self.counts += mine == tuple(record[name] for name in COUNTS)
        self.confused += counts.first_failed is not None
        for name, count in zip(COUNTS, mine, strict=True):
            self.theirs[name] += record[name]
            self.ours[name] += count
        self.points[point_class(text, record["confusion_point"], counts)] += 1

    def figures(self) -> dict[str, Any]:
        """Percentages of agreement, and the classes of the points."""
        off = {name: 100 * abs(self.ours[name] - self.theirs[name]) / max(1, self.theirs[name]) for name in COUNTS}
        return {
            "verdicts": self.rows,
            "verdicts_agree_percent": round(100 * self.verdicts / self.rows, 3),
            "counts_agree_percent": round(100 * self.counts / self.rows, 3),
            "counts_off_percent": {name: round(value, 3) for name, value in off.items()},
            "confused": self.confused,
            "points": dict(self.points.most_common()),
            "per_second": round(self.rows / self.seconds),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every n-th response only")
    parser.add_argument("--language", nargs="*", help="these languages only")
    args = parser.parse_args()

    @cache
    def completions(model: str) -> list[str]:
        path = args.data / "lcb" / "outputs" / f"{model}.csv.gz"
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            return [row["completion"] for row in csv.DictReader(file)]

    tallies: dict[str, Tally] = {}
    with gzip.open(args.data / "detector" / "tlpo_reference.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            language = record["language"]
            if record["row"] % args.every or (args.language and language not in args.language):
                continue
            text = completions(record["model"])[record["row"]]
            started = time.perf_counter()
            counts = check_response(text, language, "neutral" if record["ignore_english"] else "confusion")
            seconds = time.perf_counter() - started
            for name in (language, "all"):
                tallies.setdefault(name, Tally()).add(record, counts, text, seconds)
            if point_class(text, record["confusion_point"], counts) == "unexplained":
                print("unexplained:", record, counts.first_failed)
    for name in sorted(tallies, key=lambda name: (name == "all", name)):
        print(json.dumps({"language": name} | tallies[name].figures(), ensure_ascii=False))


if __name__ == "__main__":
    main()
