"""The documents speak of the project alone: no paths of one machine, no broken links, two commands that exist."""

from __future__ import annotations

import doctest
import re
import subprocess

from tests.architecture.source import ROOT

MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home|tmp|opt|mnt|Users)/[\w.]|\.\./shared|file://|[A-Za-z]:\\Users")


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_paths_of_one_machine() -> None:
    names = tracked("*.md", "src/*.py", "benchmarks/*", "Makefile", "*.toml", "*.txt", ".ci/*", "examples/*")
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8")
        found = MACHINE.search(text)
        assert found is None, f"{name}: {text[max(0, found.start() - 30) : found.end() + 30]!r}"


def test_links_between_documents_lead_somewhere() -> None:
    for name in tracked("*.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" not in target and not target.startswith("mailto:"):
                assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in ("demo", "test"):
        assert f"make {command}" in readme
        assert f"\n{command}:" in makefile


def test_the_examples_in_the_readme_hold() -> None:
    failures, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    assert tried >= 3
    assert failures == 0
