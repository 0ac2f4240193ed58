"""Reading clean text, and printing tables."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

# Every text, those of even number (the first is 0), and those of odd number.
_LINES = {"all": slice(None), "even": slice(0, None, 2), "odd": slice(1, None, 2)}


def load_clean(folder: Path, lines: str = "all") -> dict[str, dict[str, list[str]]]:
    """set -> language -> texts, for every ``<set>.<language>.txt`` and ``.jsonl.gz`` of the folder.

    lines: "all", "even" (limits were tuned on these) or "odd".
    """
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(folder.iterdir()):
        name, language, *kind = path.name.split(".")
        if kind == ["txt"]:
            texts = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        elif kind == ["jsonl", "gz"]:
            with gzip.open(path, "rt", encoding="utf-8") as file:
                texts = [json.loads(line)["text"] for line in file]
        else:
            continue
        found.setdefault(name, {})[language] = texts[_LINES[lines]]
    return found


def sentences(clean: dict[str, dict[str, list[str]]]) -> dict[str, list[str]]:
    """language -> sentences: the set that covers the most languages with the most texts."""
    best = max(clean, key=lambda name: (len(clean[name]), sum(map(len, clean[name].values()))))
    return clean[best]


def table(title: str, head: list[str], rows: list[list[object]]) -> None:
    """Print rows in aligned columns."""
    cells = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    print(f"\n{title}")
    for row in cells:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)), flush=True)
