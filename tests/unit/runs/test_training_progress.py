"""A logged step in words, and the progress of a run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from transformers.utils import logging

from tlpo.runs.training_progress import step_line, training_progress


def test_step_line() -> None:
    logs = {
        "confusion/rate": 0.21875,
        "explore/points": 14.0,
        "confusion/points_used": 13.0,
        "rollout/seconds": 9.6,
        "detect/seconds": 0.1,
        "explore/seconds": 1.0,
        "update/seconds": 3.0,
    }
    assert step_line(3, logs) == "step   3:  21.9 % of the samples confused, 13 of 14 points with a signal, 14 s"
    logs |= {"kl": 0.00123, "loss": -0.05, "update/points": 21.0}
    assert step_line(3, logs) == (
        "step   3:  21.9 % of the samples confused, 13 of 14 points with a signal, update on 21, kl 0.0012, "
        "loss -0.0500, 14 s"
    )
    logs |= {"update/points": 0.0}  # it waits for more of them
    assert step_line(3, logs) == (
        "step   3:  21.9 % of the samples confused, 13 of 14 points with a signal, no update, 14 s"
    )
    logs = {"confusion/rate": 1.0, "explore/points": 0.0, "train/skipped_steps": 1.0, "update/seconds": 0.6}
    assert step_line(12, logs) == (
        "step  12: 100.0 % of the samples confused, 0 of 0 points with a signal, skipped: not finite, 1 s"
    )


def test_step_line_of_other_methods() -> None:
    assert step_line(1, {"loss": 2.5, "grad_norm": 1.0}) == "step   1: loss 2.5000"
    dpo = {"rewards/accuracies": 0.75, "rewards/chosen": 0.1, "loss": 0.69315}
    assert step_line(2, dpo) == "step   2: accuracy 0.7500, loss 0.6932"
    grpo = {"confusion/rate": 0.5, "reward": 0.25, "kl": 0.0, "loss": -0.125, "step_time": 7.7}
    assert step_line(3, grpo) == (
        "step   3:  50.0 % of the samples confused, reward 0.2500, kl 0.0000, loss -0.1250, 8 s"
    )


def test_progress_goes_to_stderr_and_the_librarys_bars_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    state = SimpleNamespace(is_world_process_zero=True, max_steps=4, global_step=1)

    def interrupted() -> None:
        with training_progress() as progress:
            assert not logging.is_progress_bar_enabled()
            progress.on_train_begin(None, state, None)
            state.global_step = 2
            progress.on_step_end(None, state, None)
            progress.on_log(
                None, state, None, logs={"confusion/rate": 0.5, "kl": 0.1, "loss": 0.25, "update/seconds": 2}
            )
            progress.on_log(None, state, None, logs={"eval_confusion/rate": 0.5})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert logging.is_progress_bar_enabled()
    out, err = capsys.readouterr()
    assert out == ""
    expected = "step   2:  50.0 % of the samples confused, kl 0.1000, loss 0.2500, 2 s"
    assert err.splitlines()[0] == expected
    assert "2/4" in err
    assert "eval" not in err
