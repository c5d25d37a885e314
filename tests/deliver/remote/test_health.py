"""``casepan check --online`` and servers: each thing that can be wrong has its words, and nothing is sent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from casepan.api import AuthenticationFailed, DeliveryError, DeliveryRefused, FilePath
from casepan_deliver.remote import RemoteExport
from casepan_deliver.remote_options import RemoteOptions

from .conftest import MakeContext
from .rig.destination import Destination, WriteSecret
from .rig.servers import free_port


class _Page(BaseHTTPRequestHandler):
    """A web server that answers everything with nothing, as some portals do."""

    def do_GET(self) -> None:
        """200."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PROPFIND = do_GET  # noqa: N815  # as the library wants it

    def log_message(self, *_: Any) -> None:
        """Quietly."""


@pytest.fixture
def page() -> Iterator[int]:
    """Port of a server that is no storage."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def at(options: RemoteOptions, port: int, folder: Path) -> RemoteOptions:
    """The same server at another port."""
    old = options.endpoint or options.url
    number = old.partition("127.0.0.1:")[2].partition("/")[0]
    moved = old.replace(f":{number}", f":{port}")
    if options.endpoint:
        return evolve(options, endpoint=moved)
    if options.known_hosts:
        known = (folder / options.known_hosts).read_text().replace(f":{number}", f":{port}")
        (folder / "known-moved").write_text(known)
        return evolve(options, url=moved, known_hosts=FilePath("known-moved"))
    return evolve(options, url=moved)


def test_a_healthy_server_says_so_and_gets_nothing(there: Destination, context: MakeContext) -> None:
    """Also when the folder is not there yet: a delivery makes it."""
    assert "lets us in" in there.export().health(context("", ""))
    assert there.server.copies(there.box) == 0


def test_a_closed_port_is_told_with_what_to_do(there: Destination, context: MakeContext, tmp_path: Path) -> None:
    """The server may only be starting: tried again."""
    with pytest.raises(DeliveryError) as caught:
        RemoteExport(at(there.options, free_port(), tmp_path)).health(context("", ""))
    assert caught.value.retryable
    assert caught.value.hint


def test_a_server_that_says_nothing_sensible_is_told(there: Destination, context: MakeContext, tmp_path: Path) -> None:
    """Nothing that looks like one of the protocols."""

    def babble(listening: socket.socket) -> None:
        for _ in range(3):
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with line:
                line.sendall(b"\x00\x01 welcome\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=babble, args=(listening,), daemon=True).start()
        with pytest.raises(DeliveryError) as caught:
            RemoteExport(at(there.options, listening.getsockname()[1], tmp_path)).health(context("", ""))
    assert caught.value.hint


def test_a_page_is_not_taken_for_a_storage(there: Destination, page: int, context: MakeContext, tmp_path: Path) -> None:
    """A portal that answers everything with 200 would otherwise be all well until the first case."""
    with pytest.raises(DeliveryError) as caught:
        RemoteExport(at(there.options, page, tmp_path)).health(context("", ""))
    if there.kind != "sftp":
        assert isinstance(caught.value, DeliveryRefused)
        assert "does not speak" in caught.value.reason


@pytest.mark.parametrize("there", ["s3"], indirect=True)
@pytest.mark.parametrize("region", ["eu west 1!", "\u00e4"])
def test_options_that_reach_nothing_are_told(
    region: str, there: Destination, context: MakeContext, tmp_path: Path
) -> None:
    """Before anything is asked, and not as a bug."""
    with pytest.raises(DeliveryRefused) as caught:
        there.export(region=region).health(context("", ""))
    assert "`region`" in (caught.value.hint or "")


@pytest.mark.parametrize("there", ["webdav", "s3"], indirect=True)
def test_a_file_of_certificates_that_is_none_is_told(there: Destination, context: MakeContext) -> None:
    """Not as a line that fails, which would be tried again for ever."""
    with pytest.raises(DeliveryRefused, match="certificates") as caught:
        there.export(ca=FilePath("not-there.pem")).health(context("", ""))
    assert "`ca`" in (caught.value.hint or "")


@pytest.mark.parametrize("there", ["s3"], indirect=True)
@pytest.mark.parametrize("key", ["two\nlines-sentinel", "geh\u00e4im-sentinel"])
def test_a_key_that_no_header_holds_is_a_matter_for_a_person(
    key: str, there: Destination, context: MakeContext, write_secret: WriteSecret
) -> None:
    """Not a crash, not an unknown outcome, and not told."""
    with pytest.raises(AuthenticationFailed, match="signs that cannot be sent") as caught:
        there.export(secret_key=write_secret("odd", key)).health(context("", ""))
    assert "sentinel" not in f"{caught.value}{caught.value.hint}"
