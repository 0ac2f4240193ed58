"""How good and how fast the language-confusion detector is.

Usage: python benchmarks/detector.py --data FOLDER [--lcb FOLDER] [--quick] [--lines all|even|odd]
    [--only clean,planted,lcb,speed,memory]

FOLDER of --data holds clean text, one sentence a line in ``<set>.<language>.txt`` and one {"text": ...} a line in
``<set>.<language>.jsonl.gz``. FOLDER of --lcb holds model outputs as ``<model>.csv.gz`` with columns language and
completion. Prints tables; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import detector_lcb
import detector_planted
import detector_speed
from detector_data import load_clean, table
from tlpo.confusion import ConfusionDetector

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
        result["clean_alarms_percent"] = clean_alarms(clean, args.examples)
    if "planted" in parts:
        result["planted"] = detector_planted.run(clean, 4 if args.quick else 25)
    if "lcb" in parts and args.lcb is not None:
        result.update(detector_lcb.run(args.lcb, 2000 if args.quick else None, bool(args.examples)))
    if "speed" in parts:
        result.update(detector_speed.run(clean, 4_000 if args.quick else 20_000))
    if "memory" in parts:
        result.update(detector_speed.footprint())
    print(json.dumps(result, ensure_ascii=False))


def clean_alarms(clean: dict[str, dict[str, list[str]]], examples: int) -> dict[str, float]:
    """Share of clean texts that are flagged, in percent, by set, language and English setting."""
    rows, shares = [], {}
    for name, languages in sorted(clean.items()):
        for language, texts in sorted(languages.items()):
            for english in ("neutral", "confusion"):
                found = [
                    (text, one)
                    for text, one in zip(
                        texts, ConfusionDetector(language, english=english).check_many(texts), strict=True
                    )
                ]
                flagged = [(text, one) for text, one in found if one.verdict == "confused"]
                undecided = sum(one.verdict == "undecided" for _, one in found)
                share = 100 * len(flagged) / len(texts)
                shares[f"{name}.{language}.{english}"] = round(share, 3)
                rows.append([name, language, english, len(texts), len(flagged), f"{share:.2f}", undecided])
                for text, one in flagged[:examples]:
                    span = one.spans[0]
                    around = text[max(0, span.start - 40) : span.end + 40].replace("\n", " ")
                    print(f"    {language} {span.rule} {span.text[:60]!r} in {around[:160]!r}")
    table("Alarms on clean text", ["set", "language", "English", "texts", "alarms", "%", "undecided"], rows)
    return shares


if __name__ == "__main__":
    main()
