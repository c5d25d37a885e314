"""Mails as bytes: headers that name nobody, a Message-ID from the delivery key, encryption where there are certificates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

from attrs import field, frozen

from casepan.api import Context, FilePath
from casepan_deliver.email_options import SmtpServer
from casepan_deliver.email_smtp import Account, greet
from casepan_deliver.smime import certificates_for, encrypted
from casepan_deliver.web import trust


@frozen
class Part:
    """A file to attach."""

    name: str
    content: bytes = field(repr=False)


@frozen
class Draft:
    """A mail before it has a form.

    Attributes:
        html: the same as ``text`` for programs that show it; None for text alone.
    """

    subject: str
    text: str = field(repr=False)
    html: str | None = field(default=None, repr=False)
    parts: tuple[Part, ...] = field(default=(), repr=False)


def message_id(key: str, sender: str) -> str:
    """The same for every try of a delivery, so that a receiving server can know it again."""
    return f"<casepan.{sha256(key.encode()).hexdigest()[:40]}@{sender.rpartition('@')[2]}>"


def open_mail(draft: Draft) -> EmailMessage:
    """The content of a mail, without the headers of its way. 7-bit all through: every server takes it as it is."""
    mail = EmailMessage(policy=SMTP)
    mail.set_content(_decoded(draft.text), cte="base64")
    if draft.html is not None:
        mail.add_alternative(_decoded(draft.html), subtype="html", cte="base64")
    for part in draft.parts:
        kind = "zip" if part.name.endswith(".zip") else "octet-stream"
        mail.add_attachment(part.content, "application", kind, filename=part.name)
    return mail


def _decoded(text: str) -> str:
    """Bytes of names that nobody could decode become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def closed_mail(draft: Draft, to: Sequence[str], certificates: Sequence[Path], now: datetime) -> EmailMessage:
    """The same, readable by the recipients only.

    Raises:
        DeliveryRefused: a recipient has no valid certificate. AdapterError: ``cryptography`` is not installed.
    """
    found = certificates_for(to, certificates, now)
    mail = EmailMessage(policy=SMTP)
    content = encrypted(open_mail(draft).as_bytes(), found)
    mail.set_content(content, "application", "pkcs7-mime", disposition="attachment", filename="smime.p7m")
    mail.set_param("smime-type", "enveloped-data")
    return mail


def as_it_travels(
    ctx: Context,
    base: Path,
    server: SmtpServer,
    to: Sequence[str],
    draft: Draft,
    *,
    key: str,
    certificates: Sequence[FilePath] = (),
) -> bytes:
    """A whole mail with its headers.

    Args:
        base: the folder that relative paths count from.
        key: what the Message-ID is made from.

    Raises:
        DeliveryRefused: as ``closed_mail``. AdapterError: as there.
    """
    paths = [base / path for path in certificates]
    mail = closed_mail(draft, to, paths, ctx.now()) if paths else open_mail(draft)
    mail["From"] = server.sender
    mail["To"] = ", ".join(to)
    mail["Subject"] = _decoded(draft.subject)
    mail["Date"] = format_datetime(ctx.now())
    mail["Message-ID"] = message_id(key, server.sender)
    mail["Auto-Submitted"] = "auto-generated"
    return mail.as_bytes()


def account_of(ctx: Context, base: Path, server: SmtpServer) -> Account:
    """The account, its password fetched and its trust made ready.

    Raises:
        SecretError: the password is not there. DeliveryRefused: ``ca`` cannot be read.
    """
    password = ctx.secret(server.password) if server.password is not None else None
    tls = None if server.security == "none" else trust(base / server.ca if server.ca else None)
    return Account(server, password, tls)


def mail_health(
    ctx: Context, base: Path, server: SmtpServer, to: Sequence[str], certificates: Sequence[FilePath]
) -> str:
    """A sentence when the server lets the account in and each of ``to`` can get an encrypted mail where one is wanted.

    Raises:
        DeliveryError: as ``send_mail``; nothing is sent. SecretError: the password is not there.
    """
    if certificates and to:
        certificates_for(to, [base / path for path in certificates], ctx.now())
    greet(account_of(ctx, base, server))
    return "the mail server lets the account in" + (
        ", and there is a certificate for everybody" * bool(certificates and to)
    )
