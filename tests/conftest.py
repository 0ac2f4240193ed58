"""Fixtures for every test."""

from __future__ import annotations

import functools
import importlib.util
import os
import signal
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest

# The same examples in every run, so that a change breaks only what it touches. `pytest --hypothesis-profile=random`
# draws others; a failure says how to repeat it.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.register_profile("random", deadline=None, print_blob=True)
hypothesis.settings.load_profile("fixed")

# A run started in the background ignores Ctrl-C, and so would every program that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Before torch or tokenizers are imported anywhere: no network, and no thread pool fights on a small machine.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes (`make test`)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


@pytest.fixture(scope="session")
def real_model() -> Callable[[str], tuple[Any, Any]]:
    """``real_model(short name)``: the model and its tokenizer, loaded once a session; do not change them.

    Skips if the extra is not installed. Tests that train a real model load their own.
    """

    @functools.cache
    def load(name: str) -> tuple[Any, Any]:
        from tlpo.modeling.gguf import GGUF_MODELS
        from tlpo.modeling.load import load_model, load_tokenizer

        if importlib.util.find_spec(GGUF_MODELS[name].package) is None or importlib.util.find_spec("gguf") is None:
            pytest.skip(f"needs pip install 'tlpo[{GGUF_MODELS[name].extra}]'")
        return load_model(name), load_tokenizer(name)

    return load
