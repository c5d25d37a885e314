"""``casepan ledger rebuild``: a new ledger from the folders, after the old one was lost or damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casepan.config.lab import Lab
from casepan.errors import StateError
from casepan.model.vocabulary import Verdict
from casepan.running.deliveries import RECEIPTS, read_receipt
from casepan.running.durable import read_document
from casepan.running.facts import facts_of, meshes_of
from casepan.running.intake import ARRIVAL_DOCUMENT, CASE_DOCUMENT, read_case, read_landed
from casepan.running.layout import StateFolder
from casepan.running.ledger import Ledger
from casepan.running.plan import planned
from casepan.running.searching import catch_up
from casepan.running.steps import RESULT_DOCUMENT, read_result

SAID: Mapping[str, str | None] = {
    "case.decided": None, "case.answered": "answer", "case.reopened": "reopen", "case.closed": "close",
    "case.cancelled": "close", "case.merged": "close", "case.duplicate": "close",
}  # fmt: skip
"""What an event of the desk means for the state of a case; None: its verdict."""


def rebuild(lab: Lab) -> int:
    """Make a new ledger from the folders of arrivals and cases; the number of cases found.

    A case with a result stands as its verdict says. A receipt on disk proves a delivery; a delivery without one may or may not
    have left, so its outcome is unknown: destinations that can be asked are asked, the others wait for a person. What people
    answered and decided is read from the copy beside each case; a case that was answered and not checked again is checked.

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
        count = sum(
            _case(lab, ledger, document) for document in sorted((state.root / "cases").glob(f"*/r*/{CASE_DOCUMENT}"))
        )
        catch_up(state, ledger, wanted=lab.lab.name_index)
        return count
    finally:
        ledger.close()


def _arrival(ledger: Ledger, folder: Path) -> None:
    landed = read_landed(folder)
    ledger.restore_arrival(
        folder.name, pipeline=landed.pipeline, inbox=landed.inbox, spot=landed.spot, fingerprint=landed.fingerprint
    )


def _case(lab: Lab, ledger: Ledger, document: Path) -> bool:
    folder, case = document.parent, read_case(document)
    known = _desk(folder.parent / "desk.json")
    pipeline = lab.pipelines.get(case.origin.pipeline or "")
    outcome = read_result(folder) if (folder / RESULT_DOCUMENT).is_file() else None
    said = _said(known, case.revision)
    if outcome is not None and _answers(known, case.revision) != len(outcome.case.desk.answers):
        outcome = None
    verdict: Verdict | None = outcome.verdict if outcome else None
    if outcome and said in ("accept", "reject"):
        verdict = said  # type: ignore[assignment]  # one of the two
    deliveries = planned(pipeline, outcome.case, verdict, outcome.content) if pipeline and outcome and verdict else ()
    ledger.restore_case(
        case.key, case.ref, case.revision, case.digest, arrival=str(read_document(document).get("arrival", "")),
        pipeline=case.origin.pipeline or "", verdict=verdict, content=outcome.content if outcome else None,
        hold=outcome.hold if outcome and said not in ("accept", "reject") else None, deliveries=deliveries,
        sent={delivery.key for delivery in deliveries if _has_receipt(folder, delivery.export, delivery.key)},
        closed=said == "close", meshes=meshes_of(case), facts=facts_of(outcome.case, would=outcome.would) if outcome else None,
    )  # fmt: skip
    if known and case.revision == max(int(path.name[1:]) for path in folder.parent.glob("r[0-9]*")):
        ledger.restore_desk(case.ref, known)
    return True


def _desk(path: Path) -> Mapping[str, Any]:
    return read_document(path) if path.is_file() else {}


def _answers(known: Mapping[str, Any], revision: int) -> int:
    return sum(answer["revision"] <= revision for answer in known.get("answers", ()))


def _said(known: Mapping[str, Any], revision: int) -> str | None:
    """What a person decided last about a revision, unless it was answered after that: then it was checked anew."""
    found = None
    for one in known.get("decisions", ()):
        if one["revision"] == revision and one["kind"] in SAID:
            found = SAID[one["kind"]] or json.loads(one["detail"]).get("verdict")
    return None if found in ("answer", "reopen") else found


def _has_receipt(folder: Path, export: str, key: str) -> bool:
    receipt = read_receipt(folder, export) if (folder / RECEIPTS).is_dir() else None
    return receipt is not None and receipt.key == key
