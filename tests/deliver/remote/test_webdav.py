"""WebDAV servers that do not do all that the protocol has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from casepan.api import Case, DeliveryRefused, Duration
from casepan_deliver.remote import RemoteExport
from casepan_deliver.remote_options import RemoteOptions

from .conftest import MakeContext


class _Shelf(BaseHTTPRequestHandler):
    """Files in memory, and an answer of the test's own to MOVE."""

    files: ClassVar[dict[str, bytes]] = {}
    to_move: ClassVar[int] = 405

    def do_PUT(self) -> None:
        """Keep it."""
        self.files[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(201)

    def do_GET(self) -> None:
        """Give it."""
        self.answer(200 if self.path in self.files else 404, self.files.get(self.path, b""))

    def do_DELETE(self) -> None:
        """Drop it."""
        self.answer(204 if self.files.pop(self.path, None) is not None else 404)

    def do_PROPFIND(self) -> None:
        """Is it there?"""
        self.answer(207 if self.path in self.files else 404)

    def do_MKCOL(self) -> None:
        """Every folder is there."""
        self.answer(405)

    def do_MOVE(self) -> None:
        """Not here."""
        self.answer(self.to_move)

    def answer(self, status: int, content: bytes = b"") -> None:
        """Status and content."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Quietly."""


@pytest.fixture
def shelf() -> Iterator[str]:
    """Address of an empty server."""
    _Shelf.files.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shelf) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/in"
        server.shutdown()


@pytest.mark.parametrize("status", [405, 501])
def test_a_server_that_cannot_rename_is_refused_and_shows_no_case(
    status: int, shelf: str, case: Case, context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be there whole at once: whoever collects must not see a half one."""
    monkeypatch.setattr(_Shelf, "to_move", status)
    export = RemoteExport(RemoteOptions(url=shelf, timeout=Duration(5.0)))
    with pytest.raises(DeliveryRefused, match="cannot rename") as caught:
        export.deliver(case, context())
    assert "MOVE" in (caught.value.hint or "")
    assert list(_Shelf.files) == ["/in/K7Q2-M4.zip.part"]
    assert export.probe(context()) is None
