"""``casepan ledger rebuild``: a new ledger from the folders, after the old one was lost or damaged."""

from __future__ import annotations

from pathlib import Path

from casepan.config.lab import Lab
from casepan.errors import StateError
from casepan.running.deliveries import RECEIPTS, read_receipt
from casepan.running.durable import read_document
from casepan.running.intake import ARRIVAL_DOCUMENT, CASE_DOCUMENT, read_case, read_landed
from casepan.running.layout import StateFolder
from casepan.running.ledger import Ledger
from casepan.running.plan import planned
from casepan.running.steps import RESULT_DOCUMENT, read_result


def rebuild(lab: Lab) -> int:
    """Make a new ledger from the folders of arrivals and cases; the number of cases found.

    A case with a result stands as its verdict says. A receipt on disk proves a delivery; a delivery without one may or may not
    have left, so its outcome is unknown: destinations that can be asked are asked, the others wait for a person. What people
    decided after the verdict is lost with the old ledger.

    Raises:
        StateError: a ledger is still there, or a folder is damaged.
    """
    state = StateFolder(lab.state)
    state.prepare()
    if state.ledger.exists():
        raise StateError(
            "there still is a ledger",
            place=str(state.ledger),
            hint="Move it away first, with the files beside it that end in -wal and -shm.",
        )
    ledger = Ledger(state.ledger)
    try:
        for document in sorted((state.root / "arrivals").glob(f"*/{ARRIVAL_DOCUMENT}")):
            _arrival(ledger, document.parent)
        return sum(
            _case(lab, ledger, document) for document in sorted((state.root / "cases").glob(f"*/r*/{CASE_DOCUMENT}"))
        )
    finally:
        ledger.close()


def _arrival(ledger: Ledger, folder: Path) -> None:
    landed = read_landed(folder)
    ledger.restore_arrival(
        folder.name, pipeline=landed.pipeline, inbox=landed.inbox, spot=landed.spot, fingerprint=landed.fingerprint
    )


def _case(lab: Lab, ledger: Ledger, document: Path) -> bool:
    folder, case = document.parent, read_case(document)
    pipeline = lab.pipelines.get(case.origin.pipeline or "")
    arrival = str(read_document(document).get("arrival", ""))
    outcome = read_result(folder) if (folder / RESULT_DOCUMENT).is_file() else None
    deliveries = planned(pipeline, outcome.case, outcome.verdict, outcome.content) if pipeline and outcome else ()
    ledger.restore_case(
        case.key, case.ref, case.revision, case.digest, arrival=arrival, pipeline=case.origin.pipeline or "",
        verdict=outcome.verdict if outcome else None, content=outcome.content if outcome else None,
        hold=outcome.hold if outcome else None, deliveries=deliveries,
        sent={delivery.key for delivery in deliveries if _has_receipt(folder, delivery.export, delivery.key)},
    )  # fmt: skip
    return True


def _has_receipt(folder: Path, export: str, key: str) -> bool:
    receipt = read_receipt(folder, export) if (folder / RECEIPTS).is_dir() else None
    return receipt is not None and receipt.key == key
