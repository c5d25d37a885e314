"""What may stand in ``lab.toml``, told before anything runs; and what answers of Amazon's S3 mean, which no test server gives."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from attrs import frozen
from botocore.exceptions import ClientError

from casepan.api import AuthenticationFailed, DeliveryError, DeliveryRefused, OutcomeUnknown, Secret
from casepan_deliver.addresses import is_loopback
from casepan_deliver.http_options import HttpOptions
from casepan_deliver.remote_options import RemoteOptions
from casepan_deliver.s3 import S3Store, judged
from casepan_deliver.stores import Item, Parcel

SECRET = Secret(env="X")
SFTP = {"url": "sftp://mill@example.com/in", "key": SECRET, "known_hosts": "known"}
S3 = {"url": "s3://bucket/in", "access_key": SECRET, "secret_key": SECRET}
WEBDAV = {"url": "https://example.com/in", "user": "mill", "password": SECRET}


@pytest.mark.parametrize("options", [SFTP, S3, WEBDAV, {"url": "http://localhost/in"}], ids=lambda o: o["url"])
def test_complete_options_are_taken(options: dict[str, Any]) -> None:
    """And the protocol follows from the address."""
    made = RemoteOptions(**options)
    assert made.protocol == {"sftp": "sftp", "s3": "s3"}.get(made.address.scheme, "webdav")
    assert made.address.shown == options["url"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "ftp://example.com/in"}, "plain FTP sends the password"),
        ({"url": "ftps://example.com/in"}, "use sftp://"),
        ({"url": "smb://server/share"}, "mount it and use core.folder"),
        ({"url": "davs://example.com"}, "write https://"),
        ({"url": "in/out"}, "must begin with sftp:// or s3://"),
        ({"url": "sftp:///in"}, "name a server"),
        ({"url": "sftp://example.com:port/in"}, "cannot be read"),
        ({"url": "https://mill:hunter2@example.com/in"}, "does not belong into the url"),
        ({"url": "https://example.com/in?token=hunter2"}, "query"),
        ({"url": "http://example.com/in"}, "not encrypted"),
        ({**S3, "endpoint": "http://minio.example.com"}, "not encrypted"),
        ({**SFTP, "known_hosts": None}, "anybody could pose"),
        ({**SFTP, "url": "sftp://example.com/in"}, "'user' is missing"),
        ({**SFTP, "password": SECRET}, "either 'password' or 'key'"),
        ({**SFTP, "key": None}, "either 'password' or 'key'"),
        ({**SFTP, "ca": "ca.pem"}, "'ca' is for certificates"),
        ({**S3, "access_key": None}, "'access_key' and 'secret_key'"),
        ({**S3, "user": "mill"}, "instead of 'user'"),
        ({**WEBDAV, "password": None}, "belong together"),
        ({**WEBDAV, "known_hosts": "known"}, "'known_hosts' is only for sftp://"),
        ({**SFTP, "region": "eu"}, "'region' is only for s3://"),
    ],
)
def test_wrong_options_say_what_to_write(options: dict[str, Any], words: str) -> None:
    """Before a run, with the reason; a secret written into the url is not quoted."""
    with pytest.raises(ValueError, match=words.replace("?", r"\?")) as caught:
        RemoteOptions(**options)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "http://portal.example.com"}, "url: http:// is not encrypted"),
        ({"url": "https://p.example.com", "probe": "http://p.example.com/{key}"}, "probe: http:// is not encrypted"),
        ({"url": "https://p.example.com", "probe": "https://p.example.com/x"}, r"must hold \{key\}"),
        ({"url": "https://p.example.com", "probe": "https://p.example.com/{key}?n={name}"}, "no other word"),
        ({"url": "https://p.example.com/{key}"}, "is not known here"),
        ({"url": "https://p.example.com/{ref}", "way": "put"}, "is not known here"),
        ({"url": "https://p.example.com/cases", "way": "put"}, "an address of its own"),
        ({"url": "https://p.example.com", "user": "mill"}, "belong together"),
        ({"url": "https://p.example.com", "user": "m", "password": SECRET, "token": SECRET}, "either 'token'"),
        ({"url": "https://p.example.com", "token_header": "X Key"}, "no name of a header"),
        ({"url": "ftp://p.example.com"}, "plain FTP"),
    ],
)
def test_wrong_portals_say_what_to_write(options: dict[str, Any], words: str) -> None:
    """Before a run, with the key's name."""
    with pytest.raises(ValueError, match=words):
        HttpOptions(**options)


def test_a_portal_can_be_asked_when_it_says_where() -> None:
    """By its own question, or because the upload itself can be asked."""
    assert not HttpOptions(url="https://p.example.com").can_ask
    assert HttpOptions(url="https://p.example.com", way="tus").can_ask
    assert HttpOptions(url="https://p.example.com", probe="https://p.example.com/?key={key}").can_ask


@pytest.mark.parametrize(
    ("host", "is_it"),
    [("localhost", True), ("127.0.0.9", True), ("[::1]", True), ("example.com", False), ("10.0.0.1", False)],
)
def test_only_this_machine_is_loopback(host: str, is_it: bool) -> None:
    """A lab's own net is not."""
    assert is_loopback(host) is is_it


def test_an_address_of_ip_version_6_keeps_its_brackets() -> None:
    """In receipts and requests."""
    assert RemoteOptions(url="http://[::1]:8080/in").address.shown == "http://[::1]:8080/in"


@pytest.mark.parametrize(
    ("code", "status", "kind", "retryable"),
    [
        ("SlowDown", 503, DeliveryError, True),
        ("RequestTimeout", 400, DeliveryError, True),
        ("ConditionalRequestConflict", 409, DeliveryError, True),
        ("NoSuchBucket", 404, DeliveryRefused, False),
        ("PermanentRedirect", 301, DeliveryRefused, False),
        ("MethodNotAllowed", 405, DeliveryRefused, False),
        ("AccessDenied", 403, AuthenticationFailed, False),
        ("PreconditionFailed", 412, DeliveryRefused, False),
        ("InternalError", 500, OutcomeUnknown, False),
    ],
)
def test_each_answer_of_s3_has_its_meaning(code: str, status: int, kind: type, retryable: bool) -> None:
    """While it was taking a delivery: certainly not and perhaps later, never, or nobody can tell."""
    answer = {
        "Error": {"Code": code},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {"retry-after": "9"}},
    }
    error = judged(ClientError(answer, "PutObject"), "s3://bucket/x", commits=True)
    assert (type(error), error.retryable) == (kind, retryable)
    assert error.retry_after == (9.0 if retryable else None)


@frozen
class Amazon:
    """S3 as Amazon runs it: it tells the checksum of what it stored, which may be something else than what was sent."""

    stored: bytes
    removed: list[str]

    def head_object(self, **asked: Any) -> dict[str, Any]:
        """Only what was asked for with its checksum is there."""
        if asked.get("ChecksumMode") != "ENABLED":
            raise ClientError({"Error": {"Code": "404"}}, "HeadObject")
        checksum = b64encode(sha256(self.stored).digest()).decode()
        return {"ContentLength": len(self.stored), "ChecksumSHA256": checksum, "ETag": "x"}

    def put_object(self, **asked: Any) -> dict[str, str]:
        """Stored."""
        assert asked["IfNoneMatch"] == "*"
        return {"ETag": '"x"', "VersionId": "v7"}

    def delete_object(self, **asked: Any) -> None:
        """Removed."""
        self.removed.append(asked["Key"])


@frozen
class Errand:
    """What the store asks its context for."""

    key: str = "key-1"
    replace: bool = False

    def fence_ok(self) -> bool:
        """Ours."""
        return True


@pytest.mark.parametrize("stored", [b"the zip", b"the zap"])
def test_the_checksum_of_the_server_is_the_proof(stored: bytes) -> None:
    """Equal: nothing has to come back. Another one: the object is taken away, and the delivery tried again."""
    amazon = Amazon(stored, [])
    item = Item("K.zip", 7, sha256(b"the zip").hexdigest(), lambda: BytesIO(b"the zip"))
    parcel, store, ctx = Parcel("K.zip", (item,), {}, is_folder=False), S3Store(amazon, "bucket", "in"), Errand()
    if stored == b"the zip":
        proof = {"verified": "size and sha256 told by the server", "etag": '"x"', "version": "v7"}
        assert (store.place(parcel, ctx), amazon.removed) == (proof, [])  # type: ignore[arg-type]
        return
    with pytest.raises(DeliveryError, match="not stored as it was sent"):
        store.place(parcel, ctx)  # type: ignore[arg-type]
    assert amazon.removed == ["in/K.zip"]
