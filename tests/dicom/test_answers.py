"""What archives may answer, one by one: statuses of DICOMweb and of the classic service, from servers made for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from attrs import define, evolve, field
from pynetdicom import AE, evt

from casepan.api import AuthenticationFailed, DeliveryError, DeliveryRefused, OutcomeUnknown
from casepan_dicom.objects import CLASSES
from casepan_dicom.testing_archive import TITLE
from casepan_dicom.uids import uid

from .conftest import Desk

VERIFICATION = "1.2.840.10008.1.1"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"


@define
class Web:
    """A DICOMweb service that answers what a test says, and remembers what it was asked."""

    url: str
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(factory=dict)
    asked: list[dict[str, str]] = field(factory=list)


@pytest.fixture
def web() -> Iterator[Web]:
    """The service, on this machine."""
    told = Web("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self) -> None:
            told.asked.append(dict(self.headers))
            self.send_response(told.status)
            for name, value in {**told.headers, "Content-Length": str(len(told.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        told.url = f"http://127.0.0.1:{server.server_port}/dicom-web"
        yield told
        server.shutdown()


def to(web: Web, **more: Any) -> dict[str, Any]:
    """Options that lead there."""
    return {"to": "stow-rs", "url": web.url, "timeout": 5, **more}


def failed(reason: int) -> bytes:
    """An answer that names a failure reason."""
    return json.dumps({"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [reason]}}]}}).encode()


ANSWERS: dict[str, tuple[int, bytes, type[DeliveryError], bool]] = {
    "busy": (503, b"", DeliveryError, True),
    "full": (507, b"", DeliveryError, True),
    "no room, in words of DICOM": (409, failed(0xA700), DeliveryError, True),
    "unknown class": (409, failed(0x0122), DeliveryRefused, False),
    "damaged": (200, failed(0xC000), DeliveryRefused, False),
    "forbidden": (403, b"", AuthenticationFailed, False),
    "no such service": (404, b"not found", DeliveryRefused, False),
    "moved": (301, b"", DeliveryRefused, False),
    "a page": (200, b"<html>welcome</html>", OutcomeUnknown, False),
    "nothing": (200, b"", OutcomeUnknown, False),
    "odd": (200, b'{"00081199": {"vr": "SQ", "Value": [1, {"00081155": 7}]}}', OutcomeUnknown, False),
}


@pytest.mark.parametrize(("status", "body", "kind", "retryable"), ANSWERS.values(), ids=ANSWERS)
def test_each_answer_has_its_state(
    status: int, body: bytes, kind: type[DeliveryError], retryable: bool, web: Web, desk: Desk
) -> None:
    """Tried again, refused, or unknown; always with what to do."""
    web.status, web.body = status, body
    with pytest.raises(DeliveryError) as caught:
        desk.deliver("dicom.stl", to(web))
    assert type(caught.value) is kind
    assert caught.value.retryable is retryable
    assert caught.value.hint
    assert len(web.asked) == 1


def test_the_archives_own_pause_is_kept(web: Web, desk: Desk) -> None:
    """``Retry-After`` in seconds; a date is left to the lab's own delays."""
    web.status, web.headers = 503, {"Retry-After": "17"}
    with pytest.raises(DeliveryError) as caught:
        desk.deliver("dicom.stl", to(web))
    assert caught.value.retry_after == 17
    web.headers = {"Retry-After": "Sun, 22 Nov 2026 08:00:00 GMT"}
    with pytest.raises(DeliveryError) as caught:
        desk.deliver("dicom.stl", to(web))
    assert caught.value.retry_after is None


@pytest.mark.parametrize(("status", "body"), [(204, b""), (404, b""), (200, b"[]"), (200, b"{}"), (200, b"[1, {}]")])
def test_an_archive_without_the_study_has_not_got_it(status: int, body: bytes, web: Web, desk: Desk) -> None:
    """However it says so."""
    web.status, web.body = status, body
    assert desk.probe("dicom.stl", to(web)) is None


def test_a_page_is_not_taken_for_an_archive_that_has_nothing(web: Web, desk: Desk) -> None:
    """Else a page to log in would mean "certainly not there"."""
    web.body = b"<html>please log in</html>"
    with pytest.raises(DeliveryRefused, match="no DICOMweb service") as caught:
        desk.probe("dicom.stl", to(web))
    assert "root of the archive" in (caught.value.hint or "")


def stored(instance: str, *, warning: int | None = None) -> bytes:
    """An answer that confirms an object, perhaps with a warning."""
    item: dict[str, Any] = {"00081155": {"vr": "UI", "Value": [instance]}}
    if warning is not None:
        item["00081196"] = {"vr": "US", "Value": [warning]}
    return json.dumps({"00081199": {"vr": "SQ", "Value": [item]}}).encode()


@pytest.fixture
def single(desk: Desk) -> Desk:
    """A case with one scan, so that one answer is all there is."""
    return evolve(desk, case=evolve(desk.case, scans=desk.case.scans[:1]))


def test_a_warning_of_the_archive_stands_in_the_receipt(web: Web, single: Desk) -> None:
    """202: stored, but not as it came (PS3.18 10.5.3)."""
    web.status, web.body = 202, stored(uid("key-1", "model", 1), warning=0xB006)
    receipt = single.deliver("dicom.stl", to(web))
    assert receipt.proof["the archive warned"] == "status B006"


def test_an_object_that_the_archive_has_already_counts_as_stored(web: Web, single: Desk) -> None:
    """Some refuse what they hold: it is the object of an earlier try, for identifiers follow from the delivery."""
    web.status, web.body = 409, failed(0x0111)
    assert single.deliver("dicom.stl", to(web)).proof["verified"] == "the archive confirmed 1 of 1 objects"


def test_one_refused_object_is_a_refused_delivery(web: Web, desk: Desk) -> None:
    """The others may be there: a probe tells, and the next try sends all of them under their identifiers again."""
    web.status = 202
    one = json.loads(stored(uid("key-1", "model", 1)))
    web.body = json.dumps({**one, **json.loads(failed(0xC000))}).encode()
    with pytest.raises(DeliveryRefused, match="C000"):
        desk.deliver("dicom.stl", to(web))


def test_a_token_goes_along_instead_of_a_password(web: Web, desk: Desk) -> None:
    """As bearer."""
    web.status = 204
    desk.probe("dicom.stl", to(web, token={"env": "RIGHT"}))
    assert {headers["Authorization"] for headers in web.asked} == {"Bearer correct horse"}


@contextmanager
def speaking(classes: list[str], handlers: list[Any]) -> Iterator[dict[str, Any]]:
    """A DICOM service for these classes; the options that lead there."""
    entity = AE(ae_title=TITLE)
    for sop_class in classes:
        entity.add_supported_context(sop_class)
    server: Any = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        port = server.socket.getsockname()[1]
        yield {"to": "c-store", "host": "127.0.0.1", "port": port, "called": TITLE, "timeout": 5}
    finally:
        server.shutdown()


@pytest.mark.parametrize("classes", [[VERIFICATION], [CLASSES["mtl"]]])
def test_an_archive_that_does_not_take_models_is_told_apart(classes: list[str], desk: Desk) -> None:
    """With no class in common, or with only some of them."""
    with speaking(classes, []) as options, pytest.raises(DeliveryRefused, match="does not take"):
        desk.deliver("dicom.obj", options)


def test_an_archive_that_answers_no_queries_cannot_say_absent(desk: Desk) -> None:
    """The outcome stays unknown; it is not sent again on a guess."""
    with speaking([CLASSES["stl"]], []) as options, pytest.raises(DeliveryError, match="does not answer queries"):
        desk.probe("dicom.stl", options)


@pytest.mark.parametrize(
    ("status", "kind"), [(0xA700, DeliveryError), (0xA900, DeliveryRefused), (0xC001, DeliveryRefused)]
)
def test_each_status_of_storing_has_its_state(status: int, kind: type[DeliveryError], desk: Desk) -> None:
    """Full is tried again; what the archive cannot understand is not."""
    with (
        speaking([CLASSES["stl"]], [(evt.EVT_C_STORE, lambda _: status)]) as options,
        pytest.raises(DeliveryError) as caught,
    ):
        desk.deliver("dicom.stl", options)
    assert type(caught.value) is kind


def test_a_warning_is_a_success(desk: Desk) -> None:
    """Coercion of data elements: the object is stored (PS3.4 B.2.3), and the receipt says what the archive said."""
    with speaking([CLASSES["stl"]], [(evt.EVT_C_STORE, lambda _: 0xB000)]) as options:
        receipt = desk.deliver("dicom.stl", options)
    assert receipt.proof["verified"].endswith("3 of 3 objects")
    assert receipt.proof["the archive warned"] == "status B000"


def test_a_duplicate_is_what_an_earlier_try_stored(desk: Desk) -> None:
    """Archives that refuse it have it."""
    with speaking([CLASSES["stl"]], [(evt.EVT_C_STORE, lambda _: 0x0111)]) as options:
        receipt = desk.deliver("dicom.stl", options)
    assert receipt.proof["verified"].endswith("3 of 3 objects")
    assert "the archive warned" not in receipt.proof


def test_an_archive_that_refuses_the_second_of_three_objects_is_told(desk: Desk) -> None:
    """Nobody takes two thirds of a case for a case."""
    statuses = iter((0x0000, 0xC123, 0x0000))
    with (
        speaking([CLASSES["stl"]], [(evt.EVT_C_STORE, lambda _: next(statuses))]) as options,
        pytest.raises(DeliveryRefused, match="C123"),
    ):
        desk.deliver("dicom.stl", options)


def test_a_query_that_fails_is_no_answer(desk: Desk) -> None:
    """Refused for want of resources: the archive did not say "absent"."""

    def refuse(_: Any) -> Iterator[tuple[int, None]]:
        yield 0xA700, None

    with (
        speaking([FIND], [(evt.EVT_C_FIND, refuse)]) as options,
        pytest.raises(DeliveryError, match="did not answer the query"),
    ):
        desk.probe("dicom.stl", options)
