"""Options of the iTero stages."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from casepan.api import option


@frozen
class OrderOptions:
    """Options of ``itero.order``."""

    prefer: Literal["without-ditch", "with-ditch"] = option(
        "without-ditch", "which scan of a prepared arch to work on; laboratories differ, the other one is carried along"
    )
