"""Options of everything that goes by mail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from string import Formatter
from typing import Literal

from attrs import frozen

from casepan.api import ByteCount, Duration, FilePath, PackingOptions, Secret, option
from casepan_deliver.addresses import is_loopback

LARGEST = ByteCount(20 << 20)
"""What most mail servers take; theirs counts after base64, so ours does."""
PORTS = {"starttls": 587, "tls": 465, "none": 25}
SUBJECT_WORDS = frozenset({"ref", "place", "number"})
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*")


def refuse_bad_addresses(addresses: Iterable[str]) -> None:
    """Only addresses that every server takes, and nothing that could slip a header in.

    Raises:
        ValueError: one of them is none.
    """
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"{address!r} is not an e-mail address")


@frozen
class SmtpServer:
    """The mail account that the laboratory sends from."""

    host: str = option(doc="name of the SMTP server")
    sender: str = option(doc="address that mails come from")
    port: int | None = option(None, "465 for `tls`, 587 for `starttls` and 25 for `none` when left out")
    security: Literal["starttls", "tls", "none"] = option(
        "starttls", "`starttls`: refuse to go on without it; `tls`: from the first byte; `none`: not encrypted"
    )
    insecure: bool = option(False, "allow `security = none` to another machine: everybody on the way can read along")
    ca: FilePath | None = option(None, "certificates (PEM) of the authority to trust instead of the system's")
    user: str | None = option(None, "account to log in with")
    password: Secret | None = option(None, "its password")
    timeout: Duration = option(Duration(60.0), "longest wait for an answer of the server")

    def __attrs_post_init__(self) -> None:
        refuse_bad_addresses((self.sender,))
        if (self.user is None) != (self.password is None):
            raise ValueError("`user` and `password` belong together")
        if self.security == "none" and not (self.insecure or is_loopback(self.host)):
            raise ValueError('mails would travel for everybody to read: choose security = "starttls" or "tls"')

    @property
    def number(self) -> int:
        """The port."""
        return self.port or PORTS[self.security]


@frozen
class MailChannel:
    """A mail to fixed addresses."""

    server: SmtpServer = option(doc="account to send from")
    to: tuple[str, ...] = option(doc="addresses")
    certificates: tuple[FilePath, ...] = option(
        (), "S/MIME certificates of all recipients (PEM or DER), or folders of them: mails are then encrypted"
    )

    def __attrs_post_init__(self) -> None:
        refuse_bad_addresses(self.to)
        if not self.to:
            raise ValueError("`to` must name an address")


@frozen
class EmailOptions(PackingOptions):
    """Options of ``deliver.email``."""

    server: SmtpServer = option(doc="account to send from", kw_only=True)
    to: Literal["practice"] | tuple[str, ...] = option(
        doc="addresses, or `practice` for the one that practices.toml gives the client", kw_only=True
    )
    content: Literal["package", "letter"] = option(
        "package", "the zip with scans and manifest, or the letter to the office with at most five questions"
    )
    certificates: tuple[FilePath, ...] = option(
        (), "S/MIME certificates of all recipients (PEM or DER), or folders of them: mails are then encrypted"
    )
    largest: ByteCount = option(LARGEST, "largest mail, counted as it travels (base64 adds 37 %)")
    subject: str = option("Case {place}", "subject of a package; `{ref}`, `{place}` and `{number}` are filled in")
    text: str = option("", "text of a package's mail; one sentence about what is attached when left out")
    language: str = option("", "language of letters; the practice's own when left out")
    lab: str = option("", "name of the laboratory under letters")

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.to, str):
            refuse_bad_addresses(self.to)
            if not self.to:
                raise ValueError("`to` must name an address")
        _refuse_unfillable(self.subject)

    def not_carried(self) -> Iterator[str]:
        """What stays at home whatever the case is, see ``ExporterSpec``."""
        if self.content == "letter":
            yield "everything but the questions to the office, with pictures of their places"
        else:
            yield from PackingOptions.not_carried(self)
            yield f"cases whose mail is larger than {self.largest:,} bytes: they are refused"


def _refuse_unfillable(subject: str) -> None:
    try:
        names = {name for _, name, _, _ in Formatter().parse(subject) if name is not None}
    except ValueError as error:
        raise ValueError(f"`subject` is no template: {error}") from error
    if names - SUBJECT_WORDS or "\n" in subject or "\r" in subject:
        known = ", ".join(f"{{{name}}}" for name in sorted(SUBJECT_WORDS))
        raise ValueError(f"`subject` is one line and knows {known}: subjects are never encrypted")
