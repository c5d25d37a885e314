"""Child side of an arrival: snapshot, recognise, read, and hand each case to the ledger. Nothing here trusts the files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from casepan.arrivals.listing import FolderListing, Opening
from casepan.arrivals.recognise import recognise
from casepan.arrivals.snapshot import take_snapshot
from casepan.config.lab import Lab
from casepan.config.readers import accepts_closed, reader_options
from casepan.config.secrets import fetch_secret
from casepan.contract.listing import Recognition
from casepan.durable import sync_folder
from casepan.errors import CaseError, StateError
from casepan.model.case import Case
from casepan.model.documents import converter, to_plain
from casepan.model.finding import Finding
from casepan.registry import Registry
from casepan.running.closed import without_nagging
from casepan.running.context import Bench
from casepan.running.durable import private_folder, read_document, write_document
from casepan.running.facts import meshes_of
from casepan.running.layout import StateFolder, base_of
from casepan.running.wire import Link, describe_error

ARRIVAL_SCHEMA = 1
SOURCE_FOLDER = "source"
ARRIVAL_DOCUMENT = "arrival.json"
CASE_DOCUMENT = "case.json"


@frozen
class Landed:
    """Where an arrival lies in its inbox. Kept in ``arrival.json`` only: these are names.

    Attributes:
        root: the inbox; names: what of it belongs to the arrival, top-level names.
        fingerprint, spot: what tells it from others, and its place, for the ledger's hashes.
        doubt: why a person should look whether these files belong together.
    """

    root: str
    names: tuple[str, ...]
    pipeline: str
    inbox: str
    fingerprint: str
    doubt: str | None = None

    @property
    def spot(self) -> str:
        """Place and names."""
        return "\0".join((self.root, *self.names))


def write_landed(folder: Path, landed: Landed) -> None:
    """Put ``arrival.json`` into the folder of a new arrival."""
    private_folder(folder)
    write_document(folder / ARRIVAL_DOCUMENT, {"schema": ARRIVAL_SCHEMA, **to_plain(landed)})


def read_landed(folder: Path) -> Landed:
    """``arrival.json`` of an arrival."""
    document = read_document(folder / ARRIVAL_DOCUMENT)
    if document.get("schema", 0) > ARRIVAL_SCHEMA:
        raise StateError("this arrival was taken by a newer casepan", hint="Upgrade casepan on this machine.")
    return converter().structure(document, Landed)


def open_source(folder: Path) -> FolderListing:
    """The snapshot of an arrival as a listing; its paths are those that the case's file references use."""
    return _listed(folder / SOURCE_FOLDER, read_landed(folder).names, Opening())


def _listed(source: Path, names: tuple[str, ...], how: Opening) -> FolderListing:
    if len(names) == 1:
        return FolderListing.of(source / names[0], how)
    return FolderListing.of_files(source, names, how)


@frozen
class Intake:
    """One arrival being taken.

    Attributes:
        patient: True when missing files are still waited for.
        opened: gets the listing of the arrival, which stays open for the case that the same child may go on with.
    """

    state: StateFolder
    lab: Lab
    registry: Registry
    link: Link
    arrival: str
    pipeline: str
    patient: bool
    opened: dict[str, FolderListing]

    def run(self) -> dict[str, Any]:
        """Take the arrival; the message that ends the child.

        Raises:
            CaseError: nothing of it can be processed. NotReady: it is not complete yet.
        """
        folder = self.state.arrival(self.arrival)
        landed = read_landed(folder)
        self._snapshot(folder, landed)
        listing = _listed(folder / SOURCE_FOLDER, landed.names, Opening(settling=self.patient))
        self.opened[self.arrival] = listing
        with Bench.on(
            listing,
            lent=True,
            base=base_of(self.lab.path),
            secrets=lambda reference: fetch_secret(reference, self.lab),
            memory=self.state.memory,
        ) as bench:
            return self._cases(bench, _doubts(landed))

    def _snapshot(self, folder: Path, landed: Landed) -> None:
        """Copy the arrival once; a snapshot that stands under its final name is complete."""
        if (folder / SOURCE_FOLDER).exists():
            return
        part = folder / f"{SOURCE_FOLDER}.part"
        if part.exists():
            shutil.rmtree(part, ignore_errors=True)
        take_snapshot(Path(landed.root), landed.names, private_folder(part))
        part.replace(folder / SOURCE_FOLDER)
        sync_folder(folder)

    def _cases(self, bench: Bench, doubts: tuple[Finding, ...]) -> dict[str, Any]:
        assert bench.listing is not None
        result = recognise(bench.listing, self.registry)
        missing = sum(len(found.missing) for found in result.chosen)
        if missing and self.patient:
            return {"waits": missing}
        failures = [] if result.error is None else [describe_error(result.error)]
        taken = []
        for found in result.chosen:
            try:
                taken.append(self._take(found, bench, doubts, alone=len(result.chosen) == 1))
            except CaseError as error:
                failures.append(describe_error(error))
        return {"taken": taken, "failures": failures}

    def _take(self, found: Recognition, bench: Bench, doubts: tuple[Finding, ...], *, alone: bool) -> dict[str, Any]:
        """Register one case. The end of the child says that it arrived; among several each is told of at once."""
        importer = self.registry.build(found.stage, reader_options(self.lab, self.registry, found.stage))
        case: Case = importer.read(found, bench.importing(found.stage))
        if accepts_closed(self.lab, case.key.adapter):
            case = without_nagging(case)
        case = evolve(case, origin=evolve(case.origin, pipeline=self.pipeline)).with_findings(*doubts)
        answer = self.link.ask(
            ask="register",
            adapter=case.key.adapter,
            vendor_id=case.key.vendor_id,
            digest=case.digest,
            rush=case.prescription.rush,
            due=case.prescription.due.isoformat() if case.prescription.due else None,
            meshes=meshes_of(case),
        )
        ref, revision = str(answer["ref"]), int(answer["revision"])
        if not answer["known"]:
            folder = private_folder(self.state.case(ref, revision))
            write_case(folder, evolve(case, ref=ref, revision=revision), self.arrival)
            if not alone:
                self.link.ask(ask="arrived", ref=ref, revision=revision)
        return {"ref": ref, "revision": revision, "known": bool(answer["known"])}


def _doubts(landed: Landed) -> tuple[Finding, ...]:
    doubt = landed.doubt
    return (Finding("arrival.ambiguous", "warning", doubt, stage="core.inbox"),) if doubt else ()


def write_case(folder: Path, case: Case, arrival: str) -> None:
    """``case.json``: the case as it was read, and where its files are."""
    write_document(folder / CASE_DOCUMENT, {"schema": ARRIVAL_SCHEMA, "arrival": arrival, "case": to_plain(case)})


def read_case(path: Path) -> Case:
    """The case in a document of the state folder.

    Raises:
        StateError: missing, damaged or newer.
    """
    document = read_document(path)
    if document.get("schema", 0) > ARRIVAL_SCHEMA:
        raise StateError("this case was written by a newer casepan", hint="Upgrade casepan on this machine.")
    try:
        return converter().structure(document["case"], Case)
    except Exception as error:
        raise StateError("a case in the state folder is damaged", place=str(path)) from error
