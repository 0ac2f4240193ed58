"""The detector and the command's help load no torch, and start at once."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import pytest

HEAVY = ("torch", "transformers", "datasets", "peft", "accelerate", "pandas", "matplotlib", "trl")
_REPORT = "; import sys; print(*sorted(set(sys.modules) & {{{}}}))".format(", ".join(map(repr, HEAVY)))


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1] if done.stdout else ""


@pytest.mark.parametrize(
    "code",
    [
        "import tlpo",
        "import tlpo.confusion",
        "from tlpo import ConfusionDetector; ConfusionDetector('ko').check('안녕하세요 hello')",
        "import tlpo.data; tlpo.data.load_prompts(language='ko')",
        "import tlpo.metrics",
        "import tlpo.languages, tlpo.errors, tlpo.config",
        "import tlpo.reports",
        "from tlpo.cli.main import main; main(['--help'])",
        "from tlpo.cli.main import main; main(['detect', '--help'])",
        "from tlpo.cli.main import main; main(['audit', '--help'])",
        "from tlpo.cli.main import main; main(['evaluate', '--help'])",
        "from tlpo.cli.main import main; main(['metrics', '--help'])",
        "from tlpo.cli.main import main; main(['data', '--help'])",
        "from tlpo.cli.main import main; main(['data', 'filter', '--help'])",
        "from tlpo.cli.main import main; main(['data', 'sample', '--help'])",
        "import tlpo.data.filtering, tlpo.data.pairs, tlpo.data.contamination",
        "from tlpo.cli.main import main; main(['heads', 'analyze', '--help'])",
        "import tlpo.reports.heads.page, tlpo.reports.heads.tables, tlpo.reports.heads.figures",
        "from tlpo.cli.main import main; main(['compare', '--help'])",
        "from tlpo.cli.main import main; main(['study', '--help'])",
        "import tlpo.reports.comparison.page, tlpo.runs.study.study",
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    assert run(code + _REPORT) == ""


def test_help_starts_in_under_half_a_second() -> None:
    """The best of several, over a bare interpreter's own: other work on the machine only ever adds."""
    bare, command = [], []
    for _ in range(5):
        for code, times in (("pass", bare), ("from tlpo.cli.main import main; main(['--help'])", command)):
            begun = time.perf_counter()
            run(code)
            times.append(time.perf_counter() - begun)
    assert min(command) < max(0.5, 8 * statistics.median(bare)), (bare, command)


def test_the_detector_imports_in_under_half_a_second() -> None:
    bare, detector = [], []
    for _ in range(5):
        for code, times in (("pass", bare), ("import tlpo.confusion", detector)):
            begun = time.perf_counter()
            run(code)
            times.append(time.perf_counter() - begun)
    assert min(detector) < max(0.5, 12 * statistics.median(bare)), (bare, detector)
