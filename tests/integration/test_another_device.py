"""Training and measuring leave no tensor on a device where it does not belong.

An emulated device takes the place of a GPU: mixing its tensors with the CPU's is an error.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("torch.utils.backend_registration", reason="an older PyTorch")
if not hasattr(torch.utils.backend_registration, "_setup_privateuseone_for_python_backend"):
    pytest.skip("devices written in Python came with PyTorch 2.10", allow_module_level=True)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Any]]]:
    file = tmp_path_factory.mktemp("devices") / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.programs.another_device", str(file)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(file.read_text())
    return found


SCENARIOS = [
    "the default recipe",
    "tied weights in chunks",
    "an adapter",
    "two iterations",
    "drawn candidates",
    "measuring",
    "decoding",
    "head selection",
]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_equals_the_cpu(results: dict[str, dict[str, dict[str, Any]]], scenario: str) -> None:
    cpu, other = results[scenario]["cpu"], results[scenario]["other:0"]
    assert (cpu.pop("device"), other.pop("device")) == ("cpu", "other:0")
    expected, got = cpu.pop("numbers"), other.pop("numbers")
    assert got.keys() == expected.keys()
    for name, values in expected.items():
        assert got[name] == pytest.approx(values, rel=1e-4, abs=1e-5), name
    assert other == cpu
    if "counts" in cpu:
        assert sum(cpu["counts"]) > 0, "nothing was updated, so nothing was shown"


def test_mixing_is_an_error() -> None:
    program = (
        "import torch, tests.emulated_device\n"
        "there, here = torch.ones(2, device='other'), torch.ones(2)\n"
        "print((there * 2).tolist(), (there + torch.tensor(1.0)).cpu().tolist())\n"
        "there + here"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[2.0, 2.0] [2.0, 2.0]"
    assert done.returncode == 1
    assert "a tensor of shape (2,) on cpu among those on other" in done.stderr
