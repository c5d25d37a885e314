"""What the scanner's files mean. Nothing here opens a mesh."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from attrs import frozen

from casepan.api import Listing, Recognition


@frozen
class Order:
    """The content of ``case.json``: meshes by part (``upper``, ``lower``, ``bite``), shades of crowns by FDI tooth."""

    id: str
    scans: Mapping[str, str]
    crowns: Mapping[str, str]


def read_order(content: bytes) -> Order | None:
    """The order, None when another program wrote the file."""
    try:
        order = json.loads(content)
        return Order(order["id"], order["scans"], order["crowns"]) if order["scanner"] == "Example Scanner" else None
    except (ValueError, KeyError, TypeError):
        return None


def recognise(listing: Listing) -> Iterator[Recognition]:
    """One recognition for each ``case.json`` of this scanner, whatever folder or zip it lies in."""
    there = {entry.path for entry in listing.entries}
    for path in sorted(path for path in there if path.endswith("case.json")):
        order = read_order(listing.read(path))
        if order is None:
            continue
        named = [path.removesuffix("case.json") + name for name in order.scans.values()]
        yield Recognition(
            stage="example.export",
            vendor_id=order.id,
            files=(path, *(name for name in named if name in there)),
            confidence="certain",
            evidence=("case.json says that Example Scanner wrote it",),
            missing=tuple(name for name in named if name not in there),
            frame="example:occlusion",
        )
