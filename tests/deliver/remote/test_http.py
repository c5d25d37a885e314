"""``deliver.http`` on a portal: by every way once, asked where it can be asked, and its answers understood."""

from __future__ import annotations

import json
import logging
import socket
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from casepan.api import (
    AuthenticationFailed,
    ByteCount,
    Case,
    DeliveryError,
    DeliveryRefused,
    Duration,
    FenceLost,
    FilePath,
    OutcomeUnknown,
)
from casepan.running.context import Bench
from casepan_deliver.http_export import HttpExport, _names
from casepan_deliver.http_options import HttpOptions
from casepan_deliver.web import pause_of, shown

from .conftest import MakeContext
from .rig.destination import WriteSecret
from .rig.proxy import FaultProxy
from .rig.servers import Server, python_server
from .rig.serving import TOKEN

WAYS = {"multipart": "cases", "put": "files/{name}", "presigned": "sign", "tus": "uploads"}


@frozen
class There:
    """A box of the portal, reached through a line that can be harmed."""

    box: str
    server: Server
    proxy: FaultProxy
    options: HttpOptions

    def url(self, path: str) -> str:
        """An address of the box."""
        return f"http://127.0.0.1:{self.proxy.port}/{self.box}/{path}"

    def export(self, way: str = "multipart", **more: Any) -> HttpExport:
        """The exporter by one of the ways."""
        return HttpExport(evolve(self.options, **{"way": way, "url": self.url(WAYS[way]), **more}))

    def taken(self) -> list[dict[str, Any]]:
        """What the portal says of each delivery that it took, doubles included."""
        found = (self.server.folder / "content" / self.box).glob("*/about.json")
        return [json.loads(path.read_text()) for path in found]

    def zips(self) -> list[Path]:
        """The files of them."""
        return list((self.server.folder / "content" / self.box).glob("*/*.zip"))


@pytest.fixture
def there(portal: Server, proxy_to: Callable[[Server], FaultProxy], tmp_path: Path, write_secret: WriteSecret) -> There:
    """A box of its own."""
    proxy = proxy_to(portal)
    token = write_secret("token", TOKEN)
    options = HttpOptions(url="http://localhost", token=token, chunk=ByteCount(50_000), timeout=Duration(5.0))
    return There(tmp_path.name, portal, proxy, options)


@pytest.mark.parametrize("way", WAYS)
def test_each_way_delivers_the_single_case_file(way: str, there: There, case: Case, context: MakeContext) -> None:
    """The zip arrives byte for byte, once; the receipt holds its checksum."""
    receipt = there.export(way).deliver(case, context())
    (path,) = there.zips()
    assert list(receipt.files.values()) == [sha256(path.read_bytes()).hexdigest()]
    with zipfile.ZipFile(path) as archive:
        assert {"manifest.json", "K7Q2-M4-upper.stl"} <= set(archive.namelist())
    assert receipt.place.startswith(f"http://127.0.0.1:{there.proxy.port}/")


@pytest.mark.parametrize("way", ["multipart", "put"])
def test_the_key_goes_along_and_the_answer_is_kept(way: str, there: There, case: Case, context: MakeContext) -> None:
    """The portal can know a repeated delivery by its ``Idempotency-Key``; its own id is in the receipt."""
    receipt = there.export(way).deliver(case, context("the-key"))
    (about,) = there.taken()
    assert about["key"] == "the-key"
    assert (receipt.proof["id"], receipt.proof["verified"]) == (about["id"], "the portal answered with the same sha256")


@pytest.mark.parametrize("way", WAYS)
def test_a_lost_fence_sends_nothing(way: str, there: There, case: Case, context: MakeContext) -> None:
    """Asked once for the packing and again right before the portal would take it."""
    answers = iter([True, False])
    with pytest.raises(FenceLost):
        there.export(way).deliver(case, context(fence_ok=lambda: next(answers)))
    assert there.taken() == []


@pytest.mark.parametrize("way", WAYS)
def test_a_lost_answer_is_unknown(way: str, there: There, case: Case, context: MakeContext) -> None:
    """Everything was sent, nothing came back: nobody says failed."""
    there.proxy.committed = lambda: there.server.copies(there.box) > 0
    with pytest.raises(OutcomeUnknown):
        there.export(way).deliver(case, context())
    assert len(there.taken()) == 1


def test_a_portal_that_can_be_asked_is_asked_before_anything_is_sent_twice(
    there: There, case: Case, context: MakeContext
) -> None:
    """By the key: present is a receipt, an empty list is absent."""
    export = there.export(probe=there.url("cases?key={key}"))
    assert export.probe(context()) is None
    export.deliver(case, context())
    assert export.probe(context()) is not None
    assert export.probe(context("another")) is None
    assert export.deliver(case, context()).proof["verified"] == "the portal names the delivery"
    assert len(there.taken()) == 1


def test_a_portal_that_cannot_be_asked_says_so(there: There, context: MakeContext) -> None:
    """A person decides, or the lab's ``on_unknown``."""
    with pytest.raises(OutcomeUnknown, match="cannot be asked"):
        there.export().probe(context())


def test_a_probe_that_answers_a_page_is_no_answer(there: There, context: MakeContext) -> None:
    """A page to log in must never pass for a delivery, nor for none."""
    export = there.export(probe=there.url("busy?key={key}"))
    with pytest.raises(DeliveryRefused, match="405"):
        export.probe(context())
    export = there.export(probe=there.url("uploads-of-nobody?key={key}"))
    assert export.probe(context()) is None


def test_a_put_does_not_overwrite_what_lies_there(there: There, case: Case, context: MakeContext) -> None:
    """Another delivery under the same name is refused, unless the lab says replace."""
    there.export("put").deliver(case, context("old"))
    with pytest.raises(DeliveryRefused, match="something else lies"):
        there.export("put").deliver(case, context("new"))
    there.export("put").deliver(case, context("new", replace=True))
    assert {about["key"] for about in there.taken()} == {"old", "new"}


@pytest.mark.parametrize("way", WAYS)
def test_credentials_decide_who_comes_in(
    way: str, there: There, case: Case, context: MakeContext, write_secret: WriteSecret
) -> None:
    """A wrong token, and an account that the portal does not know, end for good; no secret in any message."""
    for options in (
        {"token": write_secret("wrong", "wrong-token")},
        {"token": None, "user": "mill", "password": write_secret("wrong", "wrong-token")},
        {"token_header": "X-Api-Key"},
    ):
        with pytest.raises(AuthenticationFailed) as caught:
            there.export(way, **options).deliver(case, context())
        assert "wrong-token" not in str(caught.value)
    assert there.taken() == []


def test_a_busy_portal_says_when(there: There, case: Case, context: MakeContext) -> None:
    """``Retry-After`` reaches the runner."""
    with pytest.raises(DeliveryError) as caught:
        there.export(url=there.url("busy")).deliver(case, context())
    assert (caught.value.retryable, caught.value.retry_after) == (True, 77.0)


def test_a_portal_that_fails_while_it_is_at_it_leaves_it_open(there: There, case: Case, context: MakeContext) -> None:
    """500 after everything was sent may mean taken."""
    with pytest.raises(OutcomeUnknown, match="500"):
        there.export(url=there.url("broken")).deliver(case, context())


@pytest.mark.parametrize("way", ["multipart", "put"])
@pytest.mark.parametrize(
    ("answer", "kind", "hint"),
    [
        ("413 Content Too Large", DeliveryRefused, "smaller"),
        ("401 Unauthorized", AuthenticationFailed, "token"),
        ("429 Too Many Requests", DeliveryError, None),
    ],
)
def test_an_answer_before_the_end_of_the_upload_is_heard(
    way: str, answer: str, kind: type[DeliveryError], hint: str | None, there: There, case: Case, context: MakeContext
) -> None:
    """Proxies answer at the headers and hang up: that is an answer, not a line that failed."""

    def hang_up(listening: socket.socket) -> None:
        with listening.accept()[0] as line:
            line.recv(1000)
            line.sendall(
                f"HTTP/1.1 {answer}\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            line.shutdown(socket.SHUT_WR)
            line.settimeout(0.2)
            with suppress(OSError):
                while line.recv(1 << 16):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=hang_up, args=(listening,))
        thread.start()
        export = there.export(way, url=f"http://127.0.0.1:{listening.getsockname()[1]}/{WAYS[way]}")
        with pytest.raises(DeliveryError) as caught:
            export.deliver(case, context())
        thread.join()
    assert type(caught.value) is kind
    assert hint is None or hint in (caught.value.hint or "")
    assert kind is not DeliveryError or caught.value.retry_after == 7


def test_an_address_that_is_wrong_is_refused(there: There, case: Case, context: MakeContext) -> None:
    """404 will not get better by itself."""
    with pytest.raises(DeliveryRefused, match="404"):
        there.export(url=there.url("nowhere")).deliver(case, context())


@pytest.mark.parametrize("where", ["0", "example.com"])
@pytest.mark.parametrize(("way", "words"), [("presigned", "no address"), ("tus", "does not take resumable")])
def test_an_upload_is_not_led_astray(
    where: str, way: str, words: str, there: There, case: Case, context: MakeContext
) -> None:
    """Neither nowhere, nor unencrypted to another machine, nor with our token to another server."""
    with pytest.raises(DeliveryRefused, match=words):
        there.export(way, url=there.url(f"astray/{where}")).deliver(case, context())


def test_a_resumable_upload_goes_on_where_the_line_was_cut(there: There, case: Case, context: MakeContext) -> None:
    """Nothing that arrived is sent again: less than twice the size in two tries, and one delivery."""
    there.proxy.cut_after = 200_000
    with pytest.raises(DeliveryError):
        there.export("tus").deliver(case, context())
    assert there.export("tus").probe(context()) is None
    (arrived,) = (path.stat().st_size for path in uploads(there) if not path.suffix)
    assert arrived >= 100_000
    there.proxy.heal()
    there.proxy.cut_after = 300_000 - arrived + 50_000
    receipt = there.export("tus").deliver(case, context())
    (path,) = there.zips()
    assert list(receipt.files.values()) == [sha256(path.read_bytes()).hexdigest()]
    assert there.export("tus").probe(context()) is not None
    assert there.export("tus").deliver(case, context()).proof["verified"] == "the portal has every byte of the upload"
    assert len(there.taken()) == 1


def test_an_upload_that_the_portal_forgot(there: There, case: Case, context: MakeContext) -> None:
    """Before its last piece it certainly did not arrive and begins anew; after it nobody can tell, until a person does."""
    there.proxy.cut_after = 100_000
    with pytest.raises(DeliveryError):
        there.export("tus").deliver(case, context())
    forget(there)
    there.proxy.heal()
    assert there.export("tus").probe(context()) is None
    there.export("tus").deliver(case, context())
    assert len(there.taken()) == 1
    forget(there)
    with pytest.raises(OutcomeUnknown, match="no longer knows"):
        there.export("tus").probe(context())
    there.export("tus").deliver(case, context())  # a person has looked, and it was not there
    assert there.export("tus").probe(context()) is not None


def uploads(there: There) -> list[Path]:
    """The unfinished uploads of the box."""
    return list((there.server.folder / "uploads" / there.box).iterdir())


def forget(there: There) -> None:
    """The portal loses its unfinished uploads."""
    for path in uploads(there):
        path.unlink()


def test_health_says_whether_the_portal_lets_us_in(
    there: There, context: MakeContext, write_secret: WriteSecret
) -> None:
    """By its question for deliveries where it has one, by OPTIONS elsewhere."""
    assert "answers questions" in there.export(probe=there.url("cases?key={key}")).health(context("", ""))
    assert "HTTP" in there.export().health(context("", ""))
    with pytest.raises(AuthenticationFailed):
        there.export(token=write_secret("wrong", "wrong")).health(context("", ""))
    there.proxy.down()
    with pytest.raises(DeliveryError, match="cannot be reached"):
        there.export().health(context("", ""))


def test_a_certificate_that_nobody_vouches_for_is_refused(
    there: There, case: Case, context: MakeContext, tmp_path: Path
) -> None:
    """TLS to a server without a proper certificate sends nothing; certificates that cannot be read are told."""
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(DeliveryRefused, match="certificates cannot be read"):
        there.export(ca="ca.pem").deliver(case, context())
    with pytest.raises(DeliveryError, match="cannot be reached"):
        there.export(url=there.url("cases").replace("http:", "https:")).deliver(case, context())
    assert there.taken() == []


def test_a_portal_with_a_certificate_of_its_own_is_trusted_by_name_only(
    case: Case, context: MakeContext, tmp_path: Path, write_secret: WriteSecret
) -> None:
    """Unknown: refused for good; with ``ca``: taken."""
    folder = tmp_path / "portal"
    folder.mkdir()
    make_certificate(folder / "tls.pem")
    with python_server("portal", folder) as server:
        url = f"https://127.0.0.1:{server.port}/box/cases"
        options = HttpOptions(url=url, token=write_secret("token", TOKEN), probe=f"{url}?key={{key}}")
        with pytest.raises(DeliveryRefused, match="certificate is not trusted"):
            HttpExport(options).deliver(case, context())
        trusting = HttpExport(evolve(options, ca=FilePath("portal/tls.pem")))
        assert trusting.deliver(case, context()).proof["verified"] == "the portal answered with the same sha256"
        assert trusting.probe(context()) is not None


def make_certificate(path: Path) -> None:
    """A key and a certificate for this machine's loopback address that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))


def test_uploads_that_nobody_asked_about_are_forgotten(
    there: There, case: Case, context: MakeContext, bench: Bench
) -> None:
    """What a stage remembers does not grow for ever."""
    there.export("tus").deliver(case, context("old"))
    bench.clock = lambda: datetime.now(UTC) + timedelta(days=31)
    there.export("tus").deliver(case, context("new", place="K7Q2-M4-r2"))
    assert set(context().memory) == {"new"}


def test_addresses_in_messages_hold_no_secret(
    there: There, case: Case, context: MakeContext, caplog: pytest.LogCaptureFixture
) -> None:
    """A signed address is a secret: it is neither logged nor kept in the receipt."""
    caplog.set_level(logging.DEBUG)
    receipt = there.export("presigned").deliver(case, context())
    assert "signature" not in receipt.place + str(receipt.proof)
    assert "signature" not in caplog.text
    assert TOKEN not in caplog.text
    assert shown("https://user:hunter2@example.com/a?sig=1#x") == "https://example.com/a"


@pytest.mark.parametrize(
    ("text", "pause"),
    [(None, None), ("30", 30.0), ("999999999", 86_400.0), ("soon", None), ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0)],
)
def test_a_pause_is_read_in_both_its_forms(text: str | None, pause: float | None) -> None:
    """Seconds or a date, never longer than a day."""
    assert pause_of(text) == pause


@pytest.mark.parametrize(
    ("document", "found"),
    [({"deliveries": [{"reference": "k"}]}, True), ([], False), ({"k": "other"}, False), ("k", True), (None, False)],
)
def test_a_key_counts_only_as_a_value(document: Any, found: bool) -> None:
    """However deep the portal nests it."""
    assert _names(document, "k") is found
