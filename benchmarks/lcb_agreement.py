"""How far `tlpo metrics --profile lcb` is from the public script on published outputs.

    python benchmarks/lcb_agreement.py DATA/lcb [--workers 2]

DATA holds `outputs/*.csv.gz` (columns model, completion, task, source, language), `reference.csv` (what the public
script prints with lid.176.ftz, in percent) and `words` (its English word list). The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path
from typing import Any

from tlpo.metrics import score_files

RATES = ("lpr", "wpr", "lcpr")
KEYS = ("model", "setting", "source", "language")
TOLERANCE = 0.01  # points


def compare(reference: list[dict[str, str]], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows and rates that agree, the largest difference in points, and what differs."""
    ours = {tuple(row[key] for key in KEYS): row for row in rows}
    differing: list[str] = []
    largest, undefined = 0.0, 0
    for expected in reference:
        key = tuple(expected[name] for name in KEYS)
        row = ours.pop(key, None)
        if row is None or row["n"] != int(expected["n"]):
            differing.append(f"{'/'.join(key)}: {'no such row' if row is None else row['n']}")
            continue
        for rate in RATES:
            theirs, mine = (float(expected[rate]) if expected[rate] else None), row[rate]
            if rate == "lcpr" and float(expected["lpr"]) == 0 and mine is None:
                undefined += 1  # the script prints 0 here; by design we print none
            elif theirs is None or mine is None:
                if theirs is not mine:
                    differing.append(f"{'/'.join(key)} {rate}: {mine} against {theirs}")
            else:
                largest = max(largest, abs(mine - theirs))
                if abs(mine - theirs) > TOLERANCE:
                    differing.append(f"{'/'.join(key)} {rate}: {mine} against {theirs}")
    differing += [f"{'/'.join(key)}: not in the reference" for key in ours]
    return {
        "rows": len(reference),
        "differing": differing,
        "largest_difference": round(largest, 6),
        "lcpr_undefined": undefined,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--own_words", action="store_true", help="use the package's word list in place of the benchmark's"
    )
    args = parser.parse_args()
    with (args.data / "reference.csv").open(newline="", encoding="utf-8") as file:
        reference = list(csv.DictReader(file))
    started = time.perf_counter()
    report = score_files(
        sorted((args.data / "outputs").glob("*.csv.gz")),
        "lcb",
        word_list=None if args.own_words else args.data / "words",
        workers=args.workers,
    )
    elapsed = time.perf_counter() - started
    found = compare(reference, report["rows"])
    for line in found["differing"][:20]:
        print(line)
    responses = sum(row["n"] for row in report["rows"] if "all" not in (row["source"], row["language"]))
    found |= {"differing": len(found["differing"]), "responses": responses, "seconds": round(elapsed, 1)}
    print(report["definition"])
    print(json.dumps(found | {"responses_per_second": round(responses / elapsed)}))


if __name__ == "__main__":
    main()
