"""What the processes of `tests.commands` have in memory from the start: imports and word lists, and no state."""

from __future__ import annotations

import contextlib
import os

os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import peft  # noqa: F401

import tests.models  # noqa: F401
import tlpo.cli.train
import tlpo.runs.train
import tlpo.training.trainer
from tlpo.confusion import ConfusionDetector
from tlpo.errors import UserError

with contextlib.suppress(UserError):  # TRL is an extra
    import tlpo.baselines.trl_trainers  # noqa: F401

ConfusionDetector("ko", english="confusion").check("저는 the 책을 읽습니다 и парк 漢字")
