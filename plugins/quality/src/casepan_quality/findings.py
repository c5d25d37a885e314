"""The page of every finding code that the checks can raise. Codes that core documents are left to core."""

from __future__ import annotations

from casepan.api import FindingDoc

FINDINGS = (
    FindingDoc(
        "completeness.missing-field",
        "warning",
        "The order does not state something that this work needs",
        "The rules ask for it (casepan rules show), and neither the scanner's order nor an rx file names it. Fields that "
        "only help are notes.",
        "A crown on 24 without a material.",
        "Ask the office, or write it into rx.toml beside the export.",
    ),
    FindingDoc(
        "completeness.no-prescription",
        "info",
        "No order came with the scans",
        "The export holds meshes only, and no rx.toml or rx.json lies beside it.",
        "A zip with upper.stl, lower.stl and bite.stl.",
        "Look into the scanner's portal or ask the office. A lab that never starts without an order sets require_rx = true.",
    ),
    FindingDoc(
        "completeness.physical",
        "info",
        "Something may come by courier",
        "The order announces a physical item, or this kind of work often needs one that a scan cannot replace.",
        "A full denture: border moulding may want an impression.",
        "Wait for the parcel, or ask whether one is coming.",
    ),
    FindingDoc(
        "rx.no-reference",
        "info",
        "Nothing says whose case this is",
        "Neither an order number nor a patient's name or number came with the scans.",
        "Loose meshes named upper.stl and lower.stl.",
        "Ask the office for its order number. A lab that files by it sets require_reference = true.",
    ),
)
