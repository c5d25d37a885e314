"""Times as text: ISO 8601 in UTC with milliseconds and a Z."""

from __future__ import annotations

import time
from functools import lru_cache


def utc_text(seconds: float) -> str:
    """Seconds since the epoch as ``2026-11-22T08:37:34.123Z``."""
    whole, part = divmod(seconds, 1.0)
    return f"{_to_the_second(int(whole))}.{int(part * 1000):03d}Z"


@lru_cache(maxsize=4)
def _to_the_second(seconds: int) -> str:
    """Remembered: the ledger asks dozens of times a second."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
