"""An archive behind DICOMweb: STOW-RS to store, QIDO-RS to ask (PS3.18 10.5 and 10.6)."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from casepan.api import (
    AuthenticationFailed,
    DeliveryError,
    DeliveryRefused,
    ExportContext,
    OutcomeUnknown,
)
from casepan_dicom.archives import DUPLICATE, Held, needed, refused, untrusted
from casepan_dicom.objects import Instance
from casepan_dicom.options import DicomOptions

_JSON = "application/dicom+json"
_SOP_INSTANCE, _SERIES, _FAILED, _REASON = "00080018", "0008103E", "00081198", "00081197"
_STORED, _REFERENCED = "00081199", "00081155"
_WARNING = "00081196"
_ABSENT, _TOO_LARGE = 404, 413
_LONGEST_PAUSE = 86_400.0
_LATER = {408, 425, 429, 500, 502, 503, 504, 507}


class WebArchive:
    """Speaks to one archive with the options of one export."""

    def __init__(self, options: DicomOptions, ctx: ExportContext) -> None:
        self.options = options
        self.ctx = ctx
        self.httpx = needed("httpx")

    @property
    def place(self) -> str:
        """The root of the service."""
        return self.options.url.rstrip("/")

    def store(self, instances: Sequence[Instance], may_go: Callable[[], None]) -> tuple[str, ...]:
        """One request per object, so that a broken line costs one object."""
        warned: list[str] = []
        with self._client() as client:
            for instance in instances:
                may_go()
                content, headers = _multipart(instance.content)
                with self._as_errors():
                    answer = client.post(f"{self.place}/studies", content=content, headers=headers)
                warned += self._judge(answer, instance)
        return tuple(dict.fromkeys(warned))

    def greet(self, kind: str) -> str:  # noqa: ARG002  # DICOMweb has no question for what is taken
        """QIDO-RS for any one study: that asks address, account and the right to query."""
        with self._client() as client:
            answer = self._get(client, f"{self.place}/studies?limit=1")
        self._listed(answer)
        return "the archive lets us in and answers queries"

    def held(self, study: str) -> Held:
        """Asked for the series, which says how many objects there must be, and for the objects."""
        with self._client() as client:
            series = self._asked(client, f"{self.place}/studies/{study}/series")
            found = self._asked(client, f"{self.place}/studies/{study}/instances")
        said = next((text for item in series for text in _texts(item, _SERIES)), "")
        return Held(said, frozenset(text for item in found for text in _texts(item, _SOP_INSTANCE)))

    @contextmanager
    def _client(self) -> Iterator[Any]:
        options, headers, auth = self.options, {}, None
        if options.token:
            headers["Authorization"] = f"Bearer {_plain(self.ctx.secret(options.token))}"
        if options.password:
            auth = (options.user, self.ctx.secret(options.password))
        with self.httpx.Client(
            auth=auth, headers=headers, timeout=options.timeout, verify=trust(options, self.ctx.base), trust_env=False
        ) as client:
            yield client

    def _asked(self, client: Any, url: str) -> list[Mapping[str, Any]]:
        answer = self._get(client, url, fine=(_ABSENT,))
        return [] if answer.status_code == _ABSENT else self._listed(answer)

    def _listed(self, answer: Any) -> list[Mapping[str, Any]]:
        """What a query found; a page that is no answer must not be taken for "nothing is there"."""
        document = _json(answer) if answer.content else []
        if document == {}:
            return []
        if not isinstance(document, list):
            hint = "Check the url: it must be the root of the archive's DICOMweb service."
            raise DeliveryRefused("what answers there is no DICOMweb service", place=self.place, hint=hint)
        return [item for item in document if isinstance(item, dict)]

    def _get(self, client: Any, url: str, *, fine: tuple[int, ...] = ()) -> Any:
        with self._as_errors(asking=True):
            answer = client.get(url, headers={"Accept": _JSON})
        if answer.status_code not in fine:
            self._refuse(answer)
        return answer

    @contextmanager
    def _as_errors(self, *, asking: bool = False) -> Iterator[None]:
        """Nothing was sent while connecting; once the line stood, nobody knows what arrived. Asking changes nothing."""
        httpx = self.httpx
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise untrusted(self.place) from error
            hint = "Check that it runs, and the url."
            raise DeliveryError("the archive cannot be reached", place=self.place, hint=hint) from error
        except httpx.HTTPError as error:
            hint = "casepan asks the archive what it has before it sends again."
            kind = DeliveryError if asking else OutcomeUnknown
            raise kind("the archive did not answer to the end", place=self.place, hint=hint) from error

    def _judge(self, answer: Any, instance: Instance) -> list[str]:
        """Warnings about the object, if there are any (PS3.18 10.5.3)."""
        document = _json(answer)
        told = document if isinstance(document, dict) else {}
        reasons = [int(next(iter(_values(failure, _REASON)), 0)) for failure in _values(told, _FAILED)]
        if reasons == [DUPLICATE]:
            return []
        for reason in reasons:
            raise refused(reason)
        self._refuse(answer)
        items = _values(told, _STORED)
        stored = {text for item in items for text in _texts(item, _REFERENCED)}
        if stored != {instance.sop_instance}:
            raise OutcomeUnknown(
                "the archive's answer does not confirm the object", place=self.place, hint="Is the url that of STOW-RS?"
            )
        return [f"status {int(warned):04X}" for item in items for warned in _values(item, _WARNING)]

    def _refuse(self, answer: Any) -> None:
        """Raise what a status means."""
        status, place = answer.status_code, self.place
        if status < 300:
            return
        if status in (401, 403):
            hint = "Check user and password, or the token, and what they may do in the archive."
            raise AuthenticationFailed("the archive does not accept the credentials", place=place, hint=hint)
        if status in _LATER:
            seconds = answer.headers.get("Retry-After", "")
            raise DeliveryError(
                f"the archive answers {status}",
                place=place,
                hint="It may be busy, full or starting; casepan tries again by itself.",
                retry_after=min(float(seconds), _LONGEST_PAUSE) if seconds.isdecimal() else None,
            )
        if status == _TOO_LARGE:
            hint = "Raise its limit for one request, or make the scans smaller with prepare.simplify."
            raise DeliveryRefused("the archive does not take so much at once: 413", place=place, hint=hint)
        raise DeliveryRefused(
            f"the archive answers {status}", place=place, hint="Check the url of its DICOMweb service."
        )


def trust(options: DicomOptions, base: Path) -> ssl.SSLContext:
    """Which certificates count: the system's, or those of the archive's own authority.

    Raises:
        DeliveryRefused: the file of certificates cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=base / options.ca if options.ca else None)
    except OSError as error:
        hint = "Name a PEM file with the certificate that signs the archive's."
        raise DeliveryRefused("the certificates in `ca` cannot be read", place=options.ca, hint=hint) from error


def _plain(token: str) -> str:
    if not (token.isascii() and token.isprintable()):
        hint = "Was it copied whole, and nothing besides? A header holds plain ASCII signs, and no line end."
        raise AuthenticationFailed("the token has signs that cannot be sent", hint=hint)
    return token


def _multipart(content: bytes) -> tuple[bytes, dict[str, str]]:
    """One object as a request's body, and the headers that go with it. No content can hold its own hash as a boundary."""
    boundary = f"casepan-{sha256(content).hexdigest()[:40]}"
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\nContent-Length: {len(content)}\r\n\r\n"
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return body, {"Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}', "Accept": _JSON}


def _json(answer: Any) -> Any:
    try:
        return answer.json() if answer.content else None
    except ValueError:
        return None


def _values(item: Any, tag: str) -> list[Any]:
    """The values of a tag in DICOM JSON (PS3.18 F.2)."""
    found = item.get(tag, {}) if isinstance(item, dict) else {}
    return list(found.get("Value", ())) if isinstance(found, dict) else []


def _texts(item: Any, tag: str) -> list[str]:
    return [value for value in _values(item, tag) if isinstance(value, str)]
