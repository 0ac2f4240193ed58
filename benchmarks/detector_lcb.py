"""Lines of published model outputs that fastText calls wrong: how many are ``confused``."""

from __future__ import annotations

import csv
import gzip
import logging
import random
import string
from pathlib import Path

from detector_data import table
from tlpo.confusion import ConfusionDetector
from tlpo.confusion.lid import predict

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_SURE = 0.8


def run(folder: Path, most: int | None) -> dict[str, float]:
    """Recall in percent by language and English setting, over distinct lines."""
    rows: list[list[object]] = []
    shares: dict[str, float] = {}
    for language, lines in sorted(wrong_lines(folder, most).items()):
        for english in ("neutral", "confusion"):
            found = ConfusionDetector(language, english=english).check_many(lines)
            share = 100 * sum(one.verdict == "confused" for one in found) / len(lines)
            shares[f"{language}.{english}"] = round(share, 2)
            rows.append([language, english, len(lines), f"{share:.1f}"])
    table(f"Lines that fastText calls wrong by at least {_SURE}", ["language", "English", "lines", "confused %"], rows)
    return shares


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
