"""S3 by boto3: there is no rename, so the object written last is the commit, and only if nothing lies there yet."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    SSLError,
)

from casepan.api import AuthenticationFailed, DeliveryError, DeliveryRefused, ExportContext, OutcomeUnknown
from casepan_deliver.remote_options import RemoteOptions
from casepan_deliver.stores import (
    CHUNK,
    Item,
    NotThere,
    Parcel,
    altered,
    ask_fence,
    hash_of,
    plain_secret,
    secret_of,
    taken,
)
from casepan_deliver.web import Watched, pause_of, trust, untrusted

LARGEST = 5 << 30
"""Bytes that one PUT may have."""
LONGEST_KEY = 1024
"""UTF-8 bytes of a key (S3's user guide, object keys)."""
_KEYS = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "AllAccessDisabled")
_NEVER = (
    "NoSuchBucket",
    "InvalidBucketName",
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "EntityTooLarge",
    "NotImplemented",
)
_ABSENT = ("NoSuchKey", "404", "NotFound")


@contextmanager
def connect(options: RemoteOptions, ctx: ExportContext) -> Iterator[S3Store]:
    """A client for the bucket. Nothing is asked yet.

    Raises:
        DeliveryRefused: region, endpoint or ``ca`` cannot be right.
    """
    config = Config(
        connect_timeout=options.timeout,
        read_timeout=options.timeout,
        retries={"total_max_attempts": 1, "mode": "standard"},  # casepan itself tries again, and asks before it does
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path" if options.endpoint else "auto"},
    )
    ca = ctx.base / options.ca if options.ca else None
    trust(ca)
    keys = {"aws_access_key_id": options.access_key, "aws_secret_access_key": options.secret_key}
    try:
        client = _session().client(
            "s3",
            endpoint_url=options.endpoint,
            region_name=options.region or "us-east-1",
            verify=str(ca) if ca else None,
            config=config,
            **{name: plain_secret(secret_of(ctx, key)) for name, key in keys.items()},
        )
    except (BotoCoreError, ValueError) as error:
        hint = "Correct `region` and `endpoint`."
        raise DeliveryRefused(f"nothing can be reached with these options: {type(error).__name__}", hint=hint) from None
    with closing(client):
        address = options.address
        yield S3Store(client, address.host, address.path.strip("/"))


@cache
def _session() -> Any:
    """One for all deliveries of a process: it reads a large description of the service."""
    return boto3.session.Session()


class S3Store:
    """A prefix of a bucket. Implements ``Store``."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def shown(self, path: str) -> str:
        """See ``Store.shown``."""
        return f"s3://{self._bucket}/{self._key(path)}"

    def health(self) -> str:
        """See ``Store.health``."""
        with self._speaking(""):
            answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        if "Name" not in answer:
            hint = "Check `endpoint`: it must be the server's S3 address, not that of its pages."
            raise DeliveryRefused("what answers there does not speak S3", place=self.shown(""), hint=hint)
        return "the server lets us in and lists the bucket"

    def read(self, path: str) -> Iterator[bytes]:
        """See ``Store.read``."""
        with self._speaking(path):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(path))
            with closing(answer["Body"]) as body:
                yield from body.iter_chunks(CHUNK)

    def place(self, parcel: Parcel, ctx: ExportContext) -> Mapping[str, str]:
        """See ``Store.place``. Of a folder the seal comes last, and only it may find its place empty or unchanged."""
        *others, last = parcel.items
        self._refuse_long_keys(parcel)
        at = f"{parcel.name}/{last.name}" if parcel.is_folder else parcel.name
        before = self._tag(at)
        if before is not None and not ctx.replace:
            raise taken(self.shown(at))
        for item in others:
            self._put(f"{parcel.name}/{item.name}", item)
            if self._proof(f"{parcel.name}/{item.name}", item) is None:
                raise altered(self.shown(parcel.name))
        ask_fence(ctx)
        answer = self._commit(at, last, before, ctx)
        how = self._proof(at, last)
        if how is None:
            self._retract(at)
            raise altered(self.shown(at))
        if parcel.is_folder and before is not None:
            self._sweep(parcel)
        proof = {"verified": how, "etag": answer["ETag"], "version": answer.get("VersionId")}
        return {name: str(value) for name, value in proof.items() if value}

    def _refuse_long_keys(self, parcel: Parcel) -> None:
        paths = [f"{parcel.name}/{item.name}" if parcel.is_folder else parcel.name for item in parcel.items]
        if any(len(self._key(path).encode()) > LONGEST_KEY for path in paths):
            reason = f"a key would be longer than the {LONGEST_KEY:,} bytes that S3 takes"
            raise DeliveryRefused(reason, place=self.shown(parcel.name), hint="Shorten the path in the url.")

    def _commit(self, path: str, item: Item, before: str | None, ctx: ExportContext) -> Any:
        condition = {"IfNoneMatch": "*"} if before is None else {"IfMatch": before}
        return self._put(path, item, commits=True, **condition, Metadata={"casepan-key": ctx.key})

    def _sweep(self, parcel: Parcel) -> None:
        """Remove what the replaced folder held and this one does not."""
        kept = {self._key(f"{parcel.name}/{item.name}") for item in parcel.items}
        pages = self._client.get_paginator("list_objects_v2")
        with suppress(DeliveryError), self._speaking(parcel.name):  # it is delivered; what stays behind changes nothing
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._key(f"{parcel.name}/")):
                for entry in page.get("Contents", ()):
                    if entry["Key"] not in kept:
                        self._client.delete_object(Bucket=self._bucket, Key=entry["Key"])

    def _put(self, path: str, item: Item, *, commits: bool = False, **more: Any) -> Any:
        if item.size > LARGEST:
            raise DeliveryRefused("a file is larger than S3 takes at once: 5 GiB", place=self.shown(path))
        with item.open() as source:
            body = Watched(source, item.size)
            with self._speaking(path, lambda: commits and body.ended):
                return self._client.put_object(
                    Bucket=self._bucket, Key=self._key(path), Body=body, ContentLength=item.size,
                    ChecksumSHA256=b64encode(bytes.fromhex(item.sha256)).decode(), **more,
                )  # fmt: skip

    def _proof(self, path: str, item: Item) -> str | None:
        """How the stored bytes were proven: by the checksum that the server made of them, or by reading them back.

        Returns:
            None when they are not those of the item.
        """
        with self._speaking(path):
            head = self._client.head_object(Bucket=self._bucket, Key=self._key(path), ChecksumMode="ENABLED")
        told = head.get("ChecksumSHA256")
        if told is None:
            same = hash_of(self.read(path)) == (item.sha256, item.size)
            return "size and sha256 read back" if same else None
        same = (told, head["ContentLength"]) == (b64encode(bytes.fromhex(item.sha256)).decode(), item.size)
        return "size and sha256 told by the server" if same else None

    def _retract(self, path: str) -> None:
        """Take away what a server stored wrongly without noticing; nobody shall take it for delivered."""
        with self._speaking(path):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(path))

    def _tag(self, path: str) -> str | None:
        try:
            with self._speaking(path):
                return str(self._client.head_object(Bucket=self._bucket, Key=self._key(path))["ETag"])
        except NotThere:
            return None

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path

    @contextmanager
    def _speaking(self, path: str, maybe_taken: Callable[[], bool] = lambda: False) -> Iterator[None]:
        place = self.shown(path)
        try:
            yield
        except ClientError as error:
            raise judged(error, place, commits=maybe_taken()) from None
        except (EndpointConnectionError, ConnectTimeoutError, SSLError) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise untrusted(place) from None
            hint = "Check endpoint, certificate and that the server is up."
            raise DeliveryError(
                f"the server cannot be reached: {type(error).__name__}", place=place, hint=hint
            ) from None
        except BotoCoreError as error:
            reason = f"the line failed before the server answered: {type(error).__name__}"
            if maybe_taken():
                raise OutcomeUnknown(reason, place=place) from None
            raise DeliveryError(reason, place=place, hint="Check that the server is up and the line is.") from None


def judged(error: ClientError, place: str, *, commits: bool) -> DeliveryError:
    """What an answer of the server means."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    meta = error.response.get("ResponseMetadata", {})
    status = int(meta.get("HTTPStatusCode", 0))
    if code in _ABSENT:
        return NotThere.at(place)
    if code in _KEYS or status in (401, 403):
        hint = "Check access_key, secret_key, region and the rights of the key."
        return AuthenticationFailed(f"the server does not let us in: {code}", place=place, hint=hint)
    if status == 412:
        return taken(place)
    if code in _NEVER or (400 <= status < 500 and status not in (400, 408, 409, 429)):
        hint = "Check bucket and region, and that the server knows conditional writes (If-None-Match)."
        return DeliveryRefused(f"the server does not take it: {code}", place=place, hint=hint)
    if commits and status in (500, 502, 504):
        return OutcomeUnknown(f"the server failed while it was at it: {code}", place=place)
    return DeliveryError(
        f"the server cannot take it now: {code}",
        place=place,
        hint="Free some space there." if status == 507 else None,
        retry_after=pause_of(meta.get("HTTPHeaders", {}).get("retry-after")),
    )
