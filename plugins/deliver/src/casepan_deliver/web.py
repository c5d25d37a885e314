"""What WebDAV and portals share: a client that verifies, and answers turned into errors with a remedy."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import SEEK_SET
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx

from casepan.api import AuthenticationFailed, DeliveryError, DeliveryRefused, OutcomeUnknown

for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # they log addresses, and a signed one is a secret

CHUNK = 1 << 20
LONGEST_PAUSE = 86_400.0
_LATER = (408, 409, 423, 425, 429, 503, 507)
"""Answers that say: certainly not taken, perhaps later."""
_NEVER = (501, 505)
TOO_LARGE = 413
REFUSALS = (401, 403, 407)
"""Answers that say: not you."""


def open_client(
    *, timeout: float, ca: Path | None, auth: httpx.Auth | None = None, headers: Mapping[str, str] | None = None
) -> httpx.Client:
    """A client that follows no redirect, reads no environment, and trusts the system's authorities or those in ``ca``.

    Raises:
        DeliveryRefused: the file with certificates cannot be read.
    """
    return httpx.Client(
        verify=trust(ca),
        timeout=timeout,
        auth=auth,
        headers={"Accept-Encoding": "identity", **(headers or {})},
        trust_env=False,
    )


def trust(ca: Path | None) -> ssl.SSLContext:
    """The system's authorities, or those of a file instead.

    Raises:
        DeliveryRefused: the file cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        reason = f"the file with certificates cannot be read: {type(error).__name__}"
        raise DeliveryRefused(reason, place=str(ca), hint="Give a PEM file in `ca`.") from None


class Watched:
    """A stream that knows whether all of it was handed over: what was not cannot have been taken."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size

    @property
    def ended(self) -> bool:
        """True when the last byte was read."""
        return self._stream.tell() >= self._size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self._stream.read(CHUNK), b"")

    def read(self, size: int = -1) -> bytes:
        """Bytes, as a file gives them."""
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move, as in a file."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Where reading goes on."""
        return self._stream.tell()


@contextmanager
def speaking(url: str, maybe_taken: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Turn what the line says into delivery errors.

    Args:
        maybe_taken: asked when the line fails: could the server have taken the delivery already?

    Raises:
        OutcomeUnknown: it could. DeliveryError: it certainly has not.
    """
    place = shown(url)
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise _not_reached(error, place) from None
    except (httpx.TransportError, httpx.StreamError) as error:
        reason = f"the line failed before the server answered: {type(error).__name__}"
        if maybe_taken():
            raise OutcomeUnknown(reason, place=place, hint="Look there, then: casepan deliveries resolve") from None
        raise DeliveryError(reason, place=place, hint="Check that the server is up and the line is.") from None


def judge(answer: httpx.Response, *, commits: bool) -> None:
    """Nothing for a good answer.

    Args:
        commits: the request was one by which the server takes the delivery: then 500, 502 and 504 leave it open.

    Raises:
        DeliveryError: certainly not taken, perhaps later. DeliveryRefused: never. AuthenticationFailed: 401, 403, 407.
        OutcomeUnknown: a server or a machine on the way failed while it was at it.
    """
    code, place = answer.status_code, shown(str(answer.request.url))
    if 200 <= code < 300 and code != 207:
        return
    if code in REFUSALS:
        hint = "Check user, password, token or address."
        raise AuthenticationFailed(f"the server does not let us in: HTTP {code}", place=place, hint=hint)
    broken = code >= 500 and code not in (*_LATER, *_NEVER)
    if broken and commits:
        raise OutcomeUnknown(f"the server failed while it was at it: HTTP {code}", place=place)
    if broken or code in _LATER:
        raise DeliveryError(
            f"the server cannot take it now: HTTP {code}",
            place=place,
            hint="Free some space there." if code == 507 else None,
            retry_after=pause_of(answer.headers.get("Retry-After")),
        )
    if code == TOO_LARGE:
        hint = 'Raise the server\'s limit, or make the case smaller: compress = true, prepare.simplify, scans = "preferred".'
        raise DeliveryRefused("the server does not take so much at once: HTTP 413", place=place, hint=hint)
    hint = "It moved: give the new address." if 300 <= code < 400 else "Check the address and what it expects."
    raise DeliveryRefused(f"the server does not take it: HTTP {code}", place=place, hint=hint)


def pause_of(text: str | None) -> float | None:
    """``Retry-After`` in seconds, from a number or a date; None when there is none or it cannot be read. At most a day."""
    if text is None:
        return None
    if text.isascii() and text.isdecimal():
        return min(float(text), LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    left = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(left, 0.0), LONGEST_PAUSE)


def shown(url: str) -> str:
    """An address without account, query and fragment: those may hold secrets."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def untrusted(place: str) -> DeliveryRefused:
    """The server proved itself with a certificate that nobody vouches for: trying again does not help."""
    hint = "Correct the address, or give the authority's certificate in `ca`."
    return DeliveryRefused("the server's certificate is not trusted", place=place, hint=hint)


def _not_reached(error: httpx.TransportError, place: str) -> DeliveryError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return untrusted(place)
    hint = "Check the address and that the server is up."
    return DeliveryError(f"the server cannot be reached: {type(error).__name__}", place=place, hint=hint)
