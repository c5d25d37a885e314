"""What a destination answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen


@frozen
class Receipt:
    """Proof that a destination has the case.

    Attributes:
        key: the delivery key (case, destination and content); what a probe asks for.
        place: where it lies there: a folder, a URL, a message id. Private.
        at: when the destination confirmed it, aware UTC.
        proof: what the destination said or what was verified there (sizes, hashes, ids), as text.
        files: delivered name to sha256.
    """

    key: str
    place: str = field(repr=False)
    at: datetime
    proof: Mapping[str, str] = field(factory=dict, repr=False)
    files: Mapping[str, str] = field(factory=dict, repr=False)
