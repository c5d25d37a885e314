"""Fixtures of the DICOM tests: a case read from an arrival, and a real archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

from casepan.api import Case, ExportContext, Patient, Prescription, Receipt, Secret, WorkItem
from casepan.config.options import structure_options
from casepan.operate.looking import look_at
from casepan.registry import Registry
from casepan.running.context import Bench, Errand
from casepan.testing import scan_bytes, small_scan
from casepan_dicom.testing import WHEN
from casepan_dicom.testing_archive import PASSWORD, TITLE, USER, Orthanc, program

REGISTRY = Registry.load()
REF = "K7Q2-M4"


@frozen
class Desk:
    """A case, and the exporters of this plugin."""

    bench: Bench
    case: Case

    def deliver(self, stage: str, options: dict[str, Any], case: Case | None = None, **errand: Any) -> Receipt:
        """Deliver as the runner would."""
        receipt: Receipt = self.stage(stage, options).deliver(case or self.case, self.context(stage, **errand))
        return receipt

    def probe(self, stage: str, options: dict[str, Any], **errand: Any) -> Receipt | None:
        """Ask the destination."""
        found: Receipt | None = self.stage(stage, options).probe(self.context(stage, **errand))
        return found

    def health(self, stage: str, options: dict[str, Any]) -> str:
        """What ``casepan check --online`` asks."""
        told: str = self.stage(stage, options).health(self.context(stage, key="", place=""))
        return told

    def stage(self, stage: str, options: dict[str, Any]) -> Any:
        """An exporter as ``lab.toml`` would describe it."""
        kind: Any = REGISTRY.options_type(stage)
        return REGISTRY.build(stage, structure_options(kind, options, place="lab.toml"))

    def context(self, stage: str, **errand: Any) -> ExportContext:
        """What the exporter is told."""
        return self.bench.sending(stage, "export", Errand(**{"key": "key-1", "place": REF, **errand}))


def secret(reference: Secret) -> str:
    """The archive's password, and a wrong one."""
    return {"RIGHT": PASSWORD, "WRONG": "guess"}[reference.env or ""]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A crown on 26 with a preparation as STL, an antagonist with colour as PLY, and a bite."""
    arrival = tmp_path / "arrival"
    arrival.mkdir()
    (arrival / "Roe upper.stl").write_bytes(scan_bytes(small_scan("upper"), "stl"))
    (arrival / "Roe lower.ply").write_bytes(scan_bytes(small_scan("lower"), "ply"))
    (arrival / "Roe bite.stl").write_bytes(scan_bytes(small_scan("bite"), "stl"))
    (looked,) = look_at(arrival, REGISTRY).cases
    order = Prescription((WorkItem("1", (26,), "crown"),), doctor="Dr. Lindenhof")
    patient = Patient(name="Zoë Roe", first="Zoë", last="Roe", reference="P-17")
    case = evolve(looked.case, ref=REF, received_at=WHEN, prescription=order, patient=patient)
    with Bench.at(arrival, base=tmp_path, secrets=secret) as bench:
        yield Desk(bench, case)


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """A running archive with DICOMweb, shared by the tests: each delivers under a key of its own."""
    if program() is None:
        pytest.skip("Orthanc is not installed: apt install orthanc orthanc-dicomweb")
    server = Orthanc(tmp_path_factory.mktemp("orthanc"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


def web(orthanc: Orthanc, **more: Any) -> dict[str, Any]:
    """Options for STOW-RS."""
    url = f"http://127.0.0.1:{orthanc.http}/dicom-web"
    return {"to": "stow-rs", "url": url, "user": USER, "password": {"env": "RIGHT"}, "timeout": 20, **more}


def dimse(orthanc: Orthanc, **more: Any) -> dict[str, Any]:
    """Options for C-STORE."""
    return {"to": "c-store", "host": "127.0.0.1", "port": orthanc.dicom, "called": TITLE, "timeout": 20, **more}


WAYS = {"stow-rs": web, "c-store": dimse}
