"""A delivery to be made: what the child plans and the ledger records. Apart from both, so that a child loads no ledger."""

from __future__ import annotations

from attrs import frozen


@frozen
class PlannedDelivery:
    """A delivery to be made once the verdict is recorded, in the order of the pipeline."""

    key: str
    export: str
    position: int
    after: tuple[str, ...] = ()
