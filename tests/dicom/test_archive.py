"""A real archive: what is stored there is the mesh, is stored once, and every fault has its state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO

from casepan.api import AuthenticationFailed, DeliveryError, DeliveryRefused, FenceLost, OutcomeUnknown
from casepan.testing import scan_bytes, small_scan
from casepan_dicom import archives
from casepan_dicom.archives import refused
from casepan_dicom.testing_archive import PASSWORD, Line, Orthanc, free_port
from casepan_dicom.uids import uid

from .conftest import WAYS, Desk

COUNT = 3
_RUNNING = iter(range(10_000))


@frozen
class Way:
    """One way into the archive, with a delivery of its own."""

    name: str
    orthanc: Orthanc
    desk: Desk
    key: str

    def options(self, **more: Any) -> dict[str, Any]:
        """As in ``lab.toml``."""
        return WAYS[self.name](self.orthanc, **more)

    def at(self, port: int) -> dict[str, Any]:
        """The same at another port: where nobody listens, or where a line that can go wrong begins."""
        at = {"url": f"http://127.0.0.1:{port}/dicom-web"} if self.name == "stow-rs" else {"port": port}
        return self.options(**at)

    @property
    def target(self) -> int:
        """The archive's port for this way."""
        return self.orthanc.http if self.name == "stow-rs" else self.orthanc.dicom

    def deliver(self, options: dict[str, Any] | None = None, **errand: Any) -> Any:
        """Deliver."""
        return self.desk.deliver("dicom.stl", options or self.options(), key=self.key, **errand)

    def probe(self, options: dict[str, Any] | None = None) -> Any:
        """Ask."""
        return self.desk.probe("dicom.stl", options or self.options(), key=self.key)

    @property
    def copies(self) -> dict[str, int]:
        """SOP instance of this delivery's study to how often the archive holds it."""
        counted: dict[str, int] = {}
        for one in self.orthanc.instances():
            made = dcmread(DicomBytesIO(self.orthanc.file(one)), stop_before_pixels=True)
            if made.StudyInstanceUID == uid(self.key, "study"):
                counted[made.SOPInstanceUID] = counted.get(made.SOPInstanceUID, 0) + 1
        return counted


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, orthanc: Orthanc, desk: Desk) -> Way:
    """Each way, under a key that no other test uses."""
    return Way(request.param, orthanc, desk, f"key-{request.param}-{next(_RUNNING)}")


def test_the_mesh_is_read_back_byte_for_byte(way: Way) -> None:
    """The archive gives the object to anybody; inside lies the file that the scanner wrote."""
    receipt = way.deliver()
    assert receipt.proof["verified"] == "the archive confirmed 3 of 3 objects"
    stored = [dcmread(DicomBytesIO(way.orthanc.file(one))) for one in way.orthanc.instances()]
    mine = [made for made in stored if made.StudyInstanceUID == uid(way.key, "study")]
    inside = {made.DocumentTitle: bytes(made.EncapsulatedDocument[: made.EncapsulatedDocumentLength]) for made in mine}
    assert inside["upper-arch"] == scan_bytes(small_scan("upper"), "stl")
    assert inside["bite-1"] == scan_bytes(small_scan("bite"), "stl")
    assert len(inside) == COUNT


def test_obj_and_materials_are_stored_too(way: Way) -> None:
    """Three meshes and what colours them."""
    options = way.options()
    way.desk.deliver("dicom.obj", options, key=way.key)
    assert list(way.copies.values()) == [1] * (COUNT + 1)
    assert way.desk.probe("dicom.obj", options, key=way.key) is not None


def test_a_probe_tells_absent_from_present(way: Way) -> None:
    """For this delivery alone."""
    assert way.probe() is None
    sent = way.deliver()
    found = way.probe()
    assert (found.key, found.place) == (way.key, sent.place)
    assert found.proof["study"] == uid(way.key, "study")
    assert way.desk.probe("dicom.stl", way.options(), key=f"{way.key}-another") is None


def test_sending_again_stores_nothing_twice(way: Way) -> None:
    """The same delivery has the same identifiers."""
    first, second = way.deliver(), way.deliver()
    assert first.files == second.files
    assert list(way.copies.values()) == [1] * COUNT


def test_nobody_there_is_tried_again(way: Way) -> None:
    """Nothing was sent: retryable, with a remedy; a probe cannot say "absent" then."""
    nowhere = way.at(free_port())
    for act in (way.deliver, way.probe):
        with pytest.raises(DeliveryError, match="cannot be reached") as caught:
            act(nowhere)
        assert caught.value.retryable
        assert caught.value.hint


def test_a_line_cut_in_the_middle_is_unknown_until_asked(way: Way) -> None:
    """What arrived is less than a case: the probe says so, and the next try completes it."""
    with Line(way.target, cut_after=150_000).open() as line, pytest.raises(OutcomeUnknown):
        way.deliver(way.at(line.port))
    assert 0 < len(way.copies) < COUNT
    assert way.probe() is None
    way.deliver()
    assert list(way.copies.values()) == [1] * COUNT


def test_a_lost_answer_is_unknown_until_asked(way: Way) -> None:
    """The archive has everything, its last answer is lost: the probe finds the receipt, nothing is sent again."""
    with Line(way.target, mute=lambda sent: sent > 305_000).open() as line, pytest.raises(OutcomeUnknown):
        way.deliver(way.at(line.port))
    found = way.probe()
    assert found is not None
    assert found.proof["verified"] == "a probe found 3 of 3 objects"
    assert list(way.copies.values()) == [1] * COUNT


def test_a_restart_between_sending_and_receipt_loses_nothing(way: Way, tmp_path: Path) -> None:
    """The archive dies after it stored the last object; when it is back, the probe finds all of them once."""
    server = Orthanc(tmp_path)
    server.start()
    mine = Way(way.name, server, way.desk, way.key)
    try:
        with (
            Line(mine.target, mute=lambda sent: sent > 305_000, on_mute=server.stop).open() as line,
            pytest.raises(OutcomeUnknown),
        ):
            mine.deliver(mine.at(line.port))
        with pytest.raises(DeliveryError, match="cannot be reached"):
            mine.probe()
        server.start()
        assert mine.probe() is not None
        assert list(mine.copies.values()) == [1] * COUNT
    finally:
        server.stop()


def test_a_lost_fence_sends_nothing(way: Way) -> None:
    """Asked before every object."""
    with pytest.raises(FenceLost):
        way.deliver(fence_ok=lambda: False)
    assert way.copies == {}
    answers = iter([True, False])
    with pytest.raises(FenceLost):
        way.deliver(fence_ok=lambda: next(answers))
    assert len(way.copies) == 1


def test_a_missing_extra_is_said_in_words(way: Way) -> None:
    """With the command that installs it."""
    with (
        patch.object(archives, "import_module", side_effect=ImportError("No module")),
        pytest.raises(DeliveryRefused, match="is not installed") as caught,
    ):
        way.deliver()
    assert "casepan-dicom[network]" in (caught.value.hint or "")


def test_wrong_credentials_are_a_matter_for_a_person(
    orthanc: Orthanc, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Trying again does not help, and no log holds the password."""
    way = Way("stow-rs", orthanc, desk, "key-wrong-password")
    caplog.set_level("DEBUG")
    with pytest.raises(AuthenticationFailed) as caught:
        way.deliver(way.options(password={"env": "WRONG"}))
    assert not caught.value.retryable
    with pytest.raises(AuthenticationFailed):
        way.probe(way.options(password={"env": "WRONG"}))
    way.deliver()
    assert PASSWORD not in caplog.text
    assert "guess" not in caplog.text
    assert PASSWORD not in orthanc.log


def test_a_wrong_title_of_the_archive_is_a_matter_for_a_person(orthanc: Orthanc, desk: Desk) -> None:
    """The archive rejects the association for good."""
    way = Way("c-store", orthanc, desk, "key-called")
    with pytest.raises(AuthenticationFailed, match="`called`") as caught:
        way.deliver(way.options(called="ANOTHER"))
    assert not caught.value.retryable
    assert way.copies == {}


def test_a_title_that_the_archive_does_not_know_stores_nothing(orthanc: Orthanc, desk: Desk) -> None:
    """Orthanc hangs up without a word: unknown, not askable, and the hint names the title; a person resolves it."""
    way = Way("c-store", orthanc, desk, "key-calling")
    with pytest.raises(OutcomeUnknown) as caught:
        way.deliver(way.options(calling="STRANGER"))
    assert "`calling`" in (caught.value.hint or "")
    with pytest.raises(DeliveryError):
        way.probe(way.options(calling="STRANGER"))
    assert way.copies == {}


def test_an_encrypted_association_needs_a_trusted_certificate(desk: Desk, tmp_path: Path) -> None:
    """With the archive's own authority it stands; without, nothing is sent."""
    certificate, key = certified(tmp_path)
    more = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(certificate),
        "DicomTlsPrivateKey": str(key),
        "DicomTlsTrustedCertificates": str(certificate),
        "DicomTlsRemoteCertificateRequired": False,
    }
    server = Orthanc(tmp_path, more=more)
    server.start()
    way = Way("c-store", server, desk, "key-tls")
    try:
        with pytest.raises(DeliveryRefused, match="certificate is not trusted") as caught:
            way.deliver(way.options(tls=True))
        assert "`ca`" in (caught.value.hint or "")
        assert "answers an echo" in way.desk.health("dicom.stl", way.options(tls=True, ca=str(certificate)))
        assert way.copies == {}
        way.deliver(way.options(tls=True, ca=str(certificate)))
        assert list(way.copies.values()) == [1] * COUNT
    finally:
        server.stop()


def test_certificates_that_cannot_be_read_are_said(way: Way) -> None:
    """Before anything is sent."""
    more = {"tls": True} if way.name == "c-store" else {}
    with pytest.raises(DeliveryRefused, match="certificates"):
        way.deliver(way.options(ca="not-there.pem", **more))


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return folder / "cert.pem", folder / "key.pem"


def test_another_page_is_not_taken_for_an_archive(orthanc: Orthanc, desk: Desk) -> None:
    """A url that misses the service is refused, not waited for."""
    way = Way("stow-rs", orthanc, desk, "key-wrong-page")
    with pytest.raises(DeliveryRefused):
        way.deliver(way.options(url=f"http://127.0.0.1:{orthanc.http}/nowhere"))


def test_statuses_of_storing_are_judged() -> None:
    """Full is tried again, unknown classes and damaged objects are not (PS3.4 B.2.3)."""
    assert refused(0xA700).retryable
    assert not refused(0x0122).retryable
    assert not refused(0xC000).retryable
    assert "C000" in refused(0xC000).reason
