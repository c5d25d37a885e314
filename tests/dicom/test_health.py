"""``casepan check --online`` asks a real archive and sends it nothing."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from casepan.api import AuthenticationFailed, DeliveryError, DeliveryRefused
from casepan_dicom.objects import CLASSES
from casepan_dicom.testing_archive import PASSWORD, TITLE, USER, Orthanc, free_port

from .conftest import WAYS, Desk, dimse, web
from .test_answers import FIND, VERIFICATION, speaking
from .test_archive import certified

STAGE = "dicom.stl"


@pytest.mark.parametrize("way", WAYS)
def test_a_healthy_archive_says_so_and_gets_nothing(way: str, orthanc: Orthanc, desk: Desk) -> None:
    """Echo and query, or a query by QIDO-RS; what lies there stays what it was."""
    before = orthanc.instances()
    assert "answers queries" in desk.health(STAGE, WAYS[way](orthanc))
    assert orthanc.instances() == before


@pytest.mark.parametrize("way", WAYS)
def test_a_closed_port_is_told_with_what_to_do(way: str, orthanc: Orthanc, desk: Desk) -> None:
    """It may only be starting: retryable."""
    port = free_port()
    nowhere = {"url": f"http://127.0.0.1:{port}/dicom-web"} if way == "stow-rs" else {"port": port}
    with pytest.raises(DeliveryError, match="cannot be reached") as caught:
        desk.health(STAGE, WAYS[way](orthanc, **nowhere))
    assert caught.value.retryable
    assert caught.value.hint


def test_a_wrong_password_is_a_matter_for_a_person(orthanc: Orthanc, desk: Desk) -> None:
    """Told as such, and the password is not in it."""
    with pytest.raises(AuthenticationFailed) as caught:
        desk.health(STAGE, web(orthanc, password={"env": "WRONG"}))
    assert "guess" not in f"{caught.value}{caught.value.hint}"


def test_a_wrong_title_is_a_matter_for_a_person(orthanc: Orthanc, desk: Desk) -> None:
    """The archive rejects the association for good."""
    with pytest.raises(AuthenticationFailed, match="`called`"):
        desk.health(STAGE, dimse(orthanc, called="ANOTHER"))


def test_a_title_that_the_archive_does_not_know_is_found_out(orthanc: Orthanc, desk: Desk) -> None:
    """It answers anybody's echo; only a query shows that it will not talk to this one."""
    with pytest.raises(DeliveryError, match="did not answer the query") as caught:
        desk.health(STAGE, dimse(orthanc, calling="STRANGER"))
    assert "`calling`" in (caught.value.hint or "")


def test_a_url_beside_the_service_is_refused(orthanc: Orthanc, desk: Desk) -> None:
    """A page that is there, and one that is not."""
    for path in ("app/explorer.html?", "nowhere"):
        with pytest.raises(DeliveryRefused) as caught:
            desk.health(STAGE, web(orthanc, url=f"http://127.0.0.1:{orthanc.http}/{path.rstrip('?')}"))
        assert "url" in (caught.value.hint or "")


def test_an_archive_that_takes_no_models_is_found_out_before_the_first_case(desk: Desk) -> None:
    """It answers an echo, and offers the class of neither STL nor OBJ."""
    with speaking([VERIFICATION, FIND], []) as options, pytest.raises(DeliveryRefused, match="does not take"):
        desk.health(STAGE, options)


def test_an_archive_that_answers_no_queries_is_found_out_before_the_first_case(desk: Desk) -> None:
    """After a broken line nobody could tell what arrived."""
    with (
        speaking([VERIFICATION, CLASSES["stl"]], []) as options,
        pytest.raises(DeliveryError, match="does not answer queries"),
    ):
        desk.health(STAGE, options)


def test_a_plain_archive_that_is_called_with_tls_is_told_apart(orthanc: Orthanc, desk: Desk) -> None:
    """It hangs up, or says what no handshake begins with."""
    with pytest.raises(DeliveryError) as caught:
        desk.health(STAGE, dimse(orthanc, tls=True, timeout=3))
    assert "`tls`" in (caught.value.hint or "")


class NothingThere(BaseHTTPRequestHandler):
    """A DICOMweb service without any study."""

    def do_GET(self) -> None:
        """No content."""
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quietly."""


def test_an_untrusted_certificate_is_refused(desk: Desk, tmp_path: Path) -> None:
    """Of the web service: trying again does not help, `ca` does."""
    certificate, key = certified(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with HTTPServer(("127.0.0.1", 0), NothingThere) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        options = {"to": "stow-rs", "url": f"https://127.0.0.1:{server.server_port}/dicom-web", "timeout": 5}
        with pytest.raises(DeliveryRefused, match="certificate is not trusted") as caught:
            desk.health(STAGE, options)
        told = desk.health(STAGE, {**options, "ca": str(certificate)})
        server.shutdown()
    assert "`ca`" in (caught.value.hint or "")
    assert "answers queries" in told


def test_a_folder_has_nothing_to_ask(desk: Desk) -> None:
    """Whether it can be written is looked at without ``--online``."""
    assert "folder" in desk.health(STAGE, {"path": "out"})


def test_check_online_prints_one_line_for_each_archive(
    orthanc: Orthanc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the command line, as a person would ask; it ends 6 when one does not answer."""
    monkeypatch.setenv("CASEPAN_PACS", PASSWORD)
    ways: list[dict[str, Any]] = [
        {"to": "stow-rs", "url": f"http://127.0.0.1:{orthanc.http}/dicom-web", "user": USER},
        {"to": "c-store", "host": "127.0.0.1", "port": orthanc.dicom, "called": TITLE},
        {"to": "c-store", "host": "127.0.0.1", "port": free_port(), "called": TITLE},
    ]
    text = 'version = 1\n[lab]\nname = "Test"\n[adapters.dicom]\n'
    for number, options in enumerate(ways, 1):
        told = "".join(f"with.{name} = {json.dumps(value)}\n" for name, value in options.items())
        more = 'with.password = { env = "CASEPAN_PACS" }\n' if "user" in options else ""
        text += f"[[pipelines.p.export]]\nid = 'way{number}'\nuse = 'dicom.stl'\n{told}{more}"
    (tmp_path / "lab.toml").write_text(text)
    command = [sys.executable, "-m", "casepan", "check", "--online", "--lab", str(tmp_path / "lab.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 6, done.stderr
    assert "ok  p/way1: the archive lets us in and answers queries" in done.stdout
    assert "ok  p/way2: the archive answers an echo, takes such models and answers queries" in done.stdout
    assert "failed  p/way3: the archive cannot be reached\n  Check that it runs" in done.stdout
    assert "the file is right, but 1 of 3 do not answer" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
