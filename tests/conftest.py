"""Fixtures for every test."""

from __future__ import annotations

import os

# Before torch or tokenizers are imported anywhere: no network, and no thread pool fights on a small machine.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
