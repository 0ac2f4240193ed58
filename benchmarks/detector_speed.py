"""Speed against a word count by ``regex``, over several cores, import time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import regex

from detector_data import sentences, table
from tlpo.confusion import ConfusionDetector
from tlpo.metrics.consistency import ConsistencyProfile

_WORD = regex.compile(r"\w+")
_ROUNDS = 7
_MARKS = ("neutral", "confusion")


def run(clean: dict[str, dict[str, list[str]]], bulk_texts: int = 20_000) -> dict[str, object]:
    """Time of the confusion point, the check and the full metrics over that of ``len(regex.findall(r"\\w+", text))``,
    one core; the full metrics also over the confusion point."""
    rows: list[list[object]] = []
    names = ("confusion_point_ratio", "check_ratio", "metrics_ratio", "metrics_to_point_ratio")
    ratios: dict[str, dict[str, float]] = {name: {} for name in names}
    everything: list[str] = []
    for language, texts in sorted(sentences(clean).items()):
        line: list[object] = [language]
        for english in _MARKS:
            detector, profile = ConfusionDetector(language, english=english), ConsistencyProfile(english)
            base, point, check, metrics = best_seconds(
                (
                    lambda text: len(_WORD.findall(text)),
                    detector.confusion_point,
                    detector.check,
                    lambda text, profile=profile, code=language: profile.tally(text, code),
                ),
                texts,
            )
            if len(line) == 1:
                line.append(f"{1e6 * base / len(texts):.1f}")
            values = (point / base, check / base, metrics / base, metrics / point)
            for name, value in zip(names, values, strict=True):
                ratios[name][f"{language}.{english}"] = round(value, 2)
            line += [f"{value:.1f}" for value in values]
        rows.append(line)
        everything += texts
    parts = ("point", "check", "metrics", "metrics/point")
    head = ["language", "word count, us a text", *(f"{part} {english}" for english in _MARKS for part in parts)]
    table(f"Times of the word count (one core, thread time, best of {_ROUNDS}, taken in turns)", head, rows)
    return {**ratios, "bulk": bulk(everything, bulk_texts)}


def best_seconds(works: Sequence[Callable[[str], object]], texts: list[str]) -> list[float]:
    """The best time of each work over all texts, after one round to warm up.

    The works take turns, so that a busy spell of the machine falls on all of them; thread time, as other processes may
    run.
    """
    best = [float("inf")] * len(works)
    for turn in range(_ROUNDS + 1):
        for i, work in enumerate(works):
            started = time.thread_time()
            for text in texts:
                work(text)
            if turn:
                best[i] = min(best[i], time.thread_time() - started)
    return best


def bulk(texts: list[str], count: int) -> dict[str, float]:
    """Seconds of ``check_many`` with one process and with one a core (two at least), and how much faster that is.

    Taken in turns, best of three. The gain stays under the number of cores where they are two threads of one, or where
    other programs run.
    """
    cores = len(os.sched_getaffinity(0))
    workers = max(2, cores)
    many = [texts[i % len(texts)] for i in range(count)]
    detector = ConfusionDetector("fr")
    detector.check_many(many[:500], workers=1)
    best = {1: float("inf"), workers: float("inf")}
    for _ in range(3):
        for processes in best:
            started = time.perf_counter()
            detector.check_many(many, workers=processes)
            best[processes] = min(best[processes], time.perf_counter() - started)
    found = {
        "texts": count,
        "cores": cores,
        "seconds_1_process": round(best[1], 2),
        f"seconds_{workers}_processes": round(best[workers], 2),
        "speedup": round(best[1] / best[workers], 2),
    }
    print(f"\nBulk calls: {found}")
    return found


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
