"""Options of the Carestream importer."""

from __future__ import annotations

from attrs import frozen

from casepan.api import option


@frozen
class ExportOptions:
    """How ScanFlow exports are read."""

    normal_bites: tuple[str, ...] = option(
        ("Normal Bite", "Mordida normal"),
        "names of the habitual bite; of several mandibles the one placed by such a bite is worked on",
    )
