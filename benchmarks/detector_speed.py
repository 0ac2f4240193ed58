"""Speed against a word count by ``regex``, over several cores, import time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import regex

from detector_data import sentences, table
from tlpo.confusion import ConfusionDetector

_WORD = regex.compile(r"\w+")


def run(clean: dict[str, dict[str, list[str]]]) -> dict[str, object]:
    """Time of the confusion point and of the full check over that of ``len(regex.findall(r"\\w+", text))``, one
    core."""
    rows: list[list[object]] = []
    ratios: dict[str, float] = {}
    checks: dict[str, float] = {}
    everything: list[str] = []
    for language, texts in sorted(sentences(clean).items()):
        base = seconds(lambda text: len(_WORD.findall(text)), texts)
        line: list[object] = [language, f"{1e6 * base / len(texts):.1f}"]
        for english in ("neutral", "confusion"):
            detector = ConfusionDetector(language, english=english)
            ratios[f"{language}.{english}"] = round(seconds(detector.confusion_point, texts) / base, 2)
            checks[f"{language}.{english}"] = round(seconds(detector.check, texts) / base, 2)
            line += [ratios[f"{language}.{english}"], checks[f"{language}.{english}"]]
        rows.append(line)
        everything += texts
    head = ["language", "word count, us a text", "point neutral", "check neutral", "point confusion", "check confusion"]
    table("Times of the word count (one core, thread time, best of 5)", head, rows)
    return {"confusion_point_ratio": ratios, "check_ratio": checks, "bulk": bulk(everything)}


def seconds(work: Callable[[str], object], texts: list[str]) -> float:
    """Best of five runs over all texts, after one to warm up; processor time, as other processes may run."""
    best = float("inf")
    for _ in range(6):
        started = time.thread_time()
        for text in texts:
            work(text)
        best = min(best, time.thread_time() - started)
    return best


def bulk(texts: list[str]) -> dict[str, float]:
    """Seconds of ``check_many`` with one process and with all cores."""
    detector, cores = ConfusionDetector("fr"), len(os.sched_getaffinity(0))
    many = texts * 2
    detector.check_many(many[:200], workers=1)
    took = {}
    for workers in (1, cores):
        started = time.perf_counter()
        detector.check_many(many, workers=workers)
        took[f"{workers} processes"] = round(time.perf_counter() - started, 2)
    print(f"\nBulk: {len(many)} texts, {took}")
    return took


_IMPORT = """
import sys, time
started, used = time.perf_counter(), time.process_time()
from tlpo.confusion import ConfusionDetector
print(time.perf_counter() - started, time.process_time() - used, "torch" in sys.modules)
"""
_ALL = """
import re
from tlpo.confusion import ConfusionDetector
from tlpo.languages import LANGUAGES
text = "Hello there my friends, comment allez-vous aujourd'hui? Это хорошо, 这是 مرحبا این नमस्ते आहे"
for code in LANGUAGES:
    for english in ("neutral", "confusion"):
        ConfusionDetector(code, english=english).check(text)
# Not getrusage: its peak counts the parent's pages that a fork held before the program started.
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""


def footprint() -> dict[str, float]:
    """Seconds to import the detector, and megabytes of a process that has used it for every language."""

    def output(code: str) -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    imports = [output(_IMPORT).split() for _ in range(5)]
    found = {
        "import_seconds": round(min(float(wall) for wall, _, _ in imports), 3),
        "import_cpu_seconds": round(min(float(used) for _, used, _ in imports), 3),
        "import_loads_torch": imports[0][2] == "True",
        "memory_mb_all_languages": round(float(output(_ALL))),
    }
    print(f"\nFootprint: {found}")
    return found
