"""The same answer in any process, whatever its hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.confusion.test_properties import ANY, DETECTORS, TEXTS

_WORKER = """
import json, sys
from dataclasses import asdict
from tlpo.confusion import ConfusionDetector
for line in sys.stdin:
    code, english, text = json.loads(line)
    print(json.dumps(asdict(ConfusionDetector(code, english=english).check(text))), flush=True)
"""

# Running text of several languages beside the odd pieces, so that word lists and fastText are asked.
_PHRASES = [
    "the boy was found with suivi d'un tsunami",
    "nous allons partir pero no quiero salir",
    "Das Wetter ist gut, người Việt rất vui",
    "これは我们认为很好の問題です",
    "Це дуже важливо для нашої країни",
]
_ANY_TEXT = TEXTS | st.lists(st.sampled_from(_PHRASES), max_size=4).map(" ".join)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[subprocess.Popen[str]]:
    """A process with a hash seed of its own that answers a line for a line."""
    environment = {**os.environ, "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    command = [sys.executable, "-c", _WORKER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process


@settings(max_examples=100, deadline=None)
@given(key=ANY, text=_ANY_TEXT)
def test_another_process_gives_the_same_answer(
    elsewhere: subprocess.Popen[str], key: tuple[str, str], text: str
) -> None:
    assert elsewhere.stdin is not None
    assert elsewhere.stdout is not None
    print(json.dumps([*key, text]), file=elsewhere.stdin, flush=True)  # ASCII, so that lone surrogates pass
    assert json.loads(elsewhere.stdout.readline()) == json.loads(json.dumps(asdict(DETECTORS[key].check(text))))
