"""Options of the Primescan importer."""

from __future__ import annotations

from attrs import frozen

from casepan.api import option


@frozen
class ExportOptions:
    """How exports of Primescan, CEREC and DS Core are read."""

    shared_frame: bool = option(
        True,
        "open exports hold both arches in one occlusion frame",
        source="inferred: CEREC exports after the buccal registration; no vendor text says so",
    )
