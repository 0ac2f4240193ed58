"""How good and how fast the language-confusion detector is.

Every alarm on the clean texts of docs/detector.md has been read. ``data/clean_alarms.csv`` says, by a hash of the text
and the first span, what that span is: ``english`` or ``foreign`` text, which the setting counts as confusion (foreign:
quoted as such); or a false alarm: ``name`` of a program, file or key word; ``symbol`` of a formula; ``false`` else. An
alarm that is not listed counts as unread, and as false.

Usage: python benchmarks/detector.py --data FOLDER [--lcb FOLDER] [--quick] [--lines all|even|odd]
    [--only clean,planted,lcb,speed,memory]

FOLDER of --data holds clean text, one sentence a line in ``<set>.<language>.txt`` and one {"text": ...} a line in
``<set>.<language>.jsonl.gz``. FOLDER of --lcb holds model outputs as ``<model>.csv.gz`` with columns language and
completion. Prints tables; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import detector_lcb
import detector_planted
import detector_speed
from detector_data import load_clean, table
from tlpo.confusion import ConfusionDetector, Span

ALARMS = Path(__file__).parent / "data" / "clean_alarms.csv"
_TRUE = ("english", "foreign")
PARTS = ("clean", "planted", "lcb", "speed", "memory")


def main() -> None:
    """Run the parts asked for and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--lcb", type=Path)
    parser.add_argument("--quick", action="store_true", help="a sixth of the planted texts, few lines")
    parser.add_argument("--lines", choices=("all", "even", "odd"), default="all", help="which of the clean texts")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument(
        "--examples", type=int, default=0, help="alarms on clean text to show for each set and language"
    )
    args = parser.parse_args()
    parts = args.only.split(",")
    clean = load_clean(args.data, args.lines)
    result: dict[str, object] = {}
    if "clean" in parts:
        result["clean_alarms_percent"], result["clean_false_alarms_percent"] = clean_alarms(clean, args.examples)
    if "planted" in parts:
        result["planted"] = detector_planted.run(clean, 4 if args.quick else 25)
    if "lcb" in parts and args.lcb is not None:
        result.update(detector_lcb.run(args.lcb, 2000 if args.quick else None, bool(args.examples)))
    if "speed" in parts:
        result.update(detector_speed.run(clean, 4_000 if args.quick else 20_000))
    if "memory" in parts:
        result.update(detector_speed.footprint())
    print(json.dumps(result, ensure_ascii=False))


def clean_alarms(clean: dict[str, dict[str, list[str]]], examples: int) -> tuple[dict[str, float], dict[str, float]]:
    """Share of clean texts that are flagged, and of those that are wrongly flagged, in percent, by set, language and
    English setting."""
    read, rows = read_alarms(), []
    shares: dict[str, float] = {}
    false: dict[str, float] = {}
    for name, languages in sorted(clean.items()):
        for language, texts in sorted(languages.items()):
            for english in ("neutral", "confusion"):
                found = ConfusionDetector(language, english=english).check_many(texts)
                flagged = [(text, one.spans[0]) for text, one in zip(texts, found, strict=True) if one.spans]
                told = Counter(read.get((language, english, key_of(text, span)), "unread") for text, span in flagged)
                wrong = sum(count for kind, count in told.items() if kind not in _TRUE)
                key = f"{name}.{language}.{english}"
                shares[key], false[key] = (round(100 * count / len(texts), 3) for count in (len(flagged), wrong))
                kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(told.items()))
                undecided = sum(one.verdict == "undecided" for one in found)
                rows.append([name, language, english, len(texts), len(flagged), shares[key], wrong, undecided, kinds])
                for text, span in flagged[:examples]:
                    around = text[max(0, span.start - 40) : span.end + 40].replace("\n", " ")
                    print(f"    {language} {span.rule} {span.text[:60]!r} in {around[:160]!r}")
    head = ["set", "language", "English", "texts", "alarms", "%", "false", "undecided", "read as"]
    table("Alarms on clean text", head, rows)
    return shares, false


def key_of(text: str, span: Span) -> str:
    """The first 12 hex digits of the SHA-256 of the text and its first span."""
    return hashlib.sha256(f"{text}\0{span.text}".encode()).hexdigest()[:12]


def read_alarms() -> dict[tuple[str, str, str], str]:
    """(language, English setting, key of the alarm) -> what was read."""
    with ALARMS.open(encoding="utf-8", newline="") as file:
        return {(row["language"], row["english"], row["alarm"]): row["class"] for row in csv.DictReader(file)}


if __name__ == "__main__":
    main()
