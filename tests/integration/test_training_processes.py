"""Real processes: two that train together, and some that are killed while they save."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tests.commands import save_tiny_model
from tests.models import tiny_model
from tests.programs import killed_run, two_processes
from tests.runs import largest_difference, same, trainer, weights

from tlpo.loop.checkpoints import last_complete

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def start(*command: str) -> str:
    """Run a Python program of the tests with one thread a process; return what it printed."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


class TestTwoProcesses:
    @pytest.fixture(scope="class")
    @staticmethod
    def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("together")
        program = str(ROOT / "tests" / "programs" / "two_processes.py")
        start("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", program, str(folder))
        return folder

    @pytest.fixture(scope="class")
    @staticmethod
    def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("alone")
        for name in two_processes.SCENARIOS:
            two_processes.run(name, folder)
        return folder

    @staticmethod
    def ranks(folder: Path, name: str) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(folder.glob(f"{name}-*.json"))]

    def test_two_ranks_really_ran(self, together: Path, alone: Path) -> None:
        for name in two_processes.SCENARIOS:
            both = self.ranks(together, name)
            assert [rank["rank"] for rank in both] == [0, 1]
            assert all(rank["world_size"] == rank["processes"] == 2 for rank in both)
            assert all(rank["wrapped"] for rank in both)
            (single,) = self.ranks(alone, name)
            assert single["world_size"] == single["processes"] == 1

    @pytest.mark.parametrize("name", list(two_processes.SCENARIOS))
    def test_they_end_where_one_process_ends(self, together: Path, alone: Path, name: str) -> None:
        one, two = load_file(alone / f"{name}.safetensors"), load_file(together / f"{name}.safetensors")
        counts = [rank["counts"] for rank in self.ranks(together, name)]
        (single,) = self.ranks(alone, name)
        assert [sum(step) for step in zip(*counts, strict=True)] == single["counts"]
        if name not in ("silent", "one-sided", "resumed"):  # a resumed run has one step's counts, alike by chance
            assert counts[0] != counts[1], "the ranks should differ in their points"
        start_weights = weights(tiny_model())
        if name == "silent":
            assert same(one, start_weights)
            assert same(two, start_weights)
            return
        reference = one if name == "lora" else start_weights
        moved = float(one_norm(one)) if name == "lora" else largest_difference(one, reference)
        assert moved > 1e-3
        assert largest_difference(one, two) < 1e-4 * moved

    def test_a_rank_without_points_takes_part(self, together: Path) -> None:
        counts = [rank["counts"] for rank in self.ranks(together, "one-sided")]
        assert all(count > 0 for count in counts[0])
        assert counts[1] == [0, 0, 0]

    @pytest.mark.parametrize("name", list(two_processes.SCENARIOS))
    def test_the_metrics_are_those_of_one_process(self, together: Path, alone: Path, name: str) -> None:
        (single,) = self.ranks(alone, name)
        first = self.ranks(together, name)[0]
        assert len(first["history"]) == len(single["history"]) > 0
        for mine, other in zip(first["history"], single["history"], strict=True):
            for metric, value in other.items():
                if "seconds" in metric or metric == "loss" or metric not in mine:
                    continue
                if value != value:  # the gradient norm of the step that is skipped
                    assert mine[metric] != mine[metric]
                    continue
                assert mine[metric] == pytest.approx(value, rel=1e-3, abs=1e-5), metric

    def test_a_loss_that_is_not_finite_on_one_rank_is_skipped_by_both(self, together: Path) -> None:
        skipped = [entry["train/skipped_steps"] for entry in self.ranks(together, "one bad")[0]["history"]]
        assert skipped == [0, 1, 0]

    def test_a_resumed_run_of_two_equals_the_unbroken_one(self, together: Path) -> None:
        unbroken, again = (load_file(together / f"{name}.safetensors") for name in ("iterations", "resumed"))
        assert same(unbroken, again)


def one_norm(values: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.stack([value.abs().max() for name, value in values.items() if "lora_B" in name]).max()


class TestKilled:
    @pytest.fixture(scope="class")
    @staticmethod
    def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
        run = trainer(tmp_path_factory.mktemp("unbroken"), **killed_run.SAVING)
        run.train()
        return weights(run.model)

    def test_a_run_killed_while_saving_ends_like_the_unbroken_one(
        self, tmp_path: Path, unbroken: dict[str, torch.Tensor]
    ) -> None:
        told = start(str(ROOT / "tests" / "programs" / "killed_run.py"), str(tmp_path))
        deaths = [line for line in told.splitlines() if line.startswith(killed_run.PLACES)]
        assert deaths == [f"{place} 9" for place in killed_run.PLACES]
        for place in killed_run.PLACES:
            folder = tmp_path / place.replace(" ", "-")
            assert (folder / f"checkpoint-{killed_run.DEADLY_STEP}").is_dir()
            newest = last_complete(folder)
            if place != "from outside":  # there the kill may come late
                assert newest == folder / f"checkpoint-{killed_run.DEADLY_STEP - 1}"
            again = trainer(folder, **killed_run.SAVING)
            again.train(resume_from_checkpoint=True)
            assert same(unbroken, weights(again.model)), place
            metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
            assert [entry["step"] for entry in metrics if "loss" in entry] == [1, 2, 3, 4, 5]


class TestInterrupted:
    """Ctrl-C at the launcher of two processes."""

    STEPS = 12

    def launch(self, model: Path, folder: Path) -> subprocess.Popen[str]:
        environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"}
        options = {
            "model": model, "output_dir": folder, "language": "ko", "english": "confusion", "max_new_tokens": 8,
            "max_steps": self.STEPS, "per_device_train_batch_size": 2, "num_generations": 2, "num_candidates": 8,
            "learning_rate": 1e-3, "audit_prompts": 0, "save_strategy": "no", "min_points": 1, "confused_share": 0,
            "use_cpu": True,
        }  # fmt: skip
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        command = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "tlpo", "train"]
        return subprocess.Popen(
            [sys.executable, *command, *words], env=environment, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip

    def test_both_save_after_the_same_step_and_go_on(self, tmp_path: Path) -> None:
        model = save_tiny_model(tmp_path / "model")
        unbroken = self.launch(model, tmp_path / "unbroken")
        told = unbroken.communicate(timeout=300)[0]
        assert unbroken.returncode == 0, told[-3000:]

        broken = self.launch(model, tmp_path / "broken")
        metrics, deadline = tmp_path / "broken" / "metrics.jsonl", time.monotonic() + 200
        while time.monotonic() < deadline and not (metrics.is_file() and metrics.read_text().count("\n") >= 2):
            time.sleep(0.005)
        broken.send_signal(signal.SIGINT)
        told = broken.communicate(timeout=200)[0]
        assert broken.returncode != 0
        saved = last_complete(tmp_path / "broken")
        assert saved is not None, told[-3000:]
        assert 2 <= int(saved.name.rpartition("-")[2]) < self.STEPS

        again = self.launch(model, tmp_path / "broken")
        told = again.communicate(timeout=300)[0]
        assert again.returncode == 0, told[-3000:]
        ends = [load_file(tmp_path / name / "final" / "model.safetensors") for name in ("unbroken", "broken")]
        assert same(*ends)
        assert not same(ends[0], load_file(model / "model.safetensors"))
