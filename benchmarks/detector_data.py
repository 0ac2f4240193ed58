"""Reading clean text, and printing tables."""

from __future__ import annotations

import gzip
import json
from pathlib import Path


def load_clean(folder: Path) -> dict[str, dict[str, list[str]]]:
    """set -> language -> texts, for every ``<set>.<language>.txt`` and ``.jsonl.gz`` of the folder."""
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
        found.setdefault(name, {})[language] = texts
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
