"""Rule ``language`` for Chinese inside Japanese.

Japanese mixes Han characters with kana; Chinese does not. A stretch of Han characters and punctuation without kana is
Chinese if it holds a character that Japanese does not write (outside the Japanese character sets JIS X 0208 and NEC/IBM
extensions, code page 932), or enough of the small words of running Chinese.
"""

from __future__ import annotations

import functools
import re

from tlpo.confusion import lid
from tlpo.confusion.alphabets import CHINESE_STRONG, CHINESE_WEAK
from tlpo.confusion.phrases import Phrase
from tlpo.confusion.scripts import char_class, rare_class_of

_PUNCTUATION = "，、。！？；：“”‘’《》,!?;:0-9０-９ "

# Han characters of a stretch that small words can tell, and of one that fastText can.
_SHORT, _LONG = 4, 10


@functools.lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    """(a stretch of Han characters, a character that is not Japanese, that or a word of Chinese, a long stretch, every
    second character of a long stretch).

    The last two know plane 0 only, where a class is one look-up: a character beyond is not Japanese anyway."""
    han = char_class(r"[\p{sc=Hani}--[\u3005-\u3007]]")
    everything = re.findall(f"[{han}]", "".join(map(chr, range(0x2E80, 0xFB00))))
    strange = {ord(char) for char in everything if not _japanese(char)}
    stretch = re.compile(f"[{han}](?:[{han}{_PUNCTUATION}]*[{han}])?")
    near = char_class(r"[[\p{sc=Hani}--[\u3005-\u3007]]&&[\u0000-\uffff]]")
    row = re.compile(f"[{near}]{{2}}[{near}{_PUNCTUATION}]{{{_LONG - 2}}}")
    half = re.compile(f"[{near}{_PUNCTUATION}]{{{_LONG // 2}}}")
    cue = rare_class_of(strange | set(map(ord, CHINESE_STRONG | CHINESE_WEAK)))
    return stretch, re.compile(rare_class_of(strange)), re.compile(cue), row, half


def _japanese(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def _fasttext_says_chinese(text: str, hinted: bool) -> bool:
    """hinted: a small word of Chinese occurs, so that less of fastText will do."""
    ranked = dict(lid.predict(text, 3))
    chinese, japanese = (0.8, 0.12) if hinted else (0.9, 0.05)
    return ranked.get("zh", 0.0) >= chinese and ranked.get("ja", 0.0) <= japanese


class HanRule:
    """Tells Chinese from Japanese."""

    def __init__(self) -> None:
        self._stretch, self._strange, self._cue, self._row, self._half = _patterns()

    def suspicious(self, text: str) -> bool:
        """Whether a character or a stretch that could be Chinese occurs."""
        if self._cue.search(text):
            return True
        return self._half.search(text[::2]) is not None and self._row.search(text) is not None

    def phrases(self, segment: str, piece: tuple[int, int]) -> list[Phrase]:
        """The Chinese stretches of ``piece``, in order."""
        if not self.suspicious(segment[slice(*piece)]):
            return []
        strange = self._strange.search(segment, *piece) is not None
        found = [
            (start, end)
            for start, end in (match.span() for match in self._stretch.finditer(segment, *piece))
            if (strange or end - start >= _SHORT) and self._chinese(segment[start:end], strange)
        ]
        return [Phrase(start, end, "zh", 0.9) for start, end in found]

    def _chinese(self, text: str, strange: bool) -> bool:
        """strange: whether a character that is not Japanese occurs near."""
        if strange and self._strange.search(text):
            return True
        if len(text) < _SHORT:
            return False
        han = sum(char >= "\u3400" for char in text)
        points = sum(2 for char in text if char in CHINESE_STRONG) + sum(1 for char in text if char in CHINESE_WEAK)
        if han >= _LONG and _fasttext_says_chinese(text, points > 0):
            return True
        return han >= _SHORT and points >= 2 and 10 * points >= han
