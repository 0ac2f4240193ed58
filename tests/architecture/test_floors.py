"""Imports go down the floors only, and files and functions stay small."""

from __future__ import annotations

import ast

from tests.architecture.source import FLOORS, functions, imports, trees, unit_of

LONGEST_FILE = 400
LONGEST_FUNCTION = 70


def test_every_unit_has_a_floor() -> None:
    units = {unit_of(path) for path in trees()} - {"__init__", "__main__"}
    assert units <= set(FLOORS), f"no floor for {sorted(units - set(FLOORS))}"


def test_imports_go_down_only() -> None:
    wrong = []
    for path, tree in trees().items():
        unit = unit_of(path)
        for line, module in imports(tree):
            parts = module.split(".")
            if parts[0] != "tlpo" or len(parts) == 1 or parts[1] not in FLOORS or unit in ("__init__", "__main__"):
                continue
            if parts[1] != unit and FLOORS[parts[1]] >= FLOORS[unit]:
                wrong.append(f"{path}:{line} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_no_relative_imports() -> None:
    """So that the walk above sees every import by its full name."""
    for path, tree in trees().items():
        relative = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]
        assert not relative, f"{path}:{relative[0]}"


def test_one_module_imports_trl() -> None:
    users = {
        path.as_posix() for path, tree in trees().items() for _, name in imports(tree) if name.split(".")[0] == "trl"
    }
    assert users == {"baselines/trl_trainers.py"}


def test_files_and_functions_stay_small() -> None:
    for path, tree in trees().items():
        last = max((node.end_lineno or 0 for node in tree.body), default=0)
        assert last <= LONGEST_FILE, f"{path} has {last} lines"
        for function in functions(tree):
            length = (function.end_lineno or 0) - function.lineno + 1 - _docstring_lines(function)
            assert length <= LONGEST_FUNCTION, f"{path}: {function.name} has {length} lines without its docstring"


def _docstring_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return (first.end_lineno or 0) - first.lineno + 1
    return 0
