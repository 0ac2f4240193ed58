"""Lines of published model outputs that fastText calls wrong: how many are ``confused``, and what the others are.

Every line that was not ``confused`` when docs/detector.md was written has been read. ``data/fasttext_wrong.csv`` says
what it is, by a hash of the line:

- ``fasttext``: the line is in its language, and fastText errs;
- ``notation``: a formula or a table of symbols, in no language;
- ``code``: English inside JSON;
- ``names``: titles of works;
- ``mixed``: English beside as much of the language, which the neutral setting allows;
- ``miss``: ours.

A line that is not listed counts as unread, and as a miss.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import logging
import random
import string
from collections import Counter
from pathlib import Path

from detector_data import table
from tlpo.confusion import ConfusionDetector
from tlpo.confusion.lid import predict

CLASSES = Path(__file__).parent / "data" / "fasttext_wrong.csv"
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_SURE = 0.8
# No error of the detector: there is nothing foreign in the line.
_FASTTEXT_ERRS = ("fasttext", "notation")


def run(folder: Path, most: int | None, show: bool = False) -> dict[str, object]:
    """Recall in percent by language and English setting over distinct lines, as it is and with fastText's own errors
    set aside; and the lines that are missing, by class. show: print them."""
    classes = read_classes()
    rows: list[list[object]] = []
    recall: dict[str, float] = {}
    aside: dict[str, float] = {}
    missing: dict[str, dict[str, int]] = {}
    for language, lines in sorted(wrong_lines(folder, most).items()):
        for english in ("neutral", "confusion"):
            found = ConfusionDetector(language, english=english).check_many(lines)
            left = [line for line, one in zip(lines, found, strict=True) if one.verdict != "confused"]
            told = [classes.get((language, key_of(line)), "unread") for line in left]
            errors = sum(kind in _FASTTEXT_ERRS for kind in told)
            key, judged = f"{language}.{english}", len(lines) - errors
            recall[key] = round(100 - 100 * len(left) / len(lines), 2)
            aside[key] = round(100 - 100 * (len(left) - errors) / judged, 2) if judged else 100.0
            missing[key] = dict(Counter(told))
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(missing[key].items()))
            rows.append([language, english, len(lines), f"{recall[key]:.2f}", f"{aside[key]:.2f}", kinds])
            if show:
                for line, kind in zip(left, told, strict=True):
                    print(f"    {language} {english} {key_of(line)} {kind}: {line}")
    head = ["language", "English", "lines", "confused %", "fastText's errors aside", "not confused"]
    table(f"Lines that fastText calls wrong by at least {_SURE}", head, rows)
    return {"lcb": recall, "lcb_fasttext_errors_aside": aside, "lcb_not_confused": missing}


def key_of(line: str) -> str:
    """The first 12 hex digits of the line's SHA-256."""
    return hashlib.sha256(line.encode()).hexdigest()[:12]


def read_classes() -> dict[tuple[str, str], str]:
    """(language, key of the line) -> what the line is."""
    with CLASSES.open(encoding="utf-8", newline="") as file:
        return {(row["language"], row["line"]): row["class"] for row in csv.DictReader(file)}


def wrong_lines(folder: Path, most: int | None) -> dict[str, list[str]]:
    """language -> distinct lines of at least 5 tokens whose likeliest label is wrong with probability >= 0.8."""
    csv.field_size_limit(2**30)
    rows: list[dict[str, str]] = []
    for path in sorted(folder.glob("*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            rows += list(csv.DictReader(file))
    random.Random(0).shuffle(rows)
    found: dict[str, dict[str, None]] = {}
    for row in rows[:most]:
        for line in row["completion"].split("\nQ:")[0].strip().split("\n"):
            plain = line.translate(_PUNCTUATION).replace("—", " ").replace("،", "")
            if len(plain) < 5 or line in found.get(row["language"], {}):
                continue
            ranked = predict(plain, 1)
            if (
                ranked
                and ranked[0][0] != row["language"]
                and ranked[0][1] >= _SURE
                and tokens(plain, row["language"]) >= 5
            ):
                found.setdefault(row["language"], {})[line] = None
    return {language: list(lines) for language, lines in found.items()}


def tokens(text: str, language: str) -> int:
    """How many tokens the benchmark's splitter finds."""
    if language == "zh":
        import jieba

        jieba.setLogLevel(logging.ERROR)
        return sum(1 for token in jieba.cut(text) if token.strip())
    if language == "ja":
        import fugashi

        return len(fugashi.Tagger()(text)) if len(text) < 40 else 99
    return len(text.split())
