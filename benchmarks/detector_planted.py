"""Planted confusion: words and phrases of other languages in clean sentences, at known offsets."""

from __future__ import annotations

import random
import re

from detector_data import sentences, table
from tlpo.confusion import ConfusionDetector
from tlpo.confusion.frequencies import has_list, word_costs
from tlpo.languages import get_language

_LOWER = re.compile(r"(?<![^ ])[a-z]{3,}(?![^ ])")
_UNSPACED = ("ja", "zh", "th")
_TELLING = "same script, 3 telling words"


def run(clean: dict[str, dict[str, list[str]]], count: int) -> dict[str, dict[str, float]]:
    """``count`` texts for each pair of languages and kind. Recall and share at the exact offset, in percent."""
    texts = sentences(clean)
    rng = random.Random(7)
    tallies: dict[str, list[int]] = {}
    rows: list[list[object]] = []
    for target in sorted(texts):
        line: list[object] = [target]
        for kind, sources in kinds(target, sorted(texts)).items():
            found = [
                one(rng, kind, target, texts[target], source, texts[source]) for source in sources for _ in range(count)
            ]
            cells = {kind: found}
            if kind == "same script":
                cells[_TELLING] = [row for row in found if row[2]]
            for name, part in cells.items():
                hit, exact = sum(row[0] for row in part), sum(row[1] for row in part)
                line.append(f"{100 * hit / len(part):.1f}/{100 * exact / len(part):.1f}" if part else "-")
                tally = tallies.setdefault(name, [0, 0, 0])
                for i, value in enumerate((hit, exact, len(part))):
                    tally[i] += value
        rows.append(line)
    head = ["target"]
    for kind in kinds("ko", sorted(texts)):
        head += [kind, _TELLING] if kind == "same script" else [kind]
    table("Planted confusion: found / at the exact offset, %", head, rows)
    return {
        kind: {"found": round(100 * h / n, 2), "exact": round(100 * e / n, 2), "texts": n}
        for kind, (h, e, n) in tallies.items()
        if n
    }


def kinds(target: str, all_languages: list[str]) -> dict[str, list[str]]:
    """kind -> the languages it is planted from."""
    row = get_language(target)
    same = [code for code in all_languages if code != target and set(get_language(code).scripts) & set(row.scripts)]
    # Latin text in non-Latin text is the kind "small English word".
    other = [code for code in all_languages if code != target and code not in same and not get_language(code).latin]
    return {
        "wrong script": other,
        "lone character": other,
        "inside a word": other,
        "same script": [code for code in same if row.latin],
        "Chinese in Japanese": ["zh"] if target == "ja" else [],
        "small English word": ["en"] if not row.latin else [],
    }


def one(
    rng: random.Random, kind: str, target: str, hosts: list[str], source: str, donors: list[str]
) -> tuple[bool, bool, bool]:
    """Plant once: (a span overlaps the planted text, the confusion point is its first character, the planted text is
    :func:`telling`)."""
    host, piece = rng.choice(hosts), donor(rng, kind, source, target, donors)
    glued = kind == "inside a word" or target in _UNSPACED
    at = rng.choice([i for i in range(len(host) + 1) if fits(host, i, kind, target)] or [len(host)])
    gap = "" if glued else " "
    before = host[:at].rstrip(" ") + gap if host[:at].strip() and not glued else host[:at]
    text = before + piece + gap + (host[at:] if glued else host[at:].lstrip(" "))
    english = "neutral" if kind != "small English word" and not get_language(target).latin else "confusion"
    found = ConfusionDetector(target, english=english).check(text)
    start, end = len(before), len(before) + len(piece)
    hit = any(span.start < end and span.end > start for span in found.spans)
    return hit, found.confusion_point == start, telling(piece, source, target)


def telling(piece: str, source: str, target: str) -> bool:
    """Whether at least 3 small words of ``piece`` stand in the word list of its own language and not in the target's.

    Names, numbers and words that both languages share tell nothing.
    """
    if not (has_list(source) and has_list(target)):
        return False
    own, other = word_costs(source), word_costs(target)
    words = [word.strip(".,;:!?\"'()«»“”…") for word in piece.split()]
    return sum(word[:1].islower() and word in own and word not in other for word in words) >= 3


def fits(host: str, at: int, kind: str, target: str) -> bool:
    """Whether the text may be planted before ``host[at]``."""
    inside_word = 0 < at < len(host) and host[at - 1].isalpha() and host[at].isalpha()
    # Glued to a Latin word or a number a word would become another one, in brackets a gloss, and Chinese next to Han
    # characters has no beginning.
    beside = host[max(0, at - 1) : at + 1]
    if target in _UNSPACED and any(char.isascii() and char.isalnum() for char in beside):
        return False
    if kind == "inside a word" and any(char.isascii() for char in beside):
        return False
    if kind == "Chinese in Japanese" and re.search(r"[\u3005-\u9fff]", beside):
        return False
    if re.search(r"[(（][^)）]*\Z", host[:at]) and re.match(r"[^(（]*[)）]", host[at:]):
        return False
    if kind == "inside a word":
        return inside_word
    if target in _UNSPACED:
        return inside_word and not any(char.isascii() for char in host[max(0, at - 1) : at + 1])
    return at in (0, len(host)) or host[at] == " "


def donor(rng: random.Random, kind: str, source: str, target: str, donors: list[str]) -> str:
    """The text to plant."""
    scripts = set(get_language(target).scripts)
    while True:
        sentence = rng.choice(donors)
        if kind in ("wrong script", "lone character", "inside a word"):
            runs = [run for run in re.findall(r"[^\W\d_a-zA-Z]+", sentence) if alien(run, scripts)]
            if runs:
                run = rng.choice(runs)
                return run if kind == "wrong script" else run[0]
        elif kind == "small English word":
            words = _LOWER.findall(sentence)
            if words:
                return str(rng.choice(words))
        elif kind == "Chinese in Japanese":
            runs = re.findall(r"[\u4e00-\u9fff]{8,}", sentence)
            if runs:
                return str(rng.choice(runs))
        else:
            words = sentence.split(" ")
            size = rng.choice((4, 5, 6, 8))
            if len(words) >= size:
                start = rng.randrange(len(words) - size + 1)
                piece = " ".join(words[start : start + size]).strip("\"'“”«»()[]„‘’-—–. ")
                if len(piece.split()) >= 4:
                    return piece


def alien(run: str, scripts: set[str]) -> bool:
    """Whether every letter of ``run`` is of none of the scripts (kana and Han characters may be shared)."""
    from tlpo.confusion.scripts import script_of

    return all(script_of(char) not in scripts | {"Zyyy", "Latn"} for char in run)
