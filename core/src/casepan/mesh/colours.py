"""Colour channels of any number type as bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from casepan.mesh.surface import ByteArray


def to_bytes(channels: NDArray[Any], code: str) -> ByteArray:
    """Channels (n, 3) as uint8 RGB.

    Args:
        channels: the numbers as stored; NaN becomes 0.
        code: their type in the file as a numpy code: ``u1`` counts to 255, ``u2`` to 65535, ``f4`` to 1 (or to 255
            when any of them is above 1, as some tools write).
    """
    if channels.dtype == np.uint8:
        return np.ascontiguousarray(channels)
    values = np.nan_to_num(channels.astype(np.float64), nan=0.0, posinf=255.0, neginf=0.0)
    if code == "u2":
        values = values / 257.0
    elif code.startswith("f") and not (values > 1).any():
        values = values * 255.0
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
