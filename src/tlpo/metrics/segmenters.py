"""The two word segmenters that both published definitions use: jieba for Chinese, MeCab (fugashi) for Japanese.

Each is built once a process, on first use, and keeps quiet.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

from tlpo.errors import missing_extra

# What the published scripts give MeCab: words with blanks between them, and room for long lines.
_MECAB_OPTIONS = "-O wakati -b 50000"


@lru_cache(maxsize=1)
def _jieba() -> Any:
    try:
        import jieba
    except ImportError:
        raise missing_extra("jieba", "metrics") from None

    jieba.setLogLevel(logging.ERROR)  # it tells of its cache file otherwise
    jieba.initialize()
    return jieba


@lru_cache(maxsize=1)
def _mecab() -> Any:
    try:
        import fugashi  # finds its dictionary in the package unidic-lite
    except ImportError:
        raise missing_extra("fugashi", "metrics") from None

    return fugashi.Tagger(_MECAB_OPTIONS)


def chinese_words(line: str) -> list[str]:
    """The line cut by jieba. Joined together the pieces are the line again, blanks and punctuation included."""
    return list(_jieba().cut(line))


def japanese_words(line: str) -> list[str]:
    """The line cut by MeCab with unidic-lite; blanks are dropped."""
    # MeCab reads C strings: it would stop at a NUL.
    return str(_mecab().parse(line.replace("\0", " ")) or "").split()
