"""Options of the TRIOS stages."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from casepan.api import option


@frozen
class OrderOptions:
    """Options of ``trios.order``."""

    prefer: Literal["raw", "processed"] = option(
        "raw",
        "which scan to work on when an order holds both: `raw` as scanned, `processed` as edited afterwards",
    )
