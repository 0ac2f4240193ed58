"""The package's source as trees, and the floors of the house."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "tlpo"

# A module may import from its own unit and from floors below. A new unit needs a row here and in docs/architecture.md.
FLOORS = {
    "errors": 0,
    "provenance": 0,
    "files": 1,
    "input_files": 1,
    "languages": 1,
    "objective": 1,
    "config": 2,
    "confusion": 2,
    "metrics": 3,
    "data": 4,
    "modeling": 4,
    "loop": 5,
    "baselines": 6,
    "evaluation": 6,
    "head_selection": 6,
    "integrations": 6,
    "training": 6,
    "reports": 7,
    "runs": 8,
    "cli": 9,
}


@cache
def trees() -> dict[Path, ast.Module]:
    """Every source file, by its path below ``src/tlpo``."""
    files = sorted(SOURCE.rglob("*.py"))
    return {path.relative_to(SOURCE): ast.parse(path.read_text(encoding="utf-8")) for path in files}


def unit_of(path: Path) -> str:
    """The package or module right below ``tlpo`` that a file belongs to; ``__init__`` for the top."""
    return path.parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, full module name) of every import, those inside functions and under TYPE_CHECKING too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            if node.module == "tlpo":
                yield from ((node.lineno, f"tlpo.{alias.name}") for alias in node.names)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
