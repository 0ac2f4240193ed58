"""The test data that is too big, or not free enough, to ship: read where it exists, otherwise the test is skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared_data(*parts: str) -> Path:
    """The path ``../shared/data/<parts>`` beside the checkout (or under ``$TLPO_SHARED_DATA``); skips if absent."""
    base = Path(os.environ.get("TLPO_SHARED_DATA") or ROOT.parent / "shared" / "data")
    path = base.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs the measuring data ../shared/data/{'/'.join(parts)}, which is not part of the project")
    return path
